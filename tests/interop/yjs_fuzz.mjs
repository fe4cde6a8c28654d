// Stock Yjs and ShareDB clients that edit one design at random, lose their connections now and then,
// and try what is not allowed with every third edit.
//
// usage: node yjs_fuzz.mjs SOCKET_BASE DESIGN_ID ROUNDS SEED YJS_CLIENTS SHAREDB_CLIENTS [SOCKET_BASE…]
// Clients take turns with the bases given. Prints "progress <round>" on the way and in the end one JSON
// object: what each client holds once nothing changes any more, and how often it was refused.
import { createRequire } from "node:module";
import ReconnectingWebSocket from "reconnecting-websocket";
import { WebsocketProvider } from "y-websocket";
import * as Y from "yjs";

const require = createRequire(import.meta.url);
const { Connection } = require("sharedb/lib/client");
const logger = require("sharedb/lib/logger");
const WebSocket = require("ws");

const [base, design, roundsGiven, seed, yjsCount, sharedbCount, ...more] = process.argv.slice(2);
const BASES = [base, ...more];
const ROUNDS = Number(roundsGiven);
const ROOTS = ["meta", "settings", "theme", "libraries", "pages", "components", "queries", "scripts", "dataSources"];
const SETTLE_MS = 60_000;

logger.setMethods({ info: () => {}, warn: () => {}, error: () => {} });
let denials = 0;
const warn = console.warn;
console.warn = (...all) => {
  if (String(all[0]).startsWith("Permission denied")) denials += 1;
  else warn(...all);
};
console.error = (...all) => process.stderr.write(`${all.join(" ")}\n`);

let state = Number(seed) >>> 0;
function random() {
  state = (state + 0x6d2b79f5) | 0;
  let t = Math.imul(state ^ (state >>> 15), 1 | state);
  t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
  return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
}
const pick = (list) => list[Math.floor(random() * list.length)];
const wait = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

function canonical(value) {
  return JSON.stringify(value, (_, v) =>
    v && typeof v === "object" && !Array.isArray(v)
      ? Object.fromEntries(Object.entries(v).sort(([a], [b]) => (a < b ? -1 : 1)))
      : v,
  );
}

class YjsClient {
  constructor(number) {
    this.number = number;
    this.made = 0;
    this.doc = new Y.Doc();
    this.provider = new WebsocketProvider(`${BASES[number % BASES.length]}/ws/yjs`, design, this.doc, {
      WebSocketPolyfill: WebSocket,
      params: { user: `Yjs ${number}` },
      disableBc: true,
      maxBackoffTime: 300,
    });
  }

  open() {
    return new Promise((resolve) => this.provider.on("sync", (isSynced) => isSynced && resolve()));
  }

  cut() {
    this.provider.disconnect();
    setTimeout(() => this.provider.connect(), random() * 150);
  }

  close() {
    this.provider.destroy();
  }

  isQuiet() {
    return this.provider.synced;
  }

  json() {
    return Object.fromEntries(ROOTS.map((root) => [root, this.doc.getMap(root).toJSON()]));
  }

  edit() {
    const components = this.doc.getMap("components");
    const page = [...this.doc.getMap("pages").keys()][0];
    const ids = [...components.keys()];
    const kind = random();
    if (ids.length < 4 || kind < 0.12) {
      const id = `y${this.number}x${this.made++}`;
      this.doc.transact(() => {
        const made = new Y.Map();
        components.set(id, made);
        const props = new Y.Map([
          ["label", new Y.Text(`[${id}]`)],
          ["options", new Y.Array()],
        ]);
        const place = { page, slot: "content", order: `a${Math.floor(random() * 9)}` };
        for (const [key, value] of Object.entries({ type: "Select", typeVersion: 1, name: `S_${id}`, place, props }))
          made.set(key, value);
      });
      return;
    }
    const id = pick(ids);
    const component = components.get(id);
    const props = component?.get("props");
    if (!(props instanceof Y.Map)) return;
    if (kind < 0.17) components.delete(id);
    else if (kind < 0.42) {
      const label = props.get("label");
      if (label instanceof Y.Text) {
        const text = label.toString();
        let at = Math.floor(random() * (text.length + 1));
        if (/[\udc00-\udfff]/.test(text[at] ?? "")) at += 1;
        const length = text.codePointAt(at) > 0xffff ? 2 : 1;
        if (random() < 0.65 || at >= text.length) label.insert(at, pick(["a", "é", "😀", "zz"]));
        else label.delete(at, length);
      }
    } else if (kind < 0.52) props.set("required", random() < 0.5);
    else if (kind < 0.6) {
      const options = props.get("options");
      if (!(options instanceof Y.Array)) return;
      const at = Math.floor(random() * (options.length + 1));
      const token = `o${this.number}_${this.made++}`;
      if (random() < 0.7 || at >= options.length)
        options.insert(at, [new Y.Map([["label", token], ["value", token]])]);
      else options.delete(at, 1);
    } else if (kind < 0.66) {
      component.set("place", { page, slot: "content", order: `a${Math.floor(random() * 9)}V` });
    } else if (kind < 0.74) component.set("name", "not a name!");
    else if (kind < 0.8) props.set("nosuch", 1);
    else if (kind < 0.86) component.set("place", { page: "nowhere", slot: "content", order: "a0" });
    else if (kind < 0.9) props.set("label", 5);
    else if (kind < 0.93) props.set("label", new Uint8Array([1, 2]));
    else if (kind < 0.96) this.doc.getMap("meta").set("name", "");
    else components.set(`y${this.number}w${this.made++}`, new Y.Map([["type", "Button"]]));
  }
}

class ShareDBClient {
  constructor(number) {
    this.number = number;
    this.made = 0;
    this.refused = 0;
    const url = `${BASES[number % BASES.length]}/ws/sharedb?user=ShareDB%20${number}`;
    this.socket = new ReconnectingWebSocket(url, [], {
      WebSocket,
      minReconnectionDelay: 50,
      maxReconnectionDelay: 300,
    });
    this.doc = new Connection(this.socket).get("designs", design);
    this.doc.on("error", () => {});
  }

  open() {
    return new Promise((resolve, reject) => this.doc.subscribe((error) => (error ? reject(error) : resolve())));
  }

  cut() {
    if (this.socket.readyState === WebSocket.OPEN) this.socket.reconnect();
  }

  close() {
    this.socket.close();
  }

  isQuiet() {
    return !this.doc.hasPending() && this.doc.connection.state === "connected";
  }

  json() {
    // After a refusal that cannot be undone the stock client has nothing until it has fetched.
    return this.doc.data ? Object.fromEntries(ROOTS.map((root) => [root, this.doc.data[root]])) : null;
  }

  send(op) {
    this.doc.preventCompose = true;
    this.doc.submitOp(op, (error) => {
      if (error) this.refused += 1;
    });
  }

  edit() {
    if (!this.doc.data) return;
    const { components, pages } = this.doc.data;
    const page = Object.keys(pages)[0];
    const ids = Object.keys(components);
    const kind = random();
    if (ids.length < 4 || kind < 0.12) {
      const id = `s${this.number}x${this.made++}`;
      const place = { page, slot: "content", order: `a${Math.floor(random() * 9)}` };
      const props = { label: `[${id}]`, options: [] };
      this.send([{ p: ["components", id], oi: { type: "Select", typeVersion: 1, name: `S_${id}`, place, props } }]);
      return;
    }
    const id = pick(ids);
    const component = components[id];
    const label = component.props?.label;
    if (kind < 0.17) this.send([{ p: ["components", id], od: component }]);
    else if (kind < 0.6 && typeof label === "string") {
      let at = Math.floor(random() * (label.length + 1));
      if (/[\udc00-\udfff]/.test(label[at] ?? "")) at += 1;
      const character = at < label.length ? String.fromCodePoint(label.codePointAt(at)) : "";
      const path = ["components", id, "props", "label", at];
      if (random() < 0.65 || !character) this.send([{ p: path, si: pick(["b", "ü", "🎈", "yy"]) }]);
      else this.send([{ p: path, sd: character }]);
    } else if (kind < 0.75) {
      const before = component.props.required;
      const path = ["components", id, "props", "required"];
      this.send([{ p: path, ...(before === undefined ? {} : { od: before }), oi: random() < 0.5 }]);
    } else if (kind < 0.85) this.send([{ p: ["components", id, "props", "nosuch"], oi: 1 }]);
    else this.send([{ p: ["components", id, "name"], od: component.name, oi: "not a name!" }]);
  }
}

const clients = [
  ...Array.from({ length: Number(yjsCount) }, (_, number) => new YjsClient(number)),
  ...Array.from({ length: Number(sharedbCount) }, (_, number) => new ShareDBClient(number)),
];
await Promise.all(clients.map((client) => client.open()));

for (let round = 1; round <= ROUNDS; round++) {
  const client = pick(clients);
  client.edit();
  if (random() < 0.4) await wait(random() * 8);
  if (random() < 0.02) client.cut();
  if (round % 10 === 0) console.log(`progress ${round}`);
}

const began = Date.now();
let held;
do {
  await wait(100);
  held = clients.map((client) => canonical(client.json()));
} while (
  Date.now() - began < SETTLE_MS &&
  !(clients.every((client) => client.isQuiet()) && held.every((text) => text === held[0]))
);
// Quiet now; what is still under way between the server and somebody would show within this time.
await wait(500);
const result = JSON.stringify({
  held: clients.map((client) => client.json()),
  denials,
  refused: clients.reduce((sum, client) => sum + (client.refused ?? 0), 0),
});
process.stdout.write(`${result}\n`, () => process.exit(0));
