// Requests that scripts send with htmx.

// Send a request from the element `source`; return whether the answer was a success.
export async function send(verb, url, options) {
  let isSuccess = false;
  const hear = ({ detail }) => {
    // Not `detail.elt`: when the answer removes the source, htmx fires the event at an element around it.
    if (detail.requestConfig.elt !== options.source) return;
    isSuccess = detail.xhr.status >= 200 && detail.xhr.status < 300;
  };
  document.addEventListener("htmx:afterRequest", hear);
  await window.htmx.ajax(verb, url, options).catch(() => {});
  document.removeEventListener("htmx:afterRequest", hear);
  return isSuccess;
}
