// Requests of scripts, by htmx.

// Send a request from an element, its `source`; say whether it was answered well.
export async function send(verb, url, options) {
  let isAnsweredWell = false;
  const hear = ({ detail }) => {
    // Not `detail.elt`: when an answer takes away the element that asked, htmx says so at one that was around it.
    if (detail.requestConfig.elt !== options.source) return;
    isAnsweredWell = detail.xhr.status >= 200 && detail.xhr.status < 300;
  };
  document.addEventListener("htmx:afterRequest", hear);
  await window.htmx.ajax(verb, url, options).catch(() => {});
  document.removeEventListener("htmx:afterRequest", hear);
  return isAnsweredWell;
}
