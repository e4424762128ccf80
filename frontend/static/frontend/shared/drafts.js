// Keeps typed text on this device until it is sent or discarded (docs/web.md); draft-store.js stores it. A draft
// belongs to one form on one page. The page holds a lock on it, so two tabs with the same form have a draft each, and
// the next page with the form takes over the draft of a tab that was closed.

import { load, loadAll, ready, remove, save } from "./draft-store.js";
import {
  basisOf,
  defaultsOf,
  fill,
  isDrafted,
  leftOf,
  setBasis,
  slotOf,
  textFieldsOf,
  valuesOf,
} from "./draft-forms.js";
import { hasChanged } from "./fields.js";
import { hideNote, isShown, showHint, showNote } from "./draft-notes.js";
import { FIELDS } from "./patch.js";

const MINE = "drafts"; // in sessionStorage: the drafts of this tab, which it takes over after a reload
const MOST_OF_TAB = 20;
const PATIENCE_MS = 3000;
const EDITED = "form[data-edit]:not(details *)"; // forms that a link on the page opens

const drafts = new Map(); // by slot: the draft of a form of this page
const opened = new Set(); // ids of drafts whose form was opened or linked
let isAvailable = false;
let isEnded = false; // the session has ended

const formsOf = () => [...document.forms].filter(isDrafted);

// The stored value may have been changed by the user: anything but a list of ids counts as an empty one.
function mine() {
  try {
    const ids = JSON.parse(sessionStorage.getItem(MINE));
    return Array.isArray(ids) ? ids.filter((id) => typeof id === "string") : [];
  } catch {
    return [];
  }
}

// Hold the lock of a draft: return a function that releases it, null when another page holds it. The lock of a draft
// of this tab may be held by the previous document, which is about to release it.
function claim(id) {
  const options = mine().includes(id) ? { signal: AbortSignal.timeout(PATIENCE_MS) } : { ifAvailable: true };
  return new Promise((resolve) => {
    const keepIt = (lock) => (lock ? new Promise((release) => resolve(release)) : resolve(null));
    navigator.locks.request(`draft:${id}`, options, keepIt).catch(() => resolve(null));
  });
}

function remember(draft) {
  const others = mine().filter((id) => id !== draft.id);
  sessionStorage.setItem(MINE, JSON.stringify([...others, draft.id].slice(-MOST_OF_TAB)));
}

async function hold(draft) {
  remember(draft);
  draft.release = await claim(draft.id);
}

function begin(form) {
  const draft = {
    id: crypto.randomUUID?.() ?? "",
    slot: slotOf(form),
    form,
    values: {},
    was: {},
    basis: basisOf(form),
  };
  draft.at = location.pathname;
  draft.open = form.matches(EDITED) ? draft.slot.split("#")[0] : "";
  draft.what = textFieldsOf(form)[0].labels?.[0]?.textContent.trim() ?? "";
  drafts.set(draft.slot, draft);
  if (isAvailable) hold(draft);
  return draft;
}

async function store(draft) {
  draft.isKept = false;
  const { slot, values, was, basis, at, open, what, reason } = draft;
  const number = (draft.number = (draft.number ?? 0) + 1);
  const isStored = await save(draft.id, { slot, values, was, basis, at, open, what, reason });
  if (draft.number === number) draft.isKept = isStored;
}

// Remove a draft that was sent, discarded or deleted.
function forget(draft) {
  remove(draft.id);
  draft.release?.();
  if (drafts.get(draft.slot) === draft) drafts.delete(draft.slot);
  hideNote(draft.form);
}

// Save the current values of a form.
function keep(form) {
  const draft = drafts.get(slotOf(form)) ?? begin(form);
  draft.form = form;
  const values = valuesOf(form, Object.keys(draft.values));
  const added = Object.keys(values).filter((key) => !(key in draft.was));
  Object.assign(draft.was, defaultsOf(form, added));
  const hasText = textFieldsOf(form).some(
    (field) => field.name in values && values[field.name] !== draft.was[field.name],
  );
  if (!hasText) return forget(draft);
  Object.assign(draft, { values, reason: "" });
  return isEnded ? explain(form, "ended") : store(draft);
}

// Not `change`: removed fields fire it with values that were sent.
document.addEventListener("input", (event) => {
  if (isDrafted(event.target.form)) keep(event.target.form);
});

// Cancel and Discard remove the draft.
document.addEventListener("click", (event) => {
  const form = event.target.closest("[data-cancel], [data-discard]")?.closest("form");
  const draft = form && drafts.get(slotOf(form));
  if (!draft) return;
  forget(draft);
  if (!event.target.closest("[data-discard]")) return;
  form.reset();
  setBasis(form, draft.basisHere ?? {});
  textFieldsOf(form)[0].focus();
});

// Restoring ----------------------------------------------------------------------------------------------------------

function putBack(draft, form) {
  draft.form = form;
  if (draft.isAnswered) {
    draft.basis = basisOf(form); // the answer shows the current state
    draft.isAnswered = false;
  } else {
    draft.basisHere = basisOf(form);
    setBasis(form, draft.basis ?? {});
  }
  const isOther = fill(form, draft.values);
  const around = form.closest("details");
  if (around) around.open = true;
  if (isOther && !draft.isQuiet)
    showNote(form, draft.reason === "ended" ? "restored-ended" : "restored", { mayDiscard: true });
  draft.isQuiet = false;
  store(draft);
}

async function adopt(found, form) {
  const release = await claim(found.id);
  const draft = release && (await load(found.id)); // another tab may have sent it since
  if (!draft || drafts.has(draft.slot) || !form.isConnected) {
    release?.();
    return Boolean(draft);
  }
  drafts.set(draft.slot, Object.assign(draft, { release }));
  remember(draft);
  putBack(draft, form);
  return true;
}

// Some forms are opened by a link of the page: click it, and show a note when the link is gone.
function openForm(draft) {
  const link = [...document.querySelectorAll("#main a[href], #panel a[href]")].find(
    (each) => new URL(each.href).pathname === draft.open,
  );
  if (!opened.has(draft.id) && link) link.click();
  else if (!isShown(draft.id)) showHint(draft, () => remove(draft.id));
  opened.add(draft.id);
}

// Update the drafts of forms that were replaced, shown again or removed.
function followForms() {
  for (const draft of drafts.values()) {
    const form = draft.form.isConnected ? null : formsOf().find((each) => slotOf(each) === draft.slot);
    if (form) putBack(draft, form);
    else if (draft.isQuiet && draft.form.isConnected) putBack(draft, draft.form);
    else if (!draft.form.isConnected) {
      draft.release?.();
      drafts.delete(draft.slot);
    }
  }
}

async function look() {
  followForms();
  const found = (await loadAll()).filter((each) => !drafts.has(each.slot));
  for (const form of formsOf()) {
    for (const field of textFieldsOf(form)) if (!field.autocomplete) field.autocomplete = "off";
    for (const each of found) if (each.slot === slotOf(form) && (await adopt(each, form))) break;
  }
  const slots = new Set(formsOf().map(slotOf));
  for (const each of found) if (each.open && each.at === location.pathname && !slots.has(each.slot)) openForm(each);
}

let looking = ready;
function lookAgain() {
  looking = looking.then(() => isAvailable && look()).catch(reportError);
}

ready.then((available) => {
  isAvailable = available;
  if (!available) return;
  for (const draft of drafts.values()) hold(draft).then(() => store(draft)); // text that was typed before
});
lookAgain();
document.addEventListener("htmx:afterSettle", lookAgain);

// Sending ------------------------------------------------------------------------------------------------------------

const onTheWay = new WeakMap(); // by request: the draft and the values that it sends

// Return the draft and the values that a form sends, for one of the two functions below.
export function sending(form) {
  const draft = isDrafted(form) && drafts.get(slotOf(form));
  return draft ? { draft, values: valuesOf(form, Object.keys(draft.values)) } : null;
}

// The server has accepted it. Text that was typed since stays.
export function accepted({ draft, values }) {
  isEnded = false;
  const left = draft.form.isConnected ? leftOf(draft.form, values, draft.was) : {};
  if (!Object.keys(left).length) return forget(draft);
  Object.assign(draft, { values: left, was: {}, basis: null, reason: "", isQuiet: true });
  hideNote(draft.form);
  return store(draft);
}

// The server has returned the form, with errors or a preview.
export function answered({ draft }) {
  draft.isAnswered = true;
  hideNote(draft.form);
}

document.addEventListener("htmx:beforeRequest", (event) => {
  const { elt, xhr, requestConfig } = event.detail;
  const found = requestConfig.verb === "post" && elt.matches("form") && sending(elt);
  if (found) onTheWay.set(xhr, { ...found, isPreview: requestConfig.triggeringEvent?.submitter?.name === "preview" });
});

document.addEventListener("htmx:beforeOnLoad", (event) => {
  const { xhr } = event.detail;
  const found = onTheWay.get(xhr);
  if (!found || xhr.responseURL.includes("/auth/")) return;
  if (xhr.status < 300 && !found.isPreview) accepted(found);
  else if ([200, 400, 402, 409, 413].includes(xhr.status)) answered(found);
});

// After menus.js has reset the form.
document.addEventListener("htmx:afterRequest", (event) => {
  if (onTheWay.has(event.detail.xhr)) setTimeout(lookAgain, 0);
});

// Notes about failures -----------------------------------------------------------------------------------------------

// Show at a form why it was not sent: "ended", "unreachable", "hidden", or `words` of the server. Returns whether it
// did.
export function explain(form, reason, words = "") {
  const draft = isDrafted(form) && drafts.get(slotOf(form));
  if (!draft) return false;
  if (reason === "ended") isEnded = true;
  draft.reason = reason;
  store(draft).then(() => {
    const back = draft.open || location.pathname + location.search;
    if (drafts.get(draft.slot) === draft) showNote(draft.form, reason, { words, isKept: draft.isKept, back });
  });
  return true;
}

// Show it at all forms with unsent text.
export function explainAll(reason) {
  return [...drafts.values()].map((draft) => draft.form.isConnected && explain(draft.form, reason)).some(Boolean);
}

// Return whether all changed fields in `element` are stored.
export function isAllKept(element) {
  const isKept = (field) => field.form && drafts.get(slotOf(field.form))?.isKept;
  return [...element.querySelectorAll(FIELDS)].every((field) => !hasChanged(field) || isKept(field));
}
