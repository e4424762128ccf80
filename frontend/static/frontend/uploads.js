// Files that are dropped on a task or pasted into it go through the form for one, one after another.

const queue = [];
let isBusy = false;

const form = () => document.querySelector("#task .add-file");

function add(files) {
  queue.push(...files);
  next();
}

function next() {
  const place = form();
  if (isBusy || !place || !queue.length) return;
  const carrier = new DataTransfer();
  carrier.items.add(queue.shift());
  place.querySelector("[type=file]").files = carrier.files;
  place.requestSubmit();
}

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
  add(event.dataTransfer.files);
});

document.addEventListener("paste", (event) => {
  if (!event.target.closest?.("#task") || !form() || !event.clipboardData?.files.length) return;
  event.preventDefault();
  add(event.clipboardData.files);
});

const isUpload = (event) => event.detail.requestConfig?.elt.matches(".add-file");

document.addEventListener("htmx:beforeRequest", (event) => {
  if (isUpload(event)) isBusy = true;
});

document.addEventListener("htmx:xhr:progress", (event) => {
  const bar = event.target.querySelector?.(".progress");
  if (!bar || !event.detail.lengthComputable) return;
  bar.hidden = false;
  bar.value = event.detail.loaded / event.detail.total;
});

document.addEventListener("htmx:afterRequest", (event) => {
  if (!isUpload(event)) return;
  isBusy = false;
  const bar = form()?.querySelector(".progress");
  if (bar) bar.hidden = true;
  if (!event.detail.successful) queue.length = 0;
});

// Only now does htmx know the new form: before, the browser would leave the page with it.
document.addEventListener("htmx:afterSettle", next);
