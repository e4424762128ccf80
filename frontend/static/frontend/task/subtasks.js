// Subtasks are dragged to another place; with the keyboard, and without scripts, their menu moves them.

import { draggable, putBack } from "../shared/dragging.js";
import { release } from "../shared/live.js";
import { send } from "../shared/requests.js";

async function drop(item, origin) {
  const next = item.nextElementSibling;
  const values = next ? { before: next.dataset.subtask } : { to: "end" };
  const url = item.querySelector("form[action$='/move/']").getAttribute("action");
  const isMoved = await send("POST", url, { source: item, target: "#subtasks", swap: "outerHTML", values });
  if (!isMoved) putBack(item, origin);
  release();
}

draggable({
  items: "[data-sortable] > .subtask",
  ignored: "button, summary, details[open]",
  listAt: (item) => item.parentElement,
  drop,
});

// After "Up" the menu opens again with the focus on "Up", so that the user can press it repeatedly.
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
