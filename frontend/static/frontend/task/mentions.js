// Suggests members for a mention (@), below the text field. The server returns those who may view the task.

import { isComposing } from "../shared/keys.js";

// Scripts without spaces between words: a letter before an @ is no part of an address. As in tenancy/folding.py.
const UNSPACED =
  "\\u{e00}-\\u{fff}\\u{1000}-\\u{109f}\\u{1780}-\\u{17ff}\\u{2e80}-\\u{a4cf}\\u{ac00}-\\u{d7ff}" +
  "\\u{f900}-\\u{faff}\\u{ff66}-\\u{ffdc}\\u{20000}-\\u{3ffff}";
const WORD = new RegExp(`(?:^|[${UNSPACED}]|[^\\p{L}\\p{N}\\p{M}._@\uff20/-])[@\uff20]([^@\uff20\\n]{0,40})$`, "u");
const WAIT_MS = 120;

let list = null;
let field = null;
let timer = null;
let asked = 0;

// Return what is typed after the @ before the cursor, undefined where there is no @ that begins a mention.
export function wordBefore(area) {
  return WORD.exec(area.value.slice(0, area.selectionStart))?.[1];
}

function close() {
  clearTimeout(timer);
  asked += 1; // answers that arrive later are ignored
  list?.remove();
  field?.removeAttribute("aria-activedescendant");
  field?.removeAttribute("aria-controls");
  list = null;
}

function choose(option) {
  for (const each of list.children) each.setAttribute("aria-selected", each === option);
  field.setAttribute("aria-activedescendant", option.id);
  option.scrollIntoView({ block: "nearest" });
}

const chosen = () => list.querySelector("[aria-selected=true]");

function take(option) {
  const word = wordBefore(field) ?? "";
  const end = field.selectionStart;
  field.setRangeText(`${option.dataset.mention} `, end - word.length, end, "end");
  close();
  field.focus();
}

async function suggest(area) {
  const word = wordBefore(area);
  const url = area.closest("[data-people]")?.dataset.people;
  if (word === undefined || !url) return close();
  const number = ++asked;
  const answer = await fetch(`${url}?q=${encodeURIComponent(word)}`).catch(() => null);
  if (number !== asked || !answer?.ok || answer.redirected) return undefined;
  const html = await answer.text();
  if (number !== asked) return undefined;
  close();
  const options = new DOMParser().parseFromString(html, "text/html").querySelectorAll("[role=option]");
  if (!options.length) return undefined;
  list = document.createElement("ul");
  list.className = "mentions";
  list.id = "mentions";
  list.setAttribute("role", "listbox");
  list.setAttribute("aria-label", area.labels[0]?.textContent.trim() ?? "@");
  list.append(...options);
  area.after(list);
  field = area;
  area.setAttribute("aria-controls", list.id);
  area.setAttribute("aria-autocomplete", "list");
  choose(list.firstElementChild);
  return undefined;
}

document.addEventListener("input", (event) => {
  if (!event.target.matches("#task textarea")) return;
  clearTimeout(timer);
  timer = setTimeout(() => suggest(event.target), WAIT_MS);
});

document.addEventListener(
  "keydown",
  (event) => {
    if (!list || event.target !== field || isComposing(event)) return;
    const now = chosen();
    if (event.key === "ArrowDown") choose(now.nextElementSibling ?? list.firstElementChild);
    else if (event.key === "ArrowUp") choose(now.previousElementSibling ?? list.lastElementChild);
    else if ((event.key === "Enter" || event.key === "Tab") && !event.ctrlKey && !event.metaKey) take(now);
    else if (event.key === "Escape") close();
    else return;
    event.preventDefault();
    event.stopPropagation();
  },
  true,
);

document.addEventListener("pointerdown", (event) => {
  const option = event.target.closest?.(".mentions [role=option]");
  if (option) {
    event.preventDefault(); // keeps the focus in the field
    take(option);
  }
});
document.addEventListener("focusout", (event) => {
  if (list && event.target === field) close();
});
