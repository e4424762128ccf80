// Updates a part of the page to the HTML of the server (DOM diffing). Elements that are equal are not touched, so
// focus, scroll positions, open menus and typed text stay.
//
// In elements with `data-keyed` the children are matched by their ids; any other element is replaced when it differs.
// Elements with `data-keep` stay until the user has finished with them. An answer with `data-part` contains some of
// the children, and the others stay. HTML with a lower number in `data-seq` than the page changes nothing. docs/web.md
// describes how the pages use it.

import { hasChanged } from "./fields.js";

const SHOWN_MS = 200;

// The event of an element that was not replaced because the user is typing into it.
export const DEFERRED = "patch:deferred";

export const FIELDS = "input:not([type=hidden]), textarea, select";

// Return whether the user is filling in a form in `element`.
export function isBusy(element) {
  const active = document.activeElement;
  if (active && active !== document.body && element.contains(active) && active.matches(FIELDS)) return true;
  return [...element.querySelectorAll(FIELDS)].some(hasChanged);
}

function show(element) {
  element.classList.add("changed");
  setTimeout(() => element.classList.remove("changed"), SHOWN_MS);
}

function copyAttributes(old, fresh) {
  for (const { name } of [...old.attributes]) if (!fresh.hasAttribute(name)) old.removeAttribute(name);
  for (const { name, value } of fresh.attributes) if (old.getAttribute(name) !== value) old.setAttribute(name, value);
}

const isOlder = (fresh, old) => Number(fresh.dataset.seq ?? Infinity) < Number(old.dataset.seq ?? 0);

class Patch {
  added = []; // elements that are new on the page
  deferred = false;

  // Update `old` to `fresh`, and return the element that is in its place afterwards.
  element(old, fresh) {
    old.classList.remove("changed");
    if (old.hasAttribute("data-keep") || old.isEqualNode(fresh) || isOlder(fresh, old)) return old;
    if (old.tagName === fresh.tagName && old.hasAttribute("data-keyed") && fresh.hasAttribute("data-keyed")) {
      if (!fresh.hasAttribute("data-part")) copyAttributes(old, fresh);
      this.children(old, fresh);
      return old;
    }
    if (isBusy(old)) {
      this.deferred = true;
      return old;
    }
    old.replaceWith(fresh);
    this.added.push(fresh);
    show(fresh);
    return fresh;
  }

  children(old, fresh) {
    const isPart = fresh.hasAttribute("data-part");
    const wanted = [...fresh.children];
    const ids = new Set(wanted.map((child) => child.id));
    const present = new Map();
    for (const child of [...old.children]) {
      if (ids.has(child.id)) present.set(child.id, child);
      else if (!isPart && !child.hasAttribute("data-keep")) child.remove();
    }
    let place = old.firstElementChild;
    for (const child of wanted) {
      const known = present.get(child.id);
      const isNext = known && known === place;
      const element = known ? this.element(known, child) : child;
      if (isNext) place = element;
      if (!known) {
        this.added.push(element);
        show(element);
      }
      if (isPart) {
        if (!known) old.append(element);
      } else if (element === place) {
        place = place.nextElementSibling;
      } else {
        old.insertBefore(element, place);
      }
    }
  }
}

// Remember the element with the focus, by the next id around it, and return a function that restores the focus.
function keepFocus() {
  const active = document.activeElement;
  const around = active?.closest("[id]");
  if (!around || active === document.body) return () => {};
  const selector = active === around ? null : [...active.classList].map((name) => `.${CSS.escape(name)}`).join("");
  return () => {
    if (document.activeElement && document.activeElement !== document.body) return;
    const found = document.getElementById(around.id);
    const target = selector ? found?.querySelector(selector) : found;
    target?.focus({ preventScroll: true });
  };
}

// Update `target` to the element with the same id in `fragment`; return the elements that are new on the page.
export function patch(target, fragment) {
  const fresh = fragment.querySelector(`#${CSS.escape(target.id)}`);
  if (!fresh) return [];
  const restoreFocus = keepFocus();
  const run = new Patch();
  const result = run.element(target, fresh);
  restoreFocus();
  if (run.deferred) result.dispatchEvent(new CustomEvent(DEFERRED, { bubbles: true }));
  return run.added;
}

// `hx-swap="patch"`
window.htmx.defineExtension("patch", {
  isInlineSwap: (style) => style === "patch",
  handleSwap: (style, target, fragment) => (style === "patch" ? patch(target, fragment) : false),
});
