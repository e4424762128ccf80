// A task in the panel beside the page that links to it: `#panel` contains the answer of the task's URL to htmx. The
// address bar has the URL of the task, so it can be shared and reloaded; going back, or Escape, closes the panel.

import { isAllKept } from "../shared/drafts.js";
import { isComposing } from "../shared/keys.js";

const panel = document.getElementById("panel");
const TASK = /\/tasks\/[A-Z][A-Z0-9]*-[0-9]+\/$/;
const isWide = matchMedia("(width >= 760px)"); // narrow screens open the page of the task
const here = { path: location.pathname, title: document.title };

let opener = null; // the link, and the next id around it, to restore the focus

export const isOpen = () => Boolean(panel && !panel.hidden);

// Ask before text is lost that is not stored on this device.
function mayLeave() {
  return isAllKept(panel) || window.confirm(panel.dataset.unsaved);
}

// Show the task at `url`; return whether that succeeded.
export async function openTask(url) {
  if (isOpen() && !mayLeave()) return false;
  const source = document.querySelector(`#main a[href="${CSS.escape(new URL(url, location.href).pathname)}"]`);
  await window.htmx.ajax("GET", url, { source: panel, target: panel, swap: "innerHTML" });
  const task = panel.querySelector("#task");
  if (!task) return false;
  const state = { panel: url };
  if (isOpen()) history.replaceState(state, "", url);
  else history.pushState(state, "", url);
  opener = source && { id: source.closest("[id]")?.id, link: source };
  show(task);
  return true;
}

function show(task) {
  panel.hidden = false;
  panel.scrollTop = 0;
  document.title = task.dataset.title;
  mark();
  panel.querySelector("h1")?.focus({ preventScroll: true });
}

// Mark the links to the open task.
function mark() {
  for (const link of document.querySelectorAll("#main a[data-opened]")) link.removeAttribute("data-opened");
  if (!isOpen()) return;
  for (const link of document.querySelectorAll(`#main a[href="${location.pathname}"]`)) link.dataset.opened = "";
}

function hide() {
  panel.hidden = true;
  panel.replaceChildren();
  document.title = here.title;
  mark();
  const link = opener?.link.isConnected ? opener.link : document.getElementById(opener?.id)?.querySelector("a");
  link?.focus();
}

export function close() {
  if (isOpen() && mayLeave()) history.back();
}

function isPlain(event) {
  return (
    !event.defaultPrevented && !event.button && !event.metaKey && !event.ctrlKey && !event.shiftKey && !event.altKey
  );
}

document.addEventListener("click", (event) => {
  if (panel?.contains(event.target) && event.target.closest("[data-close]")) close();
  const link = event.target.closest("#main a[href]");
  if (!panel || !link || !isPlain(event) || !isWide.matches || link.closest("#task, [data-dialog]")) return;
  const url = new URL(link.href);
  if (url.origin !== location.origin || !TASK.test(url.pathname) || url.hash || link.hasAttribute("data-page")) return;
  event.preventDefault();
  openTask(url.pathname);
});

// Escape closes dialogs and menus first: this listener looks for them before their listeners run.
document.addEventListener(
  "keydown",
  (event) => {
    if (event.key !== "Escape" || isComposing(event) || !isOpen() || event.defaultPrevented) return;
    const isForOthers = document.querySelector("dialog[open], details[data-menu][open], .card-grabbed, .mentions");
    if (isForOthers || event.target.closest?.("form")?.querySelector("[data-cancel]")) return;
    close();
  },
  true,
);

addEventListener("popstate", (event) => {
  if (!panel) return;
  if (event.state?.panel) reopen(event.state.panel);
  else if (isOpen()) hide();
  else if (location.pathname !== here.path) location.reload(); // a reload has made the panel a page
});

async function reopen(url) {
  await window.htmx.ajax("GET", url, { source: panel, target: panel, swap: "innerHTML" });
  const task = panel.querySelector("#task");
  if (task) show(task);
}

document.addEventListener("htmx:afterSettle", mark);
addEventListener("beforeunload", (event) => {
  const task = document.getElementById("task");
  if (task && !isAllKept(task)) event.preventDefault();
});
