import { equal, find, load, render, test } from "./harness.js";

// A server that the test answers for.
class Server extends EventTarget {
  static OPEN = 1;
  static CLOSING = 2;
  static all = [];
  readyState = 0;
  sent = [];

  constructor(url, protocols) {
    super();
    Object.assign(this, { url, protocols });
    Server.all.push(this);
  }

  send(text) {
    this.sent.push(JSON.parse(text));
  }

  open() {
    this.readyState = Server.OPEN;
    this.dispatchEvent(new Event("open"));
  }

  say(frame) {
    this.dispatchEvent(new MessageEvent("message", { data: JSON.stringify(frame) }));
  }

  close(code = 1006, reason = "") {
    this.readyState = 3;
    this.dispatchEvent(new CloseEvent("close", { code, reason }));
  }
}

const waits = [];

async function connect() {
  render('<p id="live" data-live-text="Live" data-reconnecting="Reconnecting" data-offline="Offline" hidden></p>');
  document.head.innerHTML = '<meta name="socket" content="/t/acme/ws/" data-subprotocol="tracker.v1">';
  window.WebSocket = Server;
  window.setTimeout = (_run, wait) => waits.push(wait);
  const { socket } = await load("shared/socket.js");
  const heard = [];
  for (const name of ["event", "resync", "lost", "ended"]) {
    socket.addEventListener(name, ({ detail }) =>
      heard.push(detail ? `${name} ${detail.seq ?? detail.project}` : name),
    );
  }
  return { socket, heard };
}

const state = () => find("#live").dataset.state;

test("a project is followed from the number of the page on", async () => {
  const { socket } = await connect();
  equal([socket.follow("p", 7), state()], [false, "connecting"]);
  const [server] = Server.all;
  equal([server.url, server.protocols], [`ws://${location.host}/t/acme/ws/`, ["tracker.v1"]]);
  server.open();
  equal(server.sent, [{ type: "subscribe", project: "p", since: 7 }]);
  server.say({ type: "subscribed", project: "p", seq: 7 });
  equal([state(), find("#live").textContent], ["live", "Live"]);
});

test("an event is told once, and a cut goes on after the last one", async () => {
  const { socket, heard } = await connect();
  socket.follow("p", 7);
  Server.all[0].open();
  for (const seq of [7, 8, 8, 9]) Server.all[0].say({ type: "event", project: "p", seq });
  equal(heard, ["event 8", "event 9"]);
  equal([socket.follow("p", 8), socket.follow("p", 9)], [true, false]);
  Server.all[0].close();
  equal(state(), "reconnecting");
  socket.hurry();
  Server.all[1].open();
  equal(Server.all[1].sent, [{ type: "subscribe", project: "p", since: 9 }]);
});

test("the wait between attempts grows and has a limit", async () => {
  const { socket } = await connect();
  socket.follow("p", 0);
  for (let attempt = 0; attempt < 9; attempt += 1) {
    Server.all.at(-1).close();
    socket.hurry();
  }
  const ranges = [500, 1000, 2000, 4000, 8000, 16000, 30000, 30000, 30000];
  equal(
    waits.map((wait, at) => wait >= ranges[at] / 2 && wait <= ranges[at]),
    ranges.map(() => true),
  );
});

test("a lost membership ends the attempts, and a changed role does not", async () => {
  const { socket } = await connect();
  socket.follow("p", 0);
  Server.all[0].close(4403, "role_changed");
  equal([state(), waits.length], ["reconnecting", 1]);
  socket.hurry();
  Server.all[1].close(4403, "not_a_member");
  equal([state(), waits.length], ["offline", 1]);
});

test("the end of the session and the loss of a project are told", async () => {
  const { socket, heard } = await connect();
  socket.follow("p", 0);
  Server.all[0].open();
  Server.all[0].say({ type: "resync", project: "p" });
  Server.all[0].say({ type: "error", code: "not_found", project: "p" });
  Server.all[0].close(4401, "not_authenticated");
  equal(heard, ["resync p", "lost p", "ended"]);
});

const BOARD = `<div id="tasks" data-view="board"><div class="column" data-status="todo"><ul><li id="card-1"></li></ul></div></div>`;
const columns = async (event) => (await load("shared/live.js")).columnsOf(render(BOARD), event);

test("an event of a task concerns the columns that it was and is in", async () => {
  equal(await columns({ verb: "task.updated", object: { id: "1", status: "done" } }), ["todo", "done"]);
  equal(await columns({ verb: "task.created", object: { id: "2", status: "done" } }), ["done"]);
  equal(await columns({ verb: "subtask.updated", object: { id: "9", task: "1" } }), ["todo"]);
  equal(await columns({ verb: "comment.created", object: { id: "9", task: "1" } }), []);
});

test("any other event concerns the whole board", async () => {
  equal(await columns({ verb: "status.created", object: { id: "x" } }), null);
  equal(await columns({ verb: "task.deleted", object: null }), null);
});
