// What the tests here are written with. Each runs in a new page; `load` imports a module of the pages.

export const tests = new Map();

export function test(name, run) {
  tests.set(name, run);
}

const text = (value) => JSON.stringify(value, (_key, each) => (each === undefined ? "(undefined)" : each));

export function equal(actual, expected) {
  if (text(actual) !== text(expected)) throw new Error(`${text(actual)} is not ${text(expected)}`);
}

// Put HTML on the page, and return its first element.
export function render(html) {
  document.body.innerHTML = html;
  return document.body.firstElementChild;
}

export const find = (selector) => document.querySelector(selector);

// What modules use of htmx when they are loaded.
window.htmx = { defineExtension: () => {}, ajax: async () => {} };

export const load = (path) => import(`/static/frontend/${path}`);
