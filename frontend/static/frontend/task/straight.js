// Sends a file straight to S3, past the application: announced, sent as the answer says, and completed. docs/files.md

import { token } from "../shared/toasts.js";

const REFUSALS = [400, 402, 409, 413]; // which the form would get as well

// The application says no, and why; whatever else is thrown is about the way.
export class Refused extends Error {}

async function ask(method, url, body) {
  const headers = { "Content-Type": "application/json", "X-CSRFToken": token() };
  const answer = await fetch(url, { method, headers, body: body && JSON.stringify(body) });
  if (answer.ok) return answer;
  if (!REFUSALS.includes(answer.status)) throw new Error(`${method} ${url} was answered with ${answer.status}.`);
  const { detail, errors } = await answer.json();
  throw new Refused(Object.values(errors).flat().join(" ") || detail);
}

// Not `fetch`, which does not say how far it is.
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

// Attach `file` to a task, and return the attachment. Throws Refused, or something else when there is no such way:
// nothing is left of it then.
export async function sendStraight(file, { url, task, onProgress }) {
  const about = { task, name: file.name, content_type: file.type || "application/octet-stream", size: file.size };
  const announced = await (await ask("POST", url, about)).json();
  const own = `${url}${announced.id}/`;
  try {
    await put(file, announced.upload, onProgress);
    await ask("POST", `${own}complete/`);
  } catch (error) {
    await ask("DELETE", own).catch(() => {}); // or the sweeper will, within a day
    throw new Error("S3 did not take the file.", { cause: error });
  }
  return announced;
}
