// The storage of drafts (unsent text) on this device: encrypted in localStorage, with keys that the server writes into
// the pages of one member only. Another user of the browser can see when a draft was written and how long it is.
//
//   draft:<owner>:<id> = <time>:<base64 of nonce and ciphertext>
//
// Browsers have the Web Cryptography API on pages over HTTPS or from this machine only. Elsewhere nothing is stored.

import { ownerName } from "./log-out.js";

const PREFIX = "draft:";
const MOST_MS = 30 * 24 * 3600 * 1000;
const MOST_OF_ONE = 400_000; // bytes: the longest description and its previous text, in any script
const MOST_OF_OWNER = 1_500_000; // of the 5,000,000 characters that browsers store for a host
const KEY_BYTES = 32;
const NONCE_BYTES = 12;

const place = document.getElementById("drafts");
const OWNER = ownerName(place?.dataset.home);
const sent = place?.dataset.keys;
delete place?.dataset.keys;

const read = new Map(); // by the stored text: its content
const writes = new Map(); // id: the number of the last write or removal
let count = 0;
let owners = []; // { id, key }: the first encrypts; the others decrypt drafts from before a change of key

const bytesOf = (base64) => Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));

function base64Of(bytes) {
  let text = "";
  for (let at = 0; at < bytes.length; at += 0x8000) text += String.fromCharCode(...bytes.subarray(at, at + 0x8000));
  return btoa(text);
}

// Keys are masked with random bytes, so that no two pages contain the same secret (BREACH).
async function ownerOf(text) {
  const [id, masked] = text.split(".");
  const bytes = bytesOf(masked);
  const secret = bytes.slice(KEY_BYTES).map((byte, at) => byte ^ bytes[at]);
  return { id, key: await crypto.subtle.importKey("raw", secret, "AES-GCM", false, ["encrypt", "decrypt"]) };
}

// Resolves to whether drafts can be stored.
export const ready = (async () => {
  if (!sent || !isSecureContext || !navigator.locks) return false;
  try {
    owners = await Promise.all(sent.split(" ").map(ownerOf));
    localStorage.setItem(OWNER, owners[0].id);
    sweep();
    return true;
  } catch {
    owners = []; // a browser that stores nothing
    return false;
  }
})();

const nameOf = (owner, id) => `${PREFIX}${owner.id}:${id}`;
const names = (prefix) => Object.keys(localStorage).filter((name) => name.startsWith(prefix));
const timeOf = (name) => Number.parseInt(localStorage.getItem(name), 10) || 0;

// Remove drafts that are too old, of all members.
function sweep() {
  for (const name of names(PREFIX)) if (!(Date.now() - timeOf(name) < MOST_MS)) localStorage.removeItem(name);
}

// A draft cannot be decrypted under another name or time.
const parameters = (nonce, name, time) => ({
  name: "AES-GCM",
  iv: nonce,
  additionalData: new TextEncoder().encode(`${name} ${time}`),
});

async function decrypt(owner, name, stored) {
  if (read.has(stored)) return read.get(stored);
  try {
    const [time, text] = stored.split(":");
    const bytes = bytesOf(text);
    const nonce = bytes.subarray(0, NONCE_BYTES);
    const plain = await crypto.subtle.decrypt(parameters(nonce, name, time), owner.key, bytes.subarray(NONCE_BYTES));
    read.set(stored, { ...JSON.parse(new TextDecoder().decode(plain)), time: Number(time) });
  } catch {
    read.set(stored, null); // it was changed outside of this script
  }
  return read.get(stored);
}

// Return the member's draft `id`, null when it is not stored.
export async function load(id) {
  for (const owner of owners) {
    const stored = localStorage.getItem(nameOf(owner, id));
    const content = stored && (await decrypt(owner, nameOf(owner, id), stored));
    if (content) return { id, ...content };
  }
  return null;
}

// Return all drafts of the member, newest first.
export async function loadAll() {
  const ids = owners.flatMap((owner) => names(nameOf(owner, "")).map((name) => name.slice(nameOf(owner, "").length)));
  const found = await Promise.all([...new Set(ids)].map(load));
  return found.filter(Boolean).sort((one, other) => other.time - one.time);
}

// Store a draft. The oldest drafts of the member are removed when there is not enough room.
function store(name, text) {
  const others = names(nameOf(owners[0], ""))
    .filter((each) => each !== name)
    .sort((one, other) => timeOf(one) - timeOf(other));
  const length = (all) => all.reduce((sum, each) => sum + (localStorage.getItem(each)?.length ?? 0), 0);
  while (others.length && length(others) + text.length > MOST_OF_OWNER) localStorage.removeItem(others.shift());
  localStorage.setItem(name, text);
}

// Save a draft and return whether it is stored. A later call for the same draft takes precedence.
export async function save(id, content) {
  const number = ++count;
  writes.set(id, number);
  const plain = new TextEncoder().encode(JSON.stringify(content));
  if (!owners.length || plain.length > MOST_OF_ONE) return false;
  const [owner, time] = [owners[0], Date.now()];
  const nonce = crypto.getRandomValues(new Uint8Array(NONCE_BYTES));
  const name = nameOf(owner, id);
  try {
    const cipher = new Uint8Array(await crypto.subtle.encrypt(parameters(nonce, name, time), owner.key, plain));
    if (writes.get(id) !== number) return false;
    store(name, `${time}:${base64Of(new Uint8Array([...nonce, ...cipher]))}`);
    for (const old of owners.slice(1)) localStorage.removeItem(nameOf(old, id));
    return true;
  } catch {
    return false; // the storage is full
  }
}

export function remove(id) {
  writes.set(id, ++count);
  for (const owner of owners) localStorage.removeItem(nameOf(owner, id));
}

// Another user of the browser ----------------------------------------------------------------------------------------

const isOurs = () => localStorage.getItem(OWNER) === owners[0].id;

// After a log-out (log-out.js), or the log-in of another member, this page reloads in every tab, also from the
// back/forward cache.
addEventListener("storage", (event) => {
  if (owners.length && (event.key === OWNER || event.key === null) && !isOurs()) location.reload();
});
addEventListener("pageshow", (event) => {
  if (event.persisted && owners.length && !isOurs()) location.reload();
});
