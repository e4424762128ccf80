// Keyboard shortcuts, single keys without a modifier: `?` lists them. They do nothing while the user types, and a
// switch in that list disables them (WCAG 2.1.4); the user menu opens the list too. `data-shortcut` names the key that
// clicks an element.

import { isComposing, shortcutOf } from "./keys.js";

const STORE = "shortcuts";
const TYPING = "input:not([type=checkbox], [type=radio]), textarea, select, [contenteditable]";
const ITEMS = "#main a.card, #main a.list-link, #main .rows a.row, #main .rows a.row-link";

const dialog = document.getElementById("shortcuts");
const toggle = document.getElementById("shortcuts-on");

function isOn() {
  try {
    return localStorage.getItem(STORE) !== "off";
  } catch {
    return true; // a browser that stores nothing
  }
}

function set(on) {
  try {
    localStorage.setItem(STORE, on ? "on" : "off");
  } catch {
    // the next page has the shortcuts as before
  }
}

export function showShortcuts() {
  toggle.setAttribute("aria-checked", isOn());
  dialog.showModal();
}

const isVisible = (element) => element.checkVisibility?.() ?? element.offsetParent !== null;
const items = () => [...document.querySelectorAll(ITEMS)].filter(isVisible);
// The link to the task whose row or card has the focus.
export const current = () => document.activeElement?.closest?.(".card-item, tr, .rows > li")?.querySelector(ITEMS);

// Click the element in `root` that has the shortcut `key`; return whether there is one.
export function press(root, key) {
  const found = [...(root?.querySelectorAll(`[data-shortcut="${key}"]`) ?? [])].find(isVisible);
  found?.click();
  return Boolean(found);
}

function step(by) {
  const all = items();
  const at = all.indexOf(current());
  const next = at < 0 ? all[by > 0 ? 0 : all.length - 1] : all[at + by];
  next?.focus();
  next?.scrollIntoView({ block: "nearest", inline: "nearest" });
}

function search() {
  const field = document.querySelector(".search-form [name=q]");
  if (field) field.select();
  else document.querySelector("a[data-search]")?.click();
}

function create() {
  if (!press(document.getElementById("main"), "c")) document.querySelector("a[data-new]")?.click();
}

const actions = new Map([
  ["?", showShortcuts],
  ["/", search],
  ["c", create],
  ["j", () => step(1)],
  ["k", () => step(-1)],
]);

// Add the shortcut of a page.
export function addShortcut(key, action) {
  actions.set(key, action);
}

document.addEventListener("keydown", (event) => {
  const action = actions.get(shortcutOf(event));
  if (!action || !dialog || event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return;
  if (isComposing(event) || event.target.matches?.(TYPING) || document.querySelector("dialog[open]") || !isOn())
    return;
  event.preventDefault();
  action();
});

if (dialog) {
  toggle.addEventListener("click", () => {
    set(!isOn());
    toggle.setAttribute("aria-checked", isOn());
  });
  dialog.addEventListener("click", (event) => {
    if (event.target === dialog || event.target.closest("[data-close]")) dialog.close();
  });
  for (const button of document.querySelectorAll("[data-open-shortcuts]")) {
    button.hidden = false;
    button.addEventListener("click", showShortcuts);
  }
}
