import { equal, find, load, render, test } from "./harness.js";

const { wordBefore } = await load("task/mentions.js");
const { Reference } = await load("task/pictures.js");
const { isText } = await load("task/uploads.js");

function typed(text, at = text.length) {
  const field = render("<textarea></textarea>");
  field.value = text;
  field.setSelectionRange(at, at);
  return wordBefore(field);
}

test("a mention begins with an @ that belongs to no address", () => {
  equal(
    ["@", "Hello @Ad", "(@ada", "\n@x", "*@Ada Love"].map((text) => typed(text)),
    ["", "Ad", "ada", "x", "Ada Love"],
  );
  equal(
    ["ada@exam", "a.@x", "x_@y", "no", "@a\nb"].map((text) => typed(text)),
    Array(5).fill(undefined),
  );
});

test("a mention may follow a letter of a script without spaces", () => {
  equal([typed("你好@Ada"), typed("สวัสดี@A"), typed("ä@Ada")], ["Ada", "A", undefined]);
});

test("a mention ends at the cursor", () => {
  equal([typed("@Ada and more", 3), typed("Hello ＠A")], ["Ad", "A"]);
});

function area(text, at) {
  const found = render('<div id="task"><textarea></textarea></div>').firstElementChild;
  found.value = text;
  found.setSelectionRange(at, at);
  return found;
}

const picture = new File(["x"], "plan.png", { type: "image/png" });

test("the reference to a picture is on a line of its own at the cursor", () => {
  const field = area("One. Two.", 4);
  new Reference(picture, field).write("/files/1/", "plan [1].png");
  equal(field.value, "One.\n![plan \\[1\\].png](/files/1/)\n Two.");
});

test("text that was typed during the upload stays, and so does the cursor", () => {
  const field = area("One.\n", 5);
  const reference = new Reference(picture, field);
  field.value = "One.\nTwo.";
  field.setSelectionRange(9, 9);
  reference.write("/files/1/", "plan.png");
  equal([field.value, field.value.slice(field.selectionEnd)], ["One.\n![plan.png](/files/1/)\nTwo.", ""]);
});

test("a file that is no picture is not referenced", () => {
  const field = area("", 0);
  new Reference(new File(["x"], "a.txt", { type: "text/plain" }), field).write("/files/1/", "a.txt");
  equal(field.value, "");
});

function paste(text, ...names) {
  const clipboardData = { getData: () => text, files: names.map((name) => new File(["x"], name)) };
  return isText({ target: find("textarea, h1"), clipboardData });
}

test("text takes precedence over a file that comes with it, except for names of files", () => {
  render("<textarea></textarea>");
  equal([paste("Costs\t30", "image.png"), paste("", "image.png"), paste(" \n", "image.png")], [true, false, false]);
  equal([paste("plan.pdf", "plan.pdf"), paste("/home/bob/plan.pdf", "plan.pdf")], [false, false]);
  equal(paste("file:///home/bob/a%20b.txt\r\nC:\\100%.txt", "a b.txt", "100%.txt"), false);
});

test("outside of text fields a file takes precedence", () => {
  render("<h1>Title</h1>");
  equal(paste("Costs\t30", "image.png"), false);
});
