// The inbox: whoever opens a task from it has read what it says of that, and rows change without the page.

import { token } from "../shared/toasts.js";

const inbox = () => document.getElementById("inbox");

// Scripts send the token as a header: with the fields for it no row would ever be the same as before.
for (const field of document.querySelectorAll("#inbox input[name=csrfmiddlewaretoken]")) field.remove();

document.addEventListener("click", async (event) => {
  const form = event.target.closest("#inbox a.row-link")?.closest(".row-unread")?.querySelector("form");
  if (!form) return;
  const headers = { "X-CSRFToken": token(), "HX-Request": "true", "HX-Target": "inbox" };
  // The page may be left with the same click, so this has to outlive it.
  await fetch(form.action, { method: "POST", headers, keepalive: true }).catch(() => {});
  const options = { source: inbox(), target: inbox(), swap: "patch" };
  window.htmx.ajax("GET", inbox().dataset.url, options).catch(() => {});
});

// The button that was pressed is gone then: the next one has the focus, or what there is instead.
document.addEventListener("htmx:afterSwap", (event) => {
  if (event.detail.target?.id !== "inbox" || event.detail.requestConfig?.verb !== "post") return;
  if (document.activeElement && document.activeElement !== document.body) return;
  const next = inbox().querySelector(".row-unread button") ?? inbox().querySelector("a.row-link, .view-switch a");
  next?.focus({ preventScroll: true });
});
