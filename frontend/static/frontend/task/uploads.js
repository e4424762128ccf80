// Uploads files that are dropped on a task or pasted into it, one after another, through the form for a file. With
// `data-straight` on the form the file is uploaded directly to S3, and through the application only when that fails.

import { refresh } from "../shared/live.js";
import { token } from "../shared/toasts.js";
import { Reference } from "./pictures.js";

const REFUSALS = new Set([400, 402, 409, 413]); // the form would get these responses as well

const queue = [];
let isBusy = false;
let reference = null; // the placeholder in a text for the picture being uploaded
let isDirect = true; // until a direct upload has failed

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

// The file was attached, under a name of the server.
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
// file manager copies the names of its files as text, which the user does not want to paste.
export function isText(event) {
  if (!event.target.closest("input, textarea, [contenteditable]")) return false;
  const lines = event.clipboardData.getData("text/plain").split(/[\r\n]+/);
  const text = lines.map((line) => line.trim()).filter(Boolean);
  const names = new Set(Array.from(event.clipboardData.files, (file) => file.name));
  return text.some((line) => !names.has(fileName(line)));
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

// Direct upload to S3: announce the file, PUT it, complete it (docs/files.md) ----------------------------------------

// The application refuses the file, and says why. Any other exception means that the direct upload is not possible.
class Refused extends Error {}

async function ask(method, url, body) {
  const headers = { "Content-Type": "application/json", "X-CSRFToken": token() };
  const options = { method, headers, body: body && JSON.stringify(body) };
  const answer = await fetch(url, options);
  if (answer.ok) return answer;
  if (!REFUSALS.has(answer.status)) throw new Error(`${method} ${url} was answered with ${answer.status}.`);
  const { detail, errors } = await answer.json();
  throw new Refused(Object.values(errors).flat().join(" ") || detail);
}

// Not `fetch`, which does not report progress.
function put(file, { method, url, headers }, onProgress) {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open(method, url);
    request.setRequestHeader("Content-Type", headers["Content-Type"]);
    request.upload.addEventListener("progress", (event) => event.lengthComputable && onProgress(event));
    request.addEventListener("load", () => (request.status < 300 ? resolve() : reject(new Error(request.statusText))));
    request.addEventListener("error", () => reject(new Error("S3 was not reached.")));
    request.send(file);
  });
}

// Attach `file` to a task, and return the attachment. Throws Refused, or another error when the direct upload is not
// possible; the attachment is removed then.
async function sendToStorage(file, { url, task, onProgress }) {
  const about = { task, name: file.name, content_type: file.type || "application/octet-stream", size: file.size };
  const announced = await (await ask("POST", url, about)).json();
  const own = `${url}${announced.id}/`;
  try {
    await put(file, announced.upload, onProgress);
    await ask("POST", `${own}complete/`);
  } catch (error) {
    await ask("DELETE", own).catch(() => {}); // else the daily cleanup removes it
    throw new Error("S3 did not take the file.", { cause: error });
  }
  return announced;
}

// In the capture phase, before htmx handles the event.
document.addEventListener(
  "submit",
  (event) => {
    const place = event.target;
    if (!place.matches("#task .add-file[data-straight]") || !isDirect) return;
    event.preventDefault();
    event.stopPropagation();
    if (!isBusy) uploadDirectly(place);
  },
  true,
);

async function uploadDirectly(place) {
  const { attachments: url, task } = place.dataset;
  isBusy = true;
  place.querySelector("[role=alert]")?.remove();
  try {
    const file = place.querySelector("[type=file]").files[0];
    attached(await sendToStorage(file, { url, task, onProgress: showProgress }));
  } catch (error) {
    isBusy = false;
    hideProgress();
    if (error instanceof Refused) refuse(place, error.message);
    else uploadThroughApplication(place);
    return;
  }
  isBusy = false;
  hideProgress();
  place.reset(); // an update leaves a form alone in which a file is chosen
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

function uploadThroughApplication(place) {
  isDirect = false;
  if (place.isConnected) place.requestSubmit();
}

// After the task was updated: upload the next file.
document.addEventListener("htmx:afterSettle", next);
