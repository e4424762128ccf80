// The page of a task and the panel: updates after one of its parts was sent.

import { isComposing } from "../shared/keys.js";
import { refresh } from "../shared/live.js";
import "./panel.js";
import "./mentions.js";
import "./shortcuts.js";
import "./subtasks.js";
import "./uploads.js";

const FIELD = "input:not([type=hidden]), textarea, select";
const FOCUSABLE = "[data-shortcut=e], a[href], button, summary";

// Scripts send the CSRF token as a header. With a field for it every part would differ from its next version.
for (const token of document.querySelectorAll("#task input[name=csrfmiddlewaretoken]")) token.remove();

// After a change of one part, request the others too, also without a WebSocket.
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

// Ctrl and Enter send the form of a text field.
document.addEventListener("keydown", (event) => {
  if (event.key !== "Enter" || isComposing(event) || !(event.ctrlKey || event.metaKey)) return;
  const form = event.target.closest?.("#task textarea")?.form;
  if (form) form.requestSubmit(form.querySelector("button:not([name], [type=button])"));
});
