// The WebSocket of a page (docs/websocket.md): follows projects, reconnects, and shows its state.

const FIRST_WAIT_MS = 500;
const LONGEST_WAIT_MS = 30_000;
const PING_MS = 25_000;
const PATIENCE_MS = 10_000;
const GIVE_UP = 4403; // the membership has ended, or the account is suspended
const ENDED = 4401; // the session has ended; the user may log in again in another tab

const meta = document.querySelector("meta[name=socket]");
const path = meta?.content; // starts with the prefix of the account, with path routing
const protocol = meta?.dataset.subprotocol;
const sign = document.getElementById("live");

function show(state) {
  if (!sign) return;
  const texts = { ...sign.dataset, live: sign.dataset.liveText };
  sign.dataset.state = state;
  sign.textContent = texts[state];
  sign.hidden = false;
}

class Socket extends EventTarget {
  #seen = new Map(); // project: the number of the last event that was received
  #open = new Set(); // projects that the server has confirmed
  #failures = 0;
  #connection = null;
  #timers = [];

  // Follow a project after the event `since`; return whether later events were received already.
  follow(project, since) {
    const seen = this.#seen.get(project);
    if (seen !== undefined) return since < seen;
    this.#seen.set(project, since);
    if (!this.#connection) this.#connect();
    else if (this.#connection.readyState === WebSocket.OPEN) this.#subscribe(project);
    return false;
  }

  #connect() {
    if (!navigator.onLine) {
      show("offline"); // until the browser is online again: hurry()
      return;
    }
    show(this.#failures ? "reconnecting" : "connecting");
    const scheme = location.protocol === "https:" ? "wss:" : "ws:";
    const connection = new WebSocket(`${scheme}//${location.host}${path}`, [protocol]);
    this.#connection = connection;
    connection.addEventListener("open", () => {
      for (const project of this.#seen.keys()) this.#subscribe(project);
      this.#timers.push(setInterval(() => this.#ping(), PING_MS));
    });
    connection.addEventListener("message", (message) => this.#take(JSON.parse(message.data)));
    connection.addEventListener("close", (event) => this.#closed(connection, event));
  }

  #send(frame) {
    if (this.#connection.readyState === WebSocket.OPEN) this.#connection.send(JSON.stringify(frame));
  }

  #subscribe(project) {
    this.#send({ type: "subscribe", project, since: this.#seen.get(project) });
  }

  #ping() {
    this.#send({ type: "ping" });
    this.patience ??= setTimeout(() => this.#connection.close(), PATIENCE_MS);
  }

  #take(frame) {
    const { type, project } = frame;
    clearTimeout(this.patience);
    this.patience = null;
    if (type === "subscribed") {
      this.#open.add(project);
      this.#failures = 0;
      if (this.#open.size === this.#seen.size) show("live");
    } else if (type === "event" && frame.seq > this.#seen.get(project)) {
      this.#seen.set(project, frame.seq);
      this.dispatchEvent(new CustomEvent("event", { detail: frame }));
    } else if (type === "resync") {
      this.dispatchEvent(new CustomEvent("resync", { detail: frame }));
    } else if (type === "error" && frame.code === "not_found") {
      this.dispatchEvent(new CustomEvent("lost", { detail: frame }));
    } else if (type === "error") {
      this.#connection.close();
    }
  }

  #closed(connection, event) {
    if (connection !== this.#connection) return;
    for (const timer of this.#timers.splice(0)) clearInterval(timer);
    clearTimeout(this.patience);
    this.patience = null;
    this.#open.clear();
    if (event.code === GIVE_UP && event.reason !== "role_changed") {
      show("offline");
      return;
    }
    if (event.code === ENDED) this.dispatchEvent(new Event("ended"));
    show(navigator.onLine ? "reconnecting" : "offline");
    const wait = Math.min(FIRST_WAIT_MS * 2 ** this.#failures, LONGEST_WAIT_MS) * (0.5 + Math.random() / 2);
    this.#failures += 1;
    this.retry = setTimeout(() => this.#connect(), wait);
  }

  // Connect now instead of after the wait.
  hurry() {
    if (!this.#seen.size || this.#connection?.readyState < WebSocket.CLOSING) return;
    clearTimeout(this.retry);
    this.#connect();
  }

  cut() {
    if (!this.#connection) return;
    show("offline");
    this.#connection.close();
  }
}

export const socket = new Socket();

addEventListener("online", () => socket.hurry());
addEventListener("offline", () => socket.cut());
