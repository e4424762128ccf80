// Subtasks are put into another place by dragging them; by keyboard, and without scripts, their menu does it.

import { hold, release } from "../shared/live.js";

const item = (target) => target.closest?.("[data-sortable] > .subtask");

let isPressed = false;
let dragged = null;
let place = null; // { next } the subtask before which it will be, null for the end
let isSent = false; // it was dropped, and the answer says where it is

function clear() {
  for (const each of document.querySelectorAll(".drop-before, .drop-after")) {
    each.classList.remove("drop-before", "drop-after");
  }
}

// The page is held from the press on: what is replaced between it and the first move cannot be dragged any more.
document.addEventListener("pointerdown", (event) => {
  const found = item(event.target);
  if (!found) return;
  found.draggable = event.pointerType === "mouse" && !event.target.closest("button, summary, details[open]");
  isPressed = found.draggable && event.button === 0;
  if (isPressed) hold();
});
for (const name of ["pointerup", "pointercancel"]) {
  document.addEventListener(name, () => {
    if (isPressed && !dragged && !isSent) release();
    isPressed = false;
  });
}

document.addEventListener("dragstart", (event) => {
  dragged = item(event.target);
  if (!dragged) return;
  event.dataTransfer.effectAllowed = "move";
  event.dataTransfer.setData("text/plain", dragged.querySelector(".subtask-title").textContent);
  dragged.classList.add("dragged");
});

document.addEventListener("dragover", (event) => {
  const over = dragged && item(event.target);
  if (!over || over.parentElement !== dragged.parentElement) return;
  event.preventDefault();
  const box = over.getBoundingClientRect();
  const isBefore = event.clientY < box.top + box.height / 2;
  clear();
  over.classList.add(isBefore ? "drop-before" : "drop-after");
  place = { next: isBefore ? over : over.nextElementSibling };
});

document.addEventListener("drop", (event) => {
  if (!dragged || !place) return;
  event.preventDefault();
  const { next } = place;
  if (next === dragged || next === dragged.nextElementSibling) return;
  const values = next ? { before: next.dataset.subtask } : { to: "end" };
  const url = dragged.querySelector("form[action$='/move/']").getAttribute("action");
  const options = { source: dragged, target: "#subtasks", swap: "outerHTML", values };
  isSent = true;
  const done = () => {
    isSent = false;
    if (!dragged) release();
  };
  window.htmx.ajax("POST", url, options).then(done, done);
});

function end() {
  if (!dragged) return;
  dragged.classList.remove("dragged");
  clear();
  dragged = place = null;
  if (!isSent) release();
}

document.addEventListener("dragend", end);
// What is dragged may be gone, as with the panel that it was in: no event says then that the drag has ended.
document.addEventListener("pointermove", () => {
  if (dragged && !dragged.isConnected) end();
});

// After "up" its menu is open again with the focus on "up": one presses it until the place is right.
document.addEventListener("htmx:afterSwap", (event) => {
  const { requestConfig } = event.detail;
  const moved = /\/subtasks\/([0-9a-f-]+)\/move\/$/.exec(requestConfig?.path)?.[1];
  const button = requestConfig?.triggeringEvent?.submitter;
  const menu = moved && button && document.querySelector(`#subtask-${CSS.escape(moved)} .subtask-menu`);
  if (!menu) return;
  menu.open = true;
  const same = menu.querySelector(`[value="${button.value}"]`);
  (same.disabled ? menu.querySelector("button[name=to]:not([disabled])") : same)?.focus();
});
