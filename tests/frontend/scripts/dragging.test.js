import { equal, find, load, render, test } from "./harness.js";

const { draggable, isAt, nextAt, placeOf, putBack } = await load("shared/dragging.js");
const ids = () => [...document.querySelectorAll("li")].map((each) => each.id).join("");

const LIST = `<ul style="margin: 0; padding: 0; list-style: none">${["a", "b", "c"]
  .map((id) => `<li id="${id}" style="height: 20px">${id}<button>Menu</button></li>`)
  .join("")}</ul>`;

test("an item comes before the first one whose middle is below the pointer", () => {
  const list = render(LIST);
  const at = (y) => nextAt(list, find("#c"), y - scrollY + list.getBoundingClientRect().top)?.id ?? null;
  equal([at(5), at(15), at(25), at(35), at(100)], ["a", "b", "b", null, null]);
});

test("an item is put back where it was, and at the end when its neighbour is gone", () => {
  const list = render(LIST);
  const [a, b] = [find("#a"), find("#b")];
  const origin = placeOf(a);
  list.append(a);
  equal([ids(), isAt(a, origin)], ["bca", false]);
  putBack(a, origin);
  equal([ids(), isAt(a, origin)], ["abc", true]);
  list.append(a);
  b.remove();
  putBack(a, origin);
  equal(ids(), "ca");
});

test("an item is not put back into a list that is gone", () => {
  const list = render(LIST);
  const a = find("#a");
  const origin = placeOf(a);
  document.body.append(a);
  list.remove();
  putBack(a, origin);
  equal(a.parentElement, document.body);
});

// The whole drag, by events of a mouse -------------------------------------------------------------------------------

function start() {
  render(LIST);
  const dropped = [];
  draggable({
    items: "li",
    ignored: "button",
    listAt: (item) => item.parentElement,
    drop: (item) => dropped.push(`${item.id}: ${ids()}`),
  });
  return dropped;
}

function point(type, target, x, y, more = {}) {
  const place = { clientX: x, clientY: y, pointerId: 1, pointerType: "mouse", ...more };
  target.dispatchEvent(new PointerEvent(type, { bubbles: true, cancelable: true, ...place }));
}

const middle = (selector) => find(selector).getBoundingClientRect().top + 10;

function carry(selector, y, more) {
  point("pointerdown", find(selector), 5, middle("#c"), more);
  point("pointermove", document.body, 5, y, more);
}

test("an item is dragged to the place of the pointer", () => {
  const dropped = start();
  carry("#c", middle("#a") - 5);
  equal([ids(), find("#c").className, Boolean(find(".drag-copy"))], ["cab", "drag-gap", true]);
  point("pointerup", document.body, 5, middle("#c") - 5);
  equal([dropped, find("#c").className, find(".drag-copy")], [["c: cab"], "", null]);
});

test("a drag that ends where it began is not dropped", () => {
  const dropped = start();
  carry("#c", middle("#a") - 5);
  point("pointerup", document.body, 5, 500);
  equal([dropped, ids()], [[], "abc"]);
});

test("a press without a move is no drag", () => {
  const dropped = start();
  carry("#c", middle("#c") + 3);
  equal(find(".drag-copy"), null);
  point("pointerup", document.body, 5, middle("#a"));
  equal([dropped, ids()], [[], "abc"]);
});

test("a press on an ignored part is no drag", () => {
  start();
  carry("#c button", middle("#a"));
  equal(find(".drag-copy"), null);
});

test("Escape puts the item back", () => {
  const dropped = start();
  carry("#c", middle("#a") - 5);
  const key = new KeyboardEvent("keydown", { key: "Escape", bubbles: true, cancelable: true });
  document.body.dispatchEvent(key);
  equal([ids(), find(".drag-copy"), key.defaultPrevented], ["abc", null, true]);
  point("pointerup", document.body, 5, middle("#a") - 5);
  equal(dropped, []);
});

test("a drag of an item that was removed ends", () => {
  const dropped = start();
  carry("#c", middle("#a") - 5);
  find("ul").remove();
  point("pointermove", document.body, 5, 50);
  equal([find(".drag-copy"), document.documentElement.className], [null, ""]);
  point("pointerup", document.body, 5, 50);
  equal(dropped, []);
});

test("another pointer does not move the item", () => {
  start();
  point("pointerdown", find("#c"), 5, middle("#c"));
  point("pointermove", document.body, 5, middle("#a"), { pointerId: 2 });
  equal(find(".drag-copy"), null);
});

test("a finger drags after a long press and scrolls before", async () => {
  const finger = { pointerType: "touch" };
  start();
  carry("#c", middle("#a"), finger);
  equal([find(".drag-copy"), ids()], [null, "abc"]);
  point("pointerdown", find("#c"), 5, middle("#c"), finger);
  while (!find(".drag-copy")) await new Promise(requestAnimationFrame);
  point("pointermove", document.body, 5, middle("#a") - 5, finger);
  equal(ids(), "cab");
});

test("the copy has no ids", () => {
  render(LIST);
  start();
  carry("#c", middle("#a"));
  equal([find(".drag-copy").id, document.querySelectorAll("#c").length], ["", 1]);
});
