// The forms whose text is kept as a draft, and the values of their fields.

import { defaultOf, hasChanged, isBox, valueOf } from "./fields.js";

const TEXT = ["text", "email", "url", "tel", "number", "search"].map((type) => `input[type=${type}]`).join();
const TYPED = `textarea, input:not([type]), ${TEXT}`;
const CHOSEN = "select, input[type=date], input[type=time], input[type=checkbox], input[type=radio]";
const SECRET =
  "[type=password], [type=file], [autocomplete=one-time-code], [autocomplete$=-password], [autocomplete^=cc-]";

// Forms for a log-in, and those that confirm a deletion by a typed name, opt out with `data-drafts="off"`.
export function isDrafted(form) {
  if (form?.getAttribute("method")?.toLowerCase() !== "post" || form.closest("[data-drafts=off]")) return false;
  return Boolean(form.querySelector(TYPED)) && !form.querySelector(SECRET);
}

// The identity of a form, which is the same on another day, in another tab and beside another page.
export function slotOf(form) {
  return `${new URL(form.getAttribute("action") || location.href, location.href).pathname}#${form.dataset.draft ?? ""}`;
}

const keyOf = (field) => (isBox(field) ? `${field.name}=${field.value}` : field.name);
const fieldsOf = (form) => [...form.elements].filter((field) => field.name && field.matches(`${TYPED}, ${CHOSEN}`));
const hiddenOf = (form) =>
  [...form.elements].filter((field) => field.type === "hidden" && field.name !== "csrfmiddlewaretoken");

export const textFieldsOf = (form) => fieldsOf(form).filter((field) => field.matches(TYPED));

// The values of fields that the user has changed, and of those in `keys`.
export function valuesOf(form, keys = []) {
  const wanted = fieldsOf(form).filter((field) => hasChanged(field) || keys.includes(keyOf(field)));
  return Object.fromEntries(wanted.map((field) => [keyOf(field), valueOf(field)]));
}

export function defaultsOf(form, keys) {
  const wanted = fieldsOf(form).filter((field) => keys.includes(keyOf(field)));
  return Object.fromEntries(wanted.map((field) => [keyOf(field), defaultOf(field)]));
}

// The hidden fields that a form is based on, such as the version of a task.
export const basisOf = (form) => Object.fromEntries(hiddenOf(form).map((field) => [field.name, field.value]));

export function setBasis(form, basis) {
  for (const field of hiddenOf(form)) if (field.name in basis) field.value = basis[field.name];
}

// Set the values of a form; return whether any of them has changed.
export function fill(form, values) {
  let isOther = false;
  for (const field of fieldsOf(form)) {
    const value = values[keyOf(field)];
    if (value === undefined || value === valueOf(field)) continue;
    if (isBox(field)) field.checked = value;
    else field.value = value;
    isOther = true;
  }
  return isOther;
}

// The text that was typed after `sent` was sent: what follows it in a field that was empty before, else the whole
// field.
export function leftOf(form, sent, was) {
  const left = {};
  for (const field of textFieldsOf(form)) {
    const [text, before] = [field.value, sent[field.name]];
    if (before === undefined || text === before || !text) continue;
    left[field.name] = !was[field.name] && text.startsWith(before) ? text.slice(before.length).trimStart() : text;
  }
  return left;
}
