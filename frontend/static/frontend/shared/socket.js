// The one WebSocket of a page (docs/websocket.md): follows projects, survives cuts, and shows how it is.

const FIRST_WAIT_MS = 500;
const LONGEST_WAIT_MS = 30_000;
const PING_MS = 25_000;
const PATIENCE_MS = 10_000;
const GIVE_UP = 4403; // not a member any more, suspended
const ENDED = 4401; // not logged in any more; another tab may log in

// Below the prefix of the account, where accounts are told apart by path.
const path = document.querySelector("meta[name=socket]")?.content;
const sign = document.getElementById("live");

function show(state) {
  if (!sign) return;
  const texts = { ...sign.dataset, live: sign.dataset.liveText };
  sign.dataset.state = state;
  sign.textContent = texts[state];
  sign.hidden = false;
}

class Socket extends EventTarget {
  #seen = new Map(); // project: the number of the last event that was taken in
  #open = new Set(); // projects that the server has said yes to
  #failures = 0;
  #connection = null;
  #timers = [];

  // Follow a project after the event `since`; say whether there have been later ones already.
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
      show("offline"); // until the browser says otherwise: hurry()
      return;
    }
    show(this.#failures ? "reconnecting" : "connecting");
    const scheme = location.protocol === "https:" ? "wss:" : "ws:";
    const connection = new WebSocket(`${scheme}//${location.host}${path}`, ["commonhold.v1"]);
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

  // Try now what would be tried later.
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
