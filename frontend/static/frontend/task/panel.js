// A task beside the page that leads to it: `#panel` gets what the address of the task answers to htmx. The address is
// that of the task meanwhile, so it can be shared and reloaded; going back, or Escape, closes it.

import { isAllKept } from "../shared/drafts.js";
import { isComposing } from "../shared/keys.js";

const panel = document.getElementById("panel");
const TASK = /\/tasks\/[A-Z][A-Z0-9]*-[0-9]+\/$/;
const isWide = matchMedia("(width >= 760px)"); // elsewhere the page of the task is the better panel
const here = { path: location.pathname, title: document.title };

let opener = null; // the id around the link, and the link, to bring the focus back

export const isOpen = () => Boolean(panel && !panel.hidden);

// Ask before something is thrown away that is not kept on this device.
function mayLeave() {
  return isAllKept(panel) || window.confirm(panel.dataset.unsaved);
}

// Show the task at `url`; says whether that worked.
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

// Show on the page which task is open.
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

// What else Escape closes comes first: it is looked for before the others have heard of it.
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
  else if (location.pathname !== here.path) location.reload(); // the panel was reloaded, and is a page since
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
