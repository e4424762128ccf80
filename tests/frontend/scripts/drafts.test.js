import { equal, find, load, render, test } from "./harness.js";

const forms = await load("shared/draft-forms.js");
const { hasChanged } = await load("shared/fields.js");

const FORM = `<form method="post" action="/tasks/WEB-1/" data-draft="text">
  <input type="hidden" name="csrfmiddlewaretoken" value="secret"><input type="hidden" name="version" value="3">
  <input name="title" value="Old"><textarea name="body"></textarea>
  <select name="status"><option value="1">1</option><option value="2" selected>2</option></select>
  <input type="checkbox" name="label" value="a" checked><input type="checkbox" name="label" value="b">
</form>`;

test("a form that posts text is drafted", () => {
  equal(forms.isDrafted(render(FORM)), true);
});

test("forms that get, without text, with a secret or with drafts off are not drafted", () => {
  const bodies = [
    '<form><input name="q"></form>',
    '<form method="post"><button>Delete</button></form>',
    '<form method="post"><input name="email"><input type="password" name="password"></form>',
    '<form method="post"><input name="code" autocomplete="one-time-code"></form>',
    '<form method="post"><input name="name"><input type="file" name="file"></form>',
    '<form method="post" data-drafts="off"><input name="name"></form>',
  ];
  equal(
    bodies.map((body) => forms.isDrafted(render(body))),
    bodies.map(() => false),
  );
});

test("the slot of a form is its address without the query, and its name", () => {
  equal(forms.slotOf(render(FORM)), "/tasks/WEB-1/#text");
  equal(forms.slotOf(render('<form method="post" action="/a/?next=/b/"></form>')), "/a/#");
  equal(forms.slotOf(render('<form method="post"></form>')), `${location.pathname}#`);
});

test("values are those that differ from what the server sent, and those that are asked for", () => {
  const form = render(FORM);
  equal(forms.valuesOf(form), {});
  form.elements.title.value = "New";
  form.elements.label[1].checked = true;
  form.elements.status.value = "1";
  equal(forms.valuesOf(form), { title: "New", status: "1", "label=b": true });
  equal(forms.valuesOf(form, ["body"]), { title: "New", body: "", status: "1", "label=b": true });
  equal(forms.defaultsOf(form, ["title", "status", "label=a"]), { title: "Old", status: "2", "label=a": true });
});

test("the basis of a form are its hidden fields without the token", () => {
  const form = render(FORM);
  equal(forms.basisOf(form), { version: "3" });
  forms.setBasis(form, { version: "2", other: "x" });
  equal(form.elements.version.value, "2");
});

test("filling a form says whether it shows something else", () => {
  const form = render(FORM);
  equal(forms.fill(form, { title: "Old" }), false);
  equal(forms.fill(form, { title: "New", "label=a": false }), true);
  equal([form.elements.title.value, form.elements.label[0].checked], ["New", false]);
});

test("what was typed after the submit is left", () => {
  const form = render(FORM);
  form.elements.body.value = "First. Second.";
  equal(forms.leftOf(form, { body: "First." }, {}), { body: "Second." });
  equal(forms.leftOf(form, { body: "First. Second." }, {}), {});
  equal(forms.leftOf(form, { body: "First." }, { body: "Was." }), { body: "First. Second." });
});

test("a select without a default has its first option as the default", () => {
  const select = render("<select><option value='1'>1</option><option value='2'>2</option></select>");
  equal(hasChanged(select), false);
  select.value = "2";
  equal(hasChanged(select), true);
  equal(hasChanged(render("<select></select>")), false);
});

// The store ----------------------------------------------------------------------------------------------------------

const KEYS = [1, 2].map(
  (seed) =>
    `owner${seed}.${btoa(
      String.fromCharCode(
        ...Array(64)
          .keys()
          .map((n) => n * seed),
      ),
    )}`,
);
let pages = 0;

// Return the store as a page of the owner of `keys` has it.
async function open(keys) {
  render(`<div id="drafts" data-home="/" data-keys="${keys}"></div>`);
  pages += 1;
  const store = await load(`shared/draft-store.js?page=${pages}`);
  equal(await store.ready, true);
  return store;
}

const stored = () => Object.keys(localStorage).filter((name) => name.startsWith("draft:"));

test("a draft is stored encrypted, and another page of the owner reads it", async () => {
  const store = await open(KEYS[0]);
  equal(await store.save("one", { values: { body: "A secret thought" } }), true);
  equal(stored(), ["draft:owner1:one"]);
  equal(localStorage.getItem("draft:owner1:one").includes(btoa("secret").slice(0, 6)), false);
  const { time, ...draft } = await (await open(KEYS[0])).load("one");
  equal([draft, time > 0], [{ id: "one", values: { body: "A secret thought" } }, true]);
});

test("another owner does not read a draft", async () => {
  await (await open(KEYS[0])).save("one", { values: {} });
  const other = await open(KEYS[1]);
  equal([await other.load("one"), await other.loadAll()], [null, []]);
  localStorage.setItem("draft:owner2:one", localStorage.getItem("draft:owner1:one"));
  equal(await other.load("one"), null);
});

test("a draft that was written with an earlier key is read and then stored with the new one", async () => {
  await (await open(KEYS[0])).save("one", { values: {} });
  const store = await open(`${KEYS[1]} ${KEYS[0]}`);
  equal(
    (await store.loadAll()).map(({ id }) => id),
    ["one"],
  );
  await store.save("one", { values: {} });
  equal(stored(), ["draft:owner2:one"]);
});

test("a changed draft is not read", async () => {
  const store = await open(KEYS[0]);
  await store.save("one", { values: {} });
  const [time, text] = localStorage.getItem("draft:owner1:one").split(":");
  localStorage.setItem("draft:owner1:one", `${Number(time) + 1}:${text}`);
  equal(await store.load("one"), null);
});

test("the later of two calls wins", async () => {
  const store = await open(KEYS[0]);
  const saving = store.save("one", { values: {} });
  store.remove("one");
  equal([await saving, stored()], [false, []]);
});

test("a draft that is too long is not stored", async () => {
  const store = await open(KEYS[0]);
  equal([await store.save("one", { text: "x".repeat(400_001) }), stored()], [false, []]);
});

test("the oldest drafts make room for a new one", async () => {
  localStorage.setItem("draft:owner1:old", `${Date.now() - 2000}:${"x".repeat(1_000_000)}`);
  localStorage.setItem("draft:owner1:newer", `${Date.now() - 1000}:${"x".repeat(400_000)}`);
  const store = await open(KEYS[0]);
  equal(await store.save("one", { text: "x".repeat(200_000) }), true);
  equal(stored().sort(), ["draft:owner1:newer", "draft:owner1:one"]);
});

test("drafts of all owners are removed after thirty days", async () => {
  const days = (count) => Date.now() - count * 24 * 3600 * 1000;
  localStorage.setItem("draft:owner2:old", `${days(31)}:x`);
  localStorage.setItem("draft:owner2:new", `${days(29)}:x`);
  await open(KEYS[0]);
  equal(stored(), ["draft:owner2:new"]);
});

test("the keys are not left in the document", async () => {
  await open(KEYS[0]);
  equal(find("#drafts").dataset.keys, undefined);
});
