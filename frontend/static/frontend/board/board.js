// Cards are dragged with a pointer, or grabbed with the space bar and moved with the arrow keys (optimistic update): a
// card is shown where it was dropped until the server has answered, and goes back when the server refuses the move.

import { hold, refreshColumn, release } from "../shared/live.js";
import { draggable, isAt, placeOf, putBack } from "../shared/dragging.js";
import { send } from "../shared/requests.js";
import { toast } from "../shared/toasts.js";
import "./list.js";

const announcer = document.getElementById("announcer");
const isRightToLeft = getComputedStyle(document.documentElement).direction === "rtl";

const board = () => document.querySelector(".board[data-movable]");
const columns = () => [...document.querySelectorAll(".board .column")];
const listOf = (column) => column.querySelector(".cards");
const cardsIn = (column) => [...listOf(column).children];

// More cards of a long column are loaded when its end is scrolled into view, like a live update: after a drag, one request
// at a time, and again when it fails. All requests for the tasks name the number of cards of such columns.
const ends = new IntersectionObserver((entries) => {
  for (const { target, isIntersecting } of entries) {
    if (!isIntersecting || !target.isConnected) continue;
    const { dataset } = target.closest(".column");
    dataset.cards = target.dataset.next;
    refreshColumn("tasks", dataset.status);
  }
});
const observeEnds = () => document.querySelectorAll(".column-rest [data-next]").forEach((end) => ends.observe(end));
document.addEventListener("htmx:afterSettle", observeEnds);
observeEnds();

document.addEventListener("htmx:configRequest", ({ detail }) => {
  if (detail.target.id !== "tasks") return;
  const named = columns().filter(({ dataset }) => dataset.cards);
  const cards = named.map(({ dataset }) => `cards=${dataset.status}:${dataset.cards}`).join("&");
  if (cards) detail.path += (detail.path.includes("?") ? "&" : "?") + cards;
});

// Announce the place of a card to screen readers. The page contains the texts: `data-moved="{key} is …"`.
function announce(what, item) {
  if (!announcer) return;
  const column = item.closest(".column");
  const values = {
    key: item.dataset.key,
    column: column?.dataset.name ?? "",
    place: column ? cardsIn(column).indexOf(item) + 1 : "",
    total: column ? cardsIn(column).length + Number(column.dataset.hidden) : "",
  };
  announcer.textContent = announcer.dataset[what].replace(/\{(\w+)\}/g, (_whole, name) => values[name]);
}

function destination(item) {
  const [next, previous] = [item.nextElementSibling, item.previousElementSibling];
  const neighbour = next ? { before: next.id.slice(5) } : previous ? { after: previous.id.slice(5) } : {};
  return { status: item.closest(".column").dataset.status, version: item.dataset.version, ...neighbour };
}

// Save the place of a card, and return whether that succeeded.
async function commit(item, origin) {
  if (isAt(item, origin)) {
    release();
    return true;
  }
  item.classList.add("card-busy");
  const url = item.querySelector(".card-menu").getAttribute("href");
  const options = { source: item, target: "#tasks", swap: "patch", values: destination(item) };
  const done = await send("POST", url, options);
  item.classList.remove("card-busy");
  if (!done) {
    putBack(item, origin);
    announce("failed", item);
    toast(announcer?.textContent);
  }
  release();
  return done;
}

// With the keyboard --------------------------------------------------------------------------------------------------

let grabbed = null; // { item, origin, moving }

function focus(item) {
  item.querySelector(".card").focus();
}

function grab(item) {
  grabbed = { item, origin: placeOf(item) };
  item.classList.add("card-grabbed");
  hold();
  announce("grabbed", item);
}

function letGo() {
  const { item, origin } = grabbed;
  item.classList.remove("card-grabbed");
  grabbed = null;
  return { item, origin };
}

async function drop() {
  const { item, origin } = letGo();
  announce("dropped", item);
  await commit(item, origin);
  document.getElementById(item.id)?.querySelector(".card")?.focus({ preventScroll: true });
}

function cancel() {
  const { item, origin } = letGo();
  putBack(item, origin);
  announce("cancelled", item);
  release();
  if (item.isConnected) focus(item);
}

function move(list, next) {
  const { item } = grabbed;
  grabbed.moving = true; // the move removes the focus
  list.insertBefore(item, next);
  focus(item);
  grabbed.moving = false;
  item.scrollIntoView({ block: "nearest", inline: "nearest" });
  announce("moved", item);
}

const step = (key) => ({ ArrowUp: -1, ArrowDown: 1 })[key] ?? 0;
const sideStep = (key) => ({ ArrowLeft: -1, ArrowRight: 1 })[key] * (isRightToLeft ? -1 : 1) || 0;

function moveBy(key) {
  const { item } = grabbed;
  const column = item.closest(".column");
  const cards = cardsIn(column);
  const place = cards.indexOf(item);
  const beside = columns()[columns().indexOf(column) + sideStep(key)];
  if (sideStep(key) && beside) move(listOf(beside), cardsIn(beside)[place] ?? null);
  else if (key === "ArrowUp" && place > 0) move(item.parentElement, cards[place - 1]);
  else if (key === "ArrowDown" && place < cards.length - 1) move(item.parentElement, cards[place + 2] ?? null);
  else if (key === "Home") move(item.parentElement, cards[0]);
  else if (key === "End") move(item.parentElement, null);
}

// Without a grabbed card the arrow keys move the focus from card to card.
function look(item, key) {
  const column = item.closest(".column");
  const place = cardsIn(column).indexOf(item);
  let found = cardsIn(column)[place + step(key)];
  if (sideStep(key)) {
    const [all, sign] = [columns(), sideStep(key)];
    let at = all.indexOf(column) + sign;
    while (all[at] && !cardsIn(all[at]).length) at += sign;
    const cards = all[at] ? cardsIn(all[at]) : [];
    found = cards[Math.min(place, cards.length - 1)];
  }
  if (found) focus(found);
}

const MOVES = new Set(["ArrowUp", "ArrowDown", "ArrowLeft", "ArrowRight", "Home", "End"]);

// Both return whether the key has a meaning.
function onKeyWithGrabbed(key) {
  if (key === " " || key === "Enter") drop();
  else if (key === "Escape") cancel();
  else if (MOVES.has(key)) moveBy(key);
  else return false;
  return true;
}

function onKeyAt(item, key) {
  if (key === " " && board() && !item.classList.contains("card-busy")) grab(item);
  else if (key.startsWith("Arrow")) look(item, key);
  else return false;
  return true;
}

function onKey(event) {
  const item = event.target.matches?.(".board .card") ? event.target.closest(".card-item") : null;
  if (!item || event.ctrlKey || event.metaKey || event.altKey) return;
  const isGrabbed = Boolean(grabbed);
  if (!(isGrabbed ? onKeyWithGrabbed(event.key) : onKeyAt(item, event.key))) return;
  event.preventDefault();
  if (isGrabbed) event.stopPropagation();
}

document.addEventListener("keydown", onKey, true);
document.addEventListener("focusout", () => {
  if (grabbed && !grabbed.moving) cancel();
});

// With a pointer -----------------------------------------------------------------------------------------------------

// Below its cards a column is as wide as above.
function columnAt(x) {
  return columns().find((column) => {
    const box = column.getBoundingClientRect();
    return x >= box.left && x <= box.right;
  });
}

function listAt(_item, x, y) {
  const column = document.elementFromPoint(x, y)?.closest(".board .column") ?? columnAt(x);
  return column && listOf(column);
}

draggable({ items: ".board[data-movable] .card-item:not(.card-busy)", ignored: ".card-menu", listAt, drop: commit });
