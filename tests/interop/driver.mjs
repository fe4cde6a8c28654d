// Stock ShareDB clients, told what to do by JSON lines on standard input.
//
// A command is {id, do, client, ...}; the answer is {id, ok} or {id, error: {code, message, data}}.
// Commands run as they come; one that waits (for an ack, a subscription) does not hold up the next.
import { createRequire } from "node:module";
import readline from "node:readline";
import { decode, encode } from "@msgpack/msgpack";
import { PackedSocket, SUBPROTOCOL } from "../../clients/packed-socket.mjs";

const require = createRequire(import.meta.url);
const { Connection } = require("sharedb/lib/client");
const logger = require("sharedb/lib/logger");
const WebSocket = require("ws");

logger.setMethods({ info: () => {}, warn: () => {}, error: () => {} });

const clients = new Map();

class Client {
  constructor(url, packed) {
    this.url = url;
    this.packed = packed;
    this.received = []; // every frame, parsed
    this.sent = [];
    this.deaf = false; // drops what comes in, as a cut connection would
    this.notices = [];
    this.presences = new Map();
    this.heard = [];
  }

  open() {
    const socket = new WebSocket(this.url, this.packed ? [SUBPROTOCOL] : []);
    this.socket = socket;
    const inner = this.packed ? new PackedSocket(socket, { encode, decode }) : socket;
    // What sharedb sees: the same socket, with an ear of ours before it.
    const seen = {
      get readyState() {
        return inner.readyState;
      },
      send: (text) => {
        this.sent.push(JSON.parse(text));
        inner.send(text);
      },
      close: () => inner.close(),
    };
    inner.onmessage = ({ data }) => {
      if (this.deaf) return;
      const message = typeof data === "string" ? JSON.parse(data) : data;
      this.received.push(structuredClone(message)); // sharedb takes parts out of what it is given
      if (message.a === "notice") this.notices.push(message);
      else seen.onmessage?.({ data });
    };
    inner.onopen = () => seen.onopen?.();
    inner.onerror = (error) => seen.onerror?.(error);
    inner.onclose = ({ code }) => {
      this.closed = code;
      seen.onclose?.("disconnected");
    };
    this.seen = inner;
    if (this.connection) this.connection.bindToSocket(seen);
    else this.connection = new Connection(seen);
    return new Promise((resolve, reject) => {
      socket.once("unexpected-response", (_, response) => reject(new Error(`HTTP ${response.statusCode}`)));
      this.connection.once("connected", () => resolve(this.connection.id));
      this.connection.once("error", reject);
    });
  }

  doc({ c, d }) {
    const doc = this.connection.get(c, d);
    if (!doc.watched) {
      doc.watched = true;
      doc.errors = [];
      doc.on("error", (error) => doc.errors.push(plain(error)));
    }
    return doc;
  }
}

const state = (doc) => ({
  version: doc.version,
  type: doc.type ? doc.type.uri : null,
  data: doc.data === undefined ? null : doc.data,
  pending: doc.hasPending(),
  errors: doc.errors,
});

const plain = (error) => ({ code: error.code ?? null, message: error.message, data: error.data ?? null });

const called = (call) =>
  new Promise((resolve, reject) => call((error, value) => (error ? reject(error) : resolve(value))));

const outcome = (promise) => promise.then((ok) => ({ ok: ok ?? true }), (error) => ({ error: plain(error) }));

const commands = {
  connect: ({ client, url, packed }) => {
    const one = new Client(url, packed);
    clients.set(client, one);
    return one.open();
  },
  reconnect: ({ client }) => {
    const one = clients.get(client);
    one.deaf = false;
    return one.open();
  },
  // Cut: the server sees a dead connection, the client a lost one.
  cut: ({ client }) => {
    const one = clients.get(client);
    const closed = new Promise((resolve) => one.connection.once("disconnected", resolve));
    one.socket.terminate();
    return closed.then(() => true);
  },
  deafen: ({ client }) => {
    clients.get(client).deaf = true;
    return true;
  },
  frames: ({ client }) => {
    const { received, sent, notices, closed } = clients.get(client);
    return { received, sent, notices, closed: closed ?? null };
  },
  subscribe: async ({ client, ...at }) => {
    const doc = clients.get(client).doc(at);
    await called((done) => doc.subscribe(done));
    return state(doc);
  },
  bulkSubscribe: async ({ client, c, ids }) => {
    const one = clients.get(client);
    one.connection.startBulk();
    const all = ids.map((d) => outcome(called((done) => one.doc({ c, d }).subscribe(done))));
    one.connection.endBulk();
    return Promise.all(all);
  },
  bulkUnsubscribe: async ({ client, c, ids }) => {
    const one = clients.get(client);
    one.connection.startBulk();
    const all = ids.map((d) => outcome(called((done) => one.doc({ c, d }).unsubscribe(done))));
    one.connection.endBulk();
    return Promise.all(all);
  },
  fetch: async ({ client, ...at }) => {
    const doc = clients.get(client).doc(at);
    await called((done) => doc.fetch(done));
    return state(doc);
  },
  unsubscribe: ({ client, ...at }) => called((done) => clients.get(client).doc(at).unsubscribe(done)),
  state: ({ client, ...at }) => state(clients.get(client).doc(at)),
  // Waits until the document is at `version` (or further) and nothing of ours is under way.
  settled: ({ client, version, ...at }) => {
    const doc = clients.get(client).doc(at);
    return new Promise((resolve) => {
      const look = () => {
        if (doc.version >= version && !doc.hasPending()) resolve(state(doc));
        else setTimeout(look, 5);
      };
      look();
    });
  },
  create: async ({ client, data, type, ...at }) => {
    const doc = clients.get(client).doc(at);
    await called((done) => doc.create(data, type ?? undefined, done));
    return state(doc);
  },
  del: ({ client, ...at }) => called((done) => clients.get(client).doc(at).del(done)),
  // All at once, each its own op; the outcome of each, in order.
  submit: ({ client, ops, ...at }) => {
    const doc = clients.get(client).doc(at);
    doc.preventCompose = true;
    return Promise.all(ops.map((op) => outcome(called((done) => doc.submitOp(op, done)))));
  },
  snapshot: ({ client, c, d, v }) =>
    called((done) => clients.get(client).connection.fetchSnapshot(c, d, v ?? null, done)),
  snapshotAt: ({ client, c, d, ts }) =>
    called((done) => clients.get(client).connection.fetchSnapshotByTimestamp(c, d, ts ?? null, done)),
  ping: ({ client }) => {
    const { connection } = clients.get(client);
    return new Promise((resolve) => {
      connection.once("pong", () => resolve(true));
      connection.ping();
    });
  },
  // A message as it stands, past the client.
  raw: ({ client, message }) => {
    const { socket, seen } = clients.get(client);
    if (typeof message === "string") socket.send(message);
    else seen.send(JSON.stringify(message));
    return true;
  },
  presenceSubscribe: async ({ client, ch }) => {
    const one = clients.get(client);
    const presence = one.connection.getPresence(ch);
    presence.on("receive", (id, value) => one.heard.push([id, value]));
    await called((done) => presence.subscribe(done));
    return true;
  },
  presence: async ({ client, ch, presence, value }) => {
    const one = clients.get(client);
    if (!one.presences.has(presence)) {
      one.presences.set(presence, one.connection.getPresence(ch).create(presence));
    }
    await called((done) => one.presences.get(presence).submit(value, done));
    return true;
  },
  // Waits until the presence ids that `client` sees on `ch` are just these.
  presences: ({ client, ch, expect }) => {
    const presence = clients.get(client).connection.getPresence(ch);
    const wanted = JSON.stringify(Object.entries(expect).sort());
    return new Promise((resolve) => {
      const look = () => {
        if (JSON.stringify(Object.entries(presence.remotePresences).sort()) === wanted) resolve(true);
        else setTimeout(look, 5);
      };
      look();
    });
  },
  heard: ({ client }) => clients.get(client).heard,
};

const answer = (line) => process.stdout.write(`${JSON.stringify(line)}\n`);

readline.createInterface({ input: process.stdin }).on("line", (line) => {
  const { id, do: name, ...rest } = JSON.parse(line);
  Promise.resolve()
    .then(() => commands[name](rest))
    .then(
      (ok) => answer({ id, ok: ok ?? null }),
      (error) => answer({ id, error: plain(error) }),
    );
}).on("close", () => process.exit(0));
