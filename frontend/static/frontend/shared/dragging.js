// Drag and drop with a pointer: at once with a mouse or a pen, after a long press with a finger, which scrolls
// otherwise. The item itself is the gap where it will land; a copy of it follows the pointer. Live updates wait from
// the press until the item was dropped and its kind has released them.

import { hold, release } from "./live.js";

const THRESHOLD = 4; // pixels until a press is a drag
const LONG_PRESS_MS = 350;
const EDGE = 48; // pixels from an edge where its area begins to scroll
const SPEED = 12; // pixels in a frame

const kinds = [];
let press = null; // what was pressed, and where, before it is a drag
let current = null; // what is dragged

// Let items be dragged. A kind of items has:
//
//   items               the selector of those that can be dragged
//   ignored             the selector of parts of an item that cannot be used to drag it
//   listAt(item, x, y)  returns the list at a point that the item can be dropped into; without one the item stays
//   drop(item, origin)  saves where the item is now, puts it back when that fails, and calls `release()`
export function draggable(kind) {
  kinds.push(kind);
}

// Return where an element is, to put it back.
export function placeOf(item) {
  return { list: item.parentElement, next: item.nextElementSibling };
}

export function putBack(item, { list, next }) {
  if (list.isConnected) list.insertBefore(item, next?.parentElement === list ? next : null);
}

export const isAt = (item, { list, next }) => item.parentElement === list && item.nextElementSibling === next;

// Return the element of a list before which an item is inserted at the height `y`, null for the end.
export function nextAt(list, item, y) {
  const others = [...list.children].filter((each) => each !== item);
  const isAbove = ({ top, height }) => y < top + height / 2;
  return others.find((each) => isAbove(each.getBoundingClientRect())) ?? null;
}

function kindOf(target) {
  return kinds.find(({ items }) => target.closest?.(items));
}

function begin({ item, kind, x, y }) {
  const box = item.getBoundingClientRect();
  const copy = item.cloneNode(true);
  for (const each of [copy, ...copy.querySelectorAll("[id]")]) each.removeAttribute("id");
  copy.classList.add("drag-copy");
  copy.setAttribute("aria-hidden", "true");
  copy.style.width = `${box.width}px`;
  document.body.append(copy);
  const scrollers = { across: scrollerOf(item, "X"), along: scrollerOf(item, "Y") };
  current = { item, kind, copy, scrollers, origin: placeOf(item), x, y, left: box.left - x, top: box.top - y };
  item.classList.add("drag-gap");
  document.documentElement.classList.add("dragging");
  getSelection().removeAllRanges();
  requestAnimationFrame(scroll);
}

function end() {
  const dragged = current;
  dragged.copy.remove();
  dragged.item.classList.remove("drag-gap");
  document.documentElement.classList.remove("dragging");
  current = null;
  return dragged;
}

function forgetPress() {
  clearTimeout(press?.timer);
  press = null;
}

function cancel() {
  if (!press && !current) return;
  forgetPress();
  if (current) {
    const { item, origin } = end();
    putBack(item, origin);
  }
  release();
}

function follow(x, y) {
  const { item, kind, copy, left, top } = current;
  Object.assign(current, { x, y });
  copy.style.transform = `translate(${x + left}px, ${y + top}px) rotate(1deg)`;
  const list = kind.listAt(item, x, y);
  if (!list) return;
  const place = { list, next: nextAt(list, item, y) };
  if (!isAt(item, place)) list.insertBefore(item, place.next);
}

// Scrolling at the edges ---------------------------------------------------------------------------------------------

// Return the nearest element around an item that scrolls along "X" or "Y", else the page.
function scrollerOf(item, axis) {
  const [size, room] = axis === "X" ? ["scrollWidth", "clientWidth"] : ["scrollHeight", "clientHeight"];
  for (let each = item.parentElement; each; each = each.parentElement) {
    const isScroller = ["auto", "scroll"].includes(getComputedStyle(each)[`overflow${axis}`]);
    if (isScroller && each[size] > each[room] + 1) return each;
  }
  return document.scrollingElement;
}

function areaOf(scroller) {
  const box = scroller.getBoundingClientRect();
  if (scroller === document.scrollingElement) return { left: 0, right: innerWidth, top: 0, bottom: innerHeight };
  return { left: box.left, right: box.right, top: Math.max(box.top, 0), bottom: Math.min(box.bottom, innerHeight) };
}

const speedAt = (at, first, last) => (at < first + EDGE ? -SPEED : at > last - EDGE ? SPEED : 0);

function scroll() {
  if (!current) return;
  const { x, y } = current;
  const { across, along } = current.scrollers;
  const [width, height] = [areaOf(across), areaOf(along)];
  across.scrollLeft += speedAt(x, width.left, width.right);
  along.scrollTop += speedAt(y, height.top, height.bottom);
  requestAnimationFrame(scroll);
}

// Events -------------------------------------------------------------------------------------------------------------

document.addEventListener("pointerdown", (event) => {
  const kind = kindOf(event.target);
  if (!kind || event.button || current || event.target.closest(kind.ignored)) return;
  cancel(); // a press whose end caused no event
  const item = event.target.closest(kind.items);
  const isTouch = event.pointerType === "touch";
  press = { item, kind, x: event.clientX, y: event.clientY, id: event.pointerId, isTouch };
  hold(); // from the press on: an item that is replaced before the first move can no longer be dragged
  if (isTouch) press.timer = setTimeout(() => press && begin(press), LONG_PRESS_MS);
});

document.addEventListener("pointermove", (event) => {
  if (!press || event.pointerId !== press.id) return;
  const { clientX: x, clientY: y } = event;
  if (!press.item.isConnected) {
    cancel(); // it was removed, for example with the panel around it
  } else if (current) {
    follow(x, y);
  } else if (Math.hypot(x - press.x, y - press.y) >= THRESHOLD) {
    if (press.isTouch) {
      cancel();
    } else {
      begin(press);
      follow(x, y);
    }
  }
});

// The click that follows a drag would open the card.
function ignoreClick() {
  const stop = (event) => {
    event.preventDefault();
    event.stopPropagation();
  };
  addEventListener("click", stop, { capture: true, once: true });
  setTimeout(() => removeEventListener("click", stop, { capture: true }), 0);
}

document.addEventListener("pointerup", (event) => {
  if (!press || event.pointerId !== press.id) return;
  if (!current || !current.item.isConnected) {
    cancel();
    return;
  }
  forgetPress();
  follow(event.clientX, event.clientY);
  ignoreClick();
  const { item, kind, origin } = end();
  if (isAt(item, origin)) release();
  else kind.drop(item, origin);
});

document.addEventListener("pointercancel", (event) => event.pointerId === press?.id && cancel());
addEventListener("blur", cancel);
// Before any other listener: Escape ends the drag, and does not close the panel as well.
addEventListener(
  "keydown",
  (event) => {
    if (!current || event.key !== "Escape") return;
    event.preventDefault();
    event.stopPropagation();
    cancel();
  },
  true,
);

// Browsers would drag links and pictures themselves, open a menu after a long press, and scroll with a moving finger.
document.addEventListener("dragstart", (event) => {
  const kind = kindOf(event.target);
  if (kind && !event.target.closest(kind.ignored)) event.preventDefault();
});
document.addEventListener("contextmenu", (event) => {
  if (current || press?.isTouch) event.preventDefault();
});
document.addEventListener("touchmove", (event) => current && event.preventDefault(), { passive: false });
