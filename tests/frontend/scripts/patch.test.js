import { equal, find, load, render, test } from "./harness.js";

const { DEFERRED, patch } = await load("shared/patch.js");

function fragment(html) {
  const template = document.createElement("template");
  template.innerHTML = html;
  return template.content;
}

const list = (...items) => `<ul id="list" data-keyed>${items.join("")}</ul>`;
const item = (id, text = id) => `<li id="${id}">${text}</li>`;
const texts = () => [...document.querySelectorAll("li")].map((each) => each.textContent);
const update = (html) => patch(find("#list"), fragment(html)).map((each) => each.id);

test("elements that are the same stay, and those that differ are replaced", () => {
  render(list(item("a"), item("b")));
  const [a, b] = document.querySelectorAll("li");
  equal(update(list(item("a"), item("b", "changed"))), ["b"]);
  equal(texts(), ["a", "changed"]);
  equal([a.isConnected, b.isConnected], [true, false]);
});

test("elements are added, removed and ordered as in the answer", () => {
  render(list(item("a"), item("b"), item("c")));
  const c = find("#c");
  equal(update(list(item("c"), item("d"), item("a"))), ["d"]);
  equal(texts(), ["c", "d", "a"]);
  equal(c.isConnected, true);
});

test("a part of the children leaves the others alone", () => {
  render(list(item("a"), item("b")));
  update(`<ul id="list" data-keyed data-part>${item("b", "changed")}${item("c")}</ul>`);
  equal(texts(), ["a", "changed", "c"]);
});

test("an answer that is older changes nothing", () => {
  render('<ul id="list"><li id="a" data-seq="5">new</li></ul>');
  find("#list").dataset.keyed = "";
  update('<ul id="list" data-keyed><li id="a" data-seq="4">old</li></ul>');
  equal(texts(), ["new"]);
  update('<ul id="list" data-keyed><li id="a" data-seq="6">newer</li></ul>');
  equal(texts(), ["newer"]);
});

test("an element of the reader is neither replaced nor removed", () => {
  render(list('<li id="a" data-keep>mine</li>', item("b")));
  update(list(item("a", "changed")));
  update(list(item("b")));
  equal(texts().sort(), ["b", "mine"]);
});

test("an element with typed text is deferred", () => {
  render(list('<li id="a"><input></li>'));
  find("input").value = "typed";
  let deferred = 0;
  document.addEventListener(DEFERRED, () => (deferred += 1));
  equal(update(list('<li id="a"><input class="new"></li>')), []);
  equal([find("input").value, deferred], ["typed", 1]);
});

test("attributes of a keyed element follow the answer", () => {
  render(list());
  find("#list").setAttribute("data-seq", "1");
  find("#list").setAttribute("hidden", "");
  update('<ul id="list" data-keyed data-seq="2" class="new"></ul>');
  equal([...find("#list").attributes].map(({ name, value }) => `${name}=${value}`).sort(), [
    "class=new",
    "data-keyed=",
    "data-seq=2",
    "id=list",
  ]);
});

test("the focus comes back to the element that replaces the one with it", () => {
  render(list('<li id="a"><button class="edit">one</button></li>'));
  find("button").focus();
  update(list('<li id="a"><button class="edit">two</button></li>'));
  equal([document.activeElement.tagName, document.activeElement.textContent], ["BUTTON", "two"]);
});
