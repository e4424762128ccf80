// The page of a task and the panel: what is shared by its parts after one of them was sent.

import { isComposing } from "../shared/keys.js";
import { refresh } from "../shared/live.js";
import "./panel.js";
import "./mentions.js";
import "./shortcuts.js";
import "./subtasks.js";
import "./uploads.js";

const FIELD = "input:not([type=hidden]), textarea, select";
const FOCUSABLE = "[data-shortcut=e], a[href], button, summary";

// Scripts send the token as a header, and parts come without one: with it every part would differ from its next form.
for (const token of document.querySelectorAll("#task input[name=csrfmiddlewaretoken]")) token.remove();

// One part was changed: the others may say something else now, whether or not there is a socket that tells.
document.addEventListener("task-changed", () => refresh("task"));

document.addEventListener("htmx:afterSwap", (event) => {
  const { requestConfig, target } = event.detail;
  const part = document.getElementById(target?.id);
  if (!part?.closest("#task") || requestConfig?.headers["X-Live"]) return;
  const form = part.querySelector("form[data-edit]:not(details *)");
  const wrong = part.querySelector("[aria-invalid=true]");
  if (wrong) wrong.focus();
  else if (form) (part.querySelector(".conflict") ? form : form.querySelector(FIELD))?.focus();
  else if (!document.activeElement || document.activeElement === document.body) {
    part.querySelector(FOCUSABLE)?.focus({ preventScroll: true });
  }
});

// Ctrl and Enter send what is being written.
document.addEventListener("keydown", (event) => {
  if (event.key !== "Enter" || isComposing(event) || !(event.ctrlKey || event.metaKey)) return;
  const form = event.target.closest?.("#task textarea")?.form;
  if (form) form.requestSubmit(form.querySelector("button:not([name], [type=button])"));
});
