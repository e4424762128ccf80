// Menus in `details[data-menu]`, the dialog, and forms that are sent repeatedly.

import { isComposing } from "./keys.js";

const dialog = document.getElementById("dialog");
const open = () => document.querySelectorAll("details[data-menu][open]");

document.addEventListener("click", (event) => {
  for (const menu of open()) if (!menu.contains(event.target)) menu.open = false;
});

document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape" || isComposing(event)) return;
  for (const menu of open()) {
    menu.open = false;
    menu.querySelector("summary").focus();
  }
  const cancel = event.target.closest?.("form")?.querySelector("[data-cancel]");
  if (cancel) cancel.click();
  const adding = event.target.closest?.("details[data-keep]");
  if (adding) {
    adding.open = false;
    adding.querySelector("summary").focus();
  }
});

// `toggle` does not bubble.
document.addEventListener(
  "toggle",
  (event) => {
    if (event.target.open) event.target.querySelector?.("form input:not([type=hidden])")?.focus();
  },
  true,
);

// The target of a link with `data-dialog` opens in the dialog. Without scripts the link leads to a page.
document.addEventListener("click", async (event) => {
  const link = event.target.closest("a[data-dialog]");
  if (!link || !dialog || event.metaKey || event.ctrlKey || event.shiftKey || event.button) return;
  event.preventDefault();
  await window.htmx.ajax("GET", link.href, { source: link, target: "#dialog-body", swap: "innerHTML" });
  if (dialog.querySelector("#dialog-body > *") && !dialog.open) dialog.showModal();
});

dialog?.addEventListener("click", (event) => {
  if (event.target === dialog || event.target.closest("[data-close]")) dialog.close();
});
dialog?.addEventListener("close", () => document.getElementById("dialog-body").replaceChildren());

// After an edit was saved or cancelled, the element is updated again.
let edited = null;

document.addEventListener("htmx:beforeSwap", (event) => {
  const { requestConfig, xhr } = event.detail;
  const kept = requestConfig.elt.matches("[data-cancel], [data-done]") && requestConfig.elt.closest("[data-keep]");
  if (!kept || xhr.status >= 300) return;
  edited = kept.id;
  kept.removeAttribute("data-keep");
  for (const form of kept.querySelectorAll("form")) form.reset();
  document.activeElement?.blur();
});

document.addEventListener("htmx:afterSwap", () => {
  if (edited) document.getElementById(edited)?.querySelector("a")?.focus();
  edited = null;
});

document.addEventListener("htmx:afterRequest", (event) => {
  const { elt, xhr } = event.detail;
  if (xhr.status < 200 || xhr.status >= 300) return;
  if (elt.matches("form[data-again]")) {
    elt.reset();
    elt.querySelector("input:not([type=hidden])")?.focus();
  }
  if (dialog?.open && dialog.contains(elt)) {
    dialog.close();
    document.getElementById(elt.dataset.focus)?.querySelector(".card")?.focus();
  }
});
