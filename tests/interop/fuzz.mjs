// Stock clients that edit one design at random, all at once, and lose their connections now and then;
// every second one speaks msgpack.
//
// usage: node fuzz.mjs SOCKET_URL DESIGN_ID SECONDS SEED CLIENTS
// Prints one JSON object: what was submitted and refused, and what each client holds in the end.
import { createRequire } from "node:module";
import { decode, encode } from "@msgpack/msgpack";
import { PackedSocket, SUBPROTOCOL } from "../../clients/packed-socket.mjs";

const require = createRequire(import.meta.url);
const { Connection } = require("sharedb/lib/client");
const logger = require("sharedb/lib/logger");
const WebSocket = require("ws");

const warnings = [];
logger.setMethods({ info: () => {}, warn: (...all) => warnings.push(all.map(String).join(" ")), error: () => {} });

const [url, design, seconds, seed, count] = process.argv.slice(2);
const PAUSE_MS = 20;
const HOT = "hot"; // the component that everybody edits
const FIXED = new Set([HOT, "base"]); // what stays where it is
const SETTLE_MS = 30_000;

const clone = (value) => JSON.parse(JSON.stringify(value));
const wait = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

// mulberry32: small, and the same everywhere.
function random(state) {
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

class Editor {
  constructor(number) {
    this.number = number;
    this.next = random(Number(seed) * 1000 + number);
    this.made = 0;
    this.kinds = {};
    this.hot = 0;
    this.submitted = 0;
    this.accepted = 0;
    this.refused = [];
    this.errors = [];
    this.cuts = 0;
    this.protocols = new Set();
  }

  pick(list) {
    return list[Math.floor(this.next() * list.length)];
  }

  open() {
    const isPacked = this.number % 2 === 1;
    const socket = new WebSocket(`${url}?user=Editor%20${this.number}`, isPacked ? [SUBPROTOCOL] : []);
    const seen = isPacked ? new PackedSocket(socket, { encode, decode }) : socket;
    socket.on("error", () => {});
    socket.on("open", () => this.protocols.add(socket.protocol));
    this.socket = socket;
    if (this.connection) this.connection.bindToSocket(seen);
    else {
      this.connection = new Connection(seen);
      this.connection.on("error", (error) => this.errors.push(String(error)));
      this.doc = this.connection.get("designs", design);
      this.doc.preventCompose = true;
      this.doc.on("error", (error) => this.errors.push(String(error)));
    }
    socket.on("close", () => this.connection._setState("disconnected"));
  }

  async cut() {
    this.cuts += 1;
    this.socket.terminate();
    await wait(20 + this.next() * 300);
    this.open();
  }

  submit(kind, op) {
    this.kinds[kind] = (this.kinds[kind] ?? 0) + 1;
    this.submitted += 1;
    if (op.some((part) => part.p[1] === HOT)) this.hot += 1;
    this.doc.submitOp(op, (error) => {
      if (error) this.refused.push({ kind, code: error.code, message: error.message });
      else this.accepted += 1;
    });
  }

  // One random edit of what this client sees now.
  edit() {
    const { components, pages } = this.doc.data;
    const ids = Object.keys(components);
    const containers = ids.filter((id) => components[id].type === "Container");
    if (this.next() < 0.3) return this.text(HOT, components[HOT]);
    const id = this.pick(ids.filter((one) => !FIXED.has(one)));
    if (id === undefined) return this.insert(components, containers, pages);
    const roll = this.next();
    if (roll < 0.4) return this.text(id, components[id]);
    if (roll < 0.75) return this.move(id, components, containers, pages);
    if (roll < 0.9) return this.insert(components, containers, pages);
    return this.remove(components, containers);
  }

  text(id, component) {
    const key = component.type === "Button" ? "label" : "text";
    const value = component.props[key];
    if (typeof value !== "string") return this.property(id, component);
    const letters = ["a", "bc", "ü", "😀", " "];
    if (value.length > 12 && this.next() < 0.7) {
      // Whole characters only: half an emoji is no text.
      const at = [...value].slice(0, Math.floor(this.next() * [...value].length)).join("").length;
      const gone = [...value.slice(at)].slice(0, 3).join("");
      return this.submit("delete text", [{ p: ["components", id, "props", key, at], sd: gone }]);
    }
    const at = [...value].slice(0, Math.floor(this.next() * ([...value].length + 1))).join("").length;
    this.submit("insert text", [{ p: ["components", id, "props", key, at], si: this.pick(letters) }]);
  }

  property(id, component) {
    const then = this.pick(["none", "small", "medium", "large"]);
    const path = ["components", id, "style", "padding"];
    const style = component.style ?? {};
    if (component.style === undefined) {
      return this.submit("property", [{ p: ["components", id, "style"], oi: { padding: then } }]);
    }
    const part = { p: path, oi: then };
    if (style.padding !== undefined) part.od = style.padding;
    this.submit("property", [part]);
  }

  place(containers, pages) {
    const order = `a${Math.floor(this.next() * 9)}${Math.floor(this.next() * 9) + 1}`;
    if (containers.length && this.next() < 0.75) {
      return { parent: this.pick(containers), slot: "content", order };
    }
    return { page: this.pick(Object.keys(pages)), slot: "content", order };
  }

  move(id, components, containers, pages) {
    const inside = (child) => {
      for (let at = child, steps = 0; at !== undefined && steps < 99; at = components[at]?.place.parent, steps += 1) {
        if (at === id) return true;
      }
      return false;
    };
    const place = this.place(containers.filter((one) => !inside(one)), pages);
    this.submit("move", [{ p: ["components", id, "place"], od: clone(components[id].place), oi: place }]);
  }

  insert(components, containers, pages) {
    this.made += 1;
    const type = this.pick(["Button", "Text", "Container"]);
    const props = { Button: { label: "New" }, Text: { text: "New" }, Container: {} }[type];
    const names = new Set(Object.values(components).map((one) => one.name));
    let number = 1;
    while (names.has(`${type}${number}`)) number += 1; // as others do at the same moment
    const value = { type, typeVersion: 1, name: `${type}${number}`, place: this.place(containers, pages), props };
    this.submit("insert", [{ p: ["components", `c${this.number}n${this.made}`], oi: value }]);
  }

  remove(components, containers) {
    const victims = (this.next() < 0.5 ? containers : Object.keys(components)).filter((id) => !FIXED.has(id));
    if (victims.length < 5) return;
    const id = this.pick(victims);
    this.submit("delete", [{ p: ["components", id], od: clone(components[id]) }]);
  }

  async work(from, until) {
    const cuts = [0.25 + this.next() / 4, 0.6 + this.next() / 4].map((part) => from + part * (until - from));
    while (Date.now() < until) {
      if (cuts.length && Date.now() >= cuts[0]) {
        cuts.shift();
        await this.cut();
      }
      if (this.doc.data && this.doc.pendingOps.length < 3) this.edit();
      await wait(this.next() * 2 * PAUSE_MS);
    }
  }

  get isQuiet() {
    return this.connection.state === "connected" && this.doc.subscribed && !this.doc.hasPending();
  }
}

const editors = Array.from({ length: Number(count) }, (_, number) => new Editor(number));
for (const editor of editors) editor.open();
await Promise.all(
  editors.map((editor) => new Promise((resolve, reject) => editor.doc.subscribe((e) => (e ? reject(e) : resolve())))),
);
const from = Date.now();
await Promise.all(editors.map((editor) => editor.work(from, from + Number(seconds) * 1000)));

const deadline = Date.now() + SETTLE_MS;
const isSettled = () =>
  editors.every((editor) => editor.isQuiet) && new Set(editors.map((editor) => editor.doc.version)).size === 1;
while (!isSettled() && Date.now() < deadline) await wait(20);

const result = {
  settled: isSettled(),
  clients: editors.map((editor) => ({
    submitted: editor.submitted,
    accepted: editor.accepted,
    refused: editor.refused,
    errors: editor.errors,
    cuts: editor.cuts,
    protocols: [...editor.protocols],
    hot: editor.hot,
    kinds: editor.kinds,
    version: editor.doc.version,
    data: editor.doc.data,
  })),
  warnings,
};
process.stdout.write(JSON.stringify(result), () => process.exit(0));
