// Sends forms with text that lead to another page by `fetch`, so that the typed text stays on the page when the server
// refuses it, cannot be reached or requires a log-in. The answer has the next URL: frontend/shared/in_place.py.

import { accepted, answered, explain, sending } from "./drafts.js";
import { slotOf } from "./draft-forms.js";
import { token, wordsOf } from "./toasts.js";

const underWay = new WeakSet();

function go(url) {
  const next = new URL(url, location.href);
  const isHere = next.pathname === location.pathname && next.search === location.search;
  location.assign(next);
  if (isHere && next.hash) location.reload(); // else the browser would only scroll
}

async function send(form, submitter) {
  const data = new URLSearchParams(new FormData(form, submitter));
  if (token()) data.set("csrfmiddlewaretoken", token()); // a log-in since has changed it
  const url = form.getAttribute("action") || location.href;
  const answer = await fetch(url, { method: "POST", body: data, headers: { "X-In-Place": "1" } }).catch(() => null);
  return (
    answer && {
      status: answer.status,
      next: answer.headers.get("X-Location"),
      text: await answer.text().catch(() => ""),
    }
  );
}

// Show the page of the answer in place of this one.
function show(text, form) {
  const main = new DOMParser().parseFromString(text, "text/html").getElementById("main");
  if (!main || ![...main.querySelectorAll("form")].some((each) => slotOf(each) === slotOf(form))) return false;
  window.htmx.swap("#main", main.outerHTML, { swapStyle: "outerHTML", swapDelay: 0, settleDelay: 0 });
  document.querySelector("#main [aria-invalid=true]")?.focus();
  return true;
}

async function submit(form, submitter, found) {
  const answer = await send(form, submitter);
  if (!answer) return explain(form, "unreachable");
  if (answer.status === 401) return explain(form, "ended");
  if (answer.next) {
    accepted(found);
    return go(answer.next);
  }
  answered(found);
  if (answer.status < 500 && show(answer.text, form)) return true;
  return explain(form, "failed", wordsOf(answer.text));
}

document.addEventListener("submit", (event) => {
  const form = event.target;
  const found = !event.defaultPrevented && sending(form);
  if (!found) return; // the form has no unsent text
  event.preventDefault();
  if (underWay.has(form)) return;
  underWay.add(form);
  submit(form, event.submitter, found).finally(() => underWay.delete(form));
});
