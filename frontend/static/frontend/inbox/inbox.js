// The inbox: opening a task marks its notifications as read, and rows change without a new page.

import { token } from "../shared/toasts.js";

const inbox = () => document.getElementById("inbox");

// Scripts send the CSRF token as a header. With a field for it every row would differ from its next version.
for (const field of document.querySelectorAll("#inbox input[name=csrfmiddlewaretoken]")) field.remove();

document.addEventListener("click", async (event) => {
  const form = event.target.closest("#inbox a.row-link")?.closest(".row-unread")?.querySelector("form");
  if (!form) return;
  const headers = { "X-CSRFToken": token(), "HX-Request": "true", "HX-Target": "inbox" };
  // The same click may leave the page, so the request must outlive it.
  await fetch(form.action, { method: "POST", headers, keepalive: true }).catch(() => {});
  const options = { source: inbox(), target: inbox(), swap: "patch" };
  window.htmx.ajax("GET", inbox().dataset.url, options).catch(() => {});
});

// The button that was pressed is removed: focus the next one, or a link.
document.addEventListener("htmx:afterSwap", (event) => {
  if (event.detail.target?.id !== "inbox" || event.detail.requestConfig?.verb !== "post") return;
  if (document.activeElement && document.activeElement !== document.body) return;
  const next = inbox().querySelector(".row-unread button") ?? inbox().querySelector("a.row-link, .view-switch a");
  next?.focus({ preventScroll: true });
});
