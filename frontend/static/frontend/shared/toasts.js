// Toasts (short messages), and the handling of failed htmx requests. The page contains the texts in `#toasts`.

import { explain, explainAll } from "./drafts.js";

const SECONDS = 8;
const place = document.getElementById("toasts");

export function toast(text) {
  if (!place || !text) return;
  const message = document.createElement("p");
  message.className = "toast";
  message.textContent = text;
  place.append(message);
  setTimeout(() => message.remove(), SECONDS * 1000);
}

// An answer that is a whole page is an error or a log-in: its text is shown, and it is not inserted into the page.
const isPage = (text) => /^\s*<!doctype/i.test(text);

export function wordsOf(text) {
  const page = new DOMParser().parseFromString(text, "text/html");
  const words = [...page.querySelectorAll("main h1, main p")].slice(0, 2).map((each) => each.textContent.trim());
  return words.length ? words.join(": ") : place?.dataset.failed;
}

document.addEventListener("htmx:beforeSwap", (event) => {
  const { xhr } = event.detail;
  if (!isPage(xhr.responseText) || (xhr.status < 400 && !xhr.responseURL.includes("/auth/"))) return;
  event.detail.shouldSwap = false;
  if (xhr.status < 400 && !explainAll("ended")) location.reload(); // leads to the log-in and back
  else if (xhr.status >= 400 && !event.detail.isError) toast(wordsOf(xhr.responseText)); // errors are handled below
});

document.addEventListener("htmx:responseError", (event) => {
  const { xhr, requestConfig } = event.detail;
  if (requestConfig.headers["X-Live"]) return; // live updates are tried again
  const words = isPage(xhr.responseText) ? wordsOf(xhr.responseText) : place?.dataset.failed;
  if (!explain(requestConfig.elt, "failed", words)) toast(words);
});

document.addEventListener("htmx:sendError", (event) => {
  const { elt, headers } = event.detail.requestConfig;
  if (!headers["X-Live"] && !explain(elt, "unreachable")) toast(place?.dataset.unreachable);
});

// The CSRF token of the cookie, so that pages need no token for scripts.
export const token = () => document.cookie.match(/(?:^|; )(?:__Host-)?csrftoken=([^;]+)/)?.[1];

document.addEventListener("htmx:configRequest", (event) => {
  if (token() && event.detail.verb !== "get") event.detail.headers["X-CSRFToken"] = token();
});
