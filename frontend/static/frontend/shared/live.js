// Live updates: keeps elements of the page in sync with the server. Attributes define what an element shows:
//
//   data-live-project  the id of the project whose events are followed
//   data-seq           the number of the last event that the content contains
//   data-live          the events that change it: the words before the dot of their verbs, or `project` for all
//   data-live-object   only events of one object and its parts (the subtasks and comments of a task)
//   data-live-url      the URL of the current element, which has the same id there
//
// The server alone renders HTML: an event says that an object has changed, and the element is requested again.

import { explainAll } from "./drafts.js";
import { socket } from "./socket.js";
import { DEFERRED } from "./patch.js";
import { send } from "./requests.js";

const WAIT_MS = 40; // between two requests for an element: events that come together are one request
const RETRY_MS = [1000, 2000, 5000, 10000, 30000];

const regions = new Map(); // by the id of the element
let holds = 0;

// Pause live updates while an element is dragged, until `release()` was called as often.
export function hold() {
  holds += 1;
}

export function release() {
  holds -= 1;
  if (holds) return;
  for (const region of regions.values()) region.schedule();
}

// Request an element again, until that succeeds.
export function refresh(id) {
  regions.get(id)?.refresh();
}

// Request a column of the board, as if an event had changed it.
export function refreshColumn(id, column) {
  const region = regions.get(id);
  region?.columns.set(column, Infinity);
  region?.schedule();
}

// Return the columns of the board that an event may have changed, null for all of them.
export function columnsOf(root, { verb, object }) {
  const isOfTask = /^(task|subtask|comment)\./.test(verb);
  if (root.dataset.view !== "board" || !object || !(isOfTask || verb === "status.reordered")) return null;
  const card = document.getElementById(`card-${object.task ?? object.id}`);
  const now = card?.closest(".column")?.dataset.status;
  const named = { task: [now, object.status], subtask: [now], comment: [], status: [object.id] }[verb.split(".")[0]];
  return named.filter(Boolean);
}

// The number of the last event that the content of an element contains.
const shown = (element) => Number(element?.dataset.seq ?? 0);

class Region {
  constructor(element) {
    this.id = element.id;
    this.columns = new Map(); // to request: the number of the last event about each
    this.all = 0; // the number of the last event that needs the whole element
    this.isDirty = this.isLoading = false;
    this.failures = 0;
  }

  get element() {
    return document.getElementById(this.id);
  }

  concerns(event) {
    const { live = "project", liveObject } = this.element.dataset;
    if (!live.split(" ").some((word) => word === "project" || event.verb.startsWith(`${word}.`))) return false;
    return !liveObject || !event.object || [event.object.id, event.object.task].includes(liveObject);
  }

  hear(event) {
    if (!this.element || !this.concerns(event)) return;
    const columns = columnsOf(this.element, event);
    if (columns === null) this.all = Math.max(this.all, event.seq);
    else for (const column of columns) this.columns.set(column, event.seq);
    this.schedule();
  }

  refresh() {
    this.all = Infinity;
    this.schedule();
  }

  schedule(wait = 0) {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.load(), wait);
  }

  // Return the elements older than the events: another response may have updated some since.
  takeBehind() {
    const known = shown(this.element); // its columns may be newer
    const columns = [...this.columns].filter(
      ([id, seq]) => seq > Math.max(known, shown(document.getElementById(`column-${id}`))),
    );
    const isAll = this.all > known;
    this.all = 0;
    this.columns.clear();
    return { isAll, columns: isAll ? [] : columns.map(([id]) => id) };
  }

  async load() {
    const { element } = this;
    if (!element || holds || this.isLoading) return;
    const { isAll, columns } = this.takeBehind();
    if (!isAll && !columns.length) return;
    this.isLoading = true;
    const url = new URL(element.dataset.liveUrl ?? location.href, location.href);
    for (const column of columns) url.searchParams.append("column", column);
    const options = { source: element, target: element, swap: "patch", headers: { "X-Live": "1" } };
    const done = await send("GET", url.pathname + url.search, options);
    this.isLoading = false;
    this.failures = done ? 0 : this.failures + 1;
    if (!done) this.all = Infinity;
    this.schedule(done ? WAIT_MS : RETRY_MS[Math.min(this.failures, RETRY_MS.length) - 1]);
  }
}

// Follow the projects of the page, now and after each change of the page.
function look() {
  for (const element of document.querySelectorAll("[data-live-project]")) {
    const { liveProject, seq } = element.dataset;
    const isBehind = socket.follow(liveProject, Number(seq));
    if (!regions.has(element.id)) regions.set(element.id, new Region(element));
    if (isBehind && !element.matches("#tasks")) regions.get(element.id).refresh();
  }
}

function regionsOf(project) {
  return [...regions.values()].filter((region) => region.element?.dataset.liveProject === project);
}

socket.addEventListener("event", ({ detail }) => {
  for (const region of regionsOf(detail.project)) region.hear(detail);
});
socket.addEventListener("resync", ({ detail }) => {
  for (const region of regionsOf(detail.project)) region.refresh();
});
// The project was deleted or hidden from the member. A page with unsent text stays, with a note.
socket.addEventListener("lost", () => explainAll("hidden") || location.reload());
// The session has ended. A page without unsent text notices it with its next request.
socket.addEventListener("ended", () => explainAll("ended"));

// An answer that arrives during a drag is discarded, and the element is requested again after it.
document.addEventListener("htmx:beforeSwap", (event) => {
  const { requestConfig, target } = event.detail;
  if (!holds || !requestConfig.headers["X-Live"]) return;
  event.detail.shouldSwap = false;
  regions.get(target.id)?.refresh();
});
document.addEventListener(DEFERRED, (event) => {
  const region = regions.get(event.target.id);
  if (region) region.isDirty = true;
});
// After the user has left a field, elements that were not replaced because of it are requested again.
document.addEventListener("focusout", () =>
  setTimeout(() => {
    for (const region of regions.values()) {
      if (!region.isDirty) continue;
      region.isDirty = false;
      region.refresh();
    }
  }, 0),
);
document.addEventListener("htmx:afterSettle", look);
// A page from the back/forward cache is as old as when it was left.
addEventListener("pageshow", (event) => {
  if (event.persisted) for (const region of regions.values()) region.refresh();
});

look();
