// The shortcuts for a task, which is the open one or that of the row or card with the focus.

import { addShortcut, current, press } from "../shared/shortcuts.js";
import { isOpen, openTask } from "./panel.js";

const task = () => document.getElementById("task");

async function edit() {
  const link = current();
  if (task() || !link) press(task(), "e");
  else if (await openTask(link.pathname)) press(task(), "e");
}

function complete() {
  const link = current();
  const row = link?.closest(".card-item, tr, .rows > li");
  if (isOpen() || !link) press(task(), "x");
  else if (!press(row, "x") && row.matches(".card-item, tr")) send(link, row);
}

// A card has no button for it. Without live updates the page is reloaded.
async function send(link, row) {
  const isDone = (row.closest(".column") ?? row).querySelector(".status-done");
  const url = `${link.pathname}${isDone ? "reopen" : "complete"}/`;
  await window.htmx.ajax("POST", url, { source: link, swap: "none" });
  if (document.getElementById("live")?.dataset.state !== "live") location.reload();
}

addShortcut("e", edit);
addShortcut("x", complete);
