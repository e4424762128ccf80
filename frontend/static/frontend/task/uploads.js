// Files that are dropped on a task or pasted into it go through the form for one, one after another. Where the form
// says so its file is sent straight to S3, and through the application only when that does not work.

import { refresh } from "../shared/live.js";
import { Reference } from "./pictures.js";
import { Refused, sendStraight } from "./straight.js";

const queue = [];
let isBusy = false;
let reference = null; // to the picture that is on its way, in a text
let mayGoStraight = true; // until it did not work

const form = () => document.querySelector("#task .add-file");

function add(files, target) {
  for (const file of files) queue.push({ file, reference: new Reference(file, target) });
  next();
}

function next() {
  const place = form();
  if (isBusy || !place || !queue.length) return;
  const carrier = new DataTransfer();
  const first = queue.shift();
  reference = first.reference;
  carrier.items.add(first.file);
  place.querySelector("[type=file]").files = carrier.files;
  place.requestSubmit();
}

// What was attached, under the name that the server gave it.
function attached({ id, name }) {
  reference?.write(`${form()?.dataset.attachments}${id}/download/`, name);
  reference = null;
}

document.addEventListener("file-attached", ({ detail }) => attached(detail));

function hasFiles(event) {
  return form() && event.target.closest?.("#task") && event.dataTransfer?.types.includes("Files");
}

document.addEventListener("dragover", (event) => {
  if (!hasFiles(event)) return;
  event.preventDefault();
  event.dataTransfer.dropEffect = "copy";
  form().closest("section").classList.add("drop-here");
});

document.addEventListener("dragleave", (event) => {
  if (!event.relatedTarget?.closest?.("#task")) form()?.closest("section").classList.remove("drop-here");
});

document.addEventListener("drop", (event) => {
  if (!hasFiles(event)) return;
  event.preventDefault();
  form().closest("section").classList.remove("drop-here");
  add(event.dataTransfer.files, event.target);
});

// Spreadsheets and word processors copy a picture along with the text: in a text field the text takes precedence. A
// file manager copies the names of its files as text: they are no text that the user wants.
function isText(event) {
  if (!event.target.closest("input, textarea, [contenteditable]")) return false;
  const lines = event.clipboardData.getData("text/plain").split(/[\r\n]+/);
  const text = lines.map((line) => line.trim()).filter(Boolean);
  const names = Array.from(event.clipboardData.files, (file) => file.name);
  return text.some((line) => !names.includes(fileName(line)));
}

function fileName(line) {
  const name = line.split(/[\\/]/).at(-1);
  try {
    return line.startsWith("file:") ? decodeURIComponent(name) : name;
  } catch {
    return name; // a stray "%"
  }
}

document.addEventListener("paste", (event) => {
  if (!event.target.closest?.("#task") || !form() || !event.clipboardData?.files.length) return;
  if (isText(event)) return;
  event.preventDefault();
  add(event.clipboardData.files, event.target);
});

const isUpload = (event) => event.detail.requestConfig?.elt.matches(".add-file");

document.addEventListener("htmx:beforeRequest", (event) => {
  if (isUpload(event)) isBusy = true;
});

function showProgress({ loaded, total }) {
  const bar = form()?.querySelector(".progress");
  if (!bar) return;
  bar.hidden = false;
  bar.value = total ? loaded / total : 1;
}

function hideProgress() {
  const bar = form()?.querySelector(".progress");
  if (bar) bar.hidden = true;
}

document.addEventListener("htmx:xhr:progress", (event) => {
  if (event.target.matches?.(".add-file") && event.detail.lengthComputable) showProgress(event.detail);
});

document.addEventListener("htmx:afterRequest", (event) => {
  if (!isUpload(event)) return;
  isBusy = false;
  hideProgress();
  if (event.detail.successful) next();
  else giveUp();
});

// Before htmx hears of it.
document.addEventListener(
  "submit",
  (event) => {
    const place = event.target;
    if (!place.matches("#task .add-file[data-straight]") || !mayGoStraight) return;
    event.preventDefault();
    event.stopPropagation();
    if (!isBusy) goStraight(place);
  },
  true,
);

async function goStraight(place) {
  const { attachments: url, task } = place.dataset;
  isBusy = true;
  place.querySelector("[role=alert]")?.remove();
  try {
    const file = place.querySelector("[type=file]").files[0];
    attached(await sendStraight(file, { url, task, onProgress: showProgress }));
  } catch (error) {
    isBusy = false;
    hideProgress();
    if (error instanceof Refused) refuse(place, error.message);
    else goThroughTheApplication(place);
    return;
  }
  isBusy = false;
  hideProgress();
  place.reset(); // what is chosen in it would be left alone
  refresh("task");
}

function giveUp() {
  queue.length = 0;
  reference = null;
}

function refuse(place, reason) {
  giveUp();
  const text = document.createElement("p");
  text.className = "errorlist";
  text.setAttribute("role", "alert");
  text.textContent = reason;
  place.prepend(text);
}

function goThroughTheApplication(place) {
  mayGoStraight = false;
  if (place.isConnected) place.requestSubmit();
}

// The task as it is after a file that went straight to S3.
document.addEventListener("htmx:afterSettle", next);
