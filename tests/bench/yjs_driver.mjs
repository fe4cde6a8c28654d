// The busy room (S1) on Hocuspocus's wire: as driver.mjs does it on ShareDB's. An edit counts as acked when the
// server says that it has taken it (which is before it is stored).
import { readFileSync } from "node:fs";
import * as decoding from "lib0/decoding";
import * as encoding from "lib0/encoding";
import * as Y from "yjs";
import { cpuSeconds, quantile, sleep } from "./measure.mjs";
import { Socket } from "./wire.mjs";

const SYNC = 0;
const AUTH = 2;
const SYNC_STATUS = 8;
const o = JSON.parse(readFileSync(0, "utf8"));
const name = o.documents[0];

function message(kind, write) {
  const encoder = encoding.createEncoder();
  encoding.writeVarString(encoder, name);
  encoding.writeVarUint(encoder, kind);
  write(encoder);
  return encoding.toUint8Array(encoder);
}

const updateOf = (update) =>
  message(SYNC, (encoder) => {
    encoding.writeVarUint(encoder, 2);
    encoding.writeVarUint8Array(encoder, update);
  });

class Client {
  constructor() {
    this.received = 0;
    this.waits = [];
    this.socket = new Socket(o.url, (buffer, start, end) => this.frame(buffer.subarray(start, end)));
    this.isLive = false;
    this.head = Buffer.byteLength(name) + 1;
  }

  async open(doc) {
    await this.socket.open();
    const synced = new Promise((resolve) => {
      this.synced = resolve;
    });
    this.doc = doc;
    this.socket.sendBinary(
      message(AUTH, (encoder) => {
        encoding.writeVarUint(encoder, 0);
        encoding.writeVarString(encoder, "");
      }),
    );
    this.socket.sendBinary(
      message(SYNC, (encoder) => {
        encoding.writeVarUint(encoder, 0);
        encoding.writeVarUint8Array(encoder, Y.encodeStateVector(doc ?? new Y.Doc()));
      }),
    );
    await synced;
    this.isLive = true;
    return this;
  }

  frame(bytes) {
    const kind = bytes[this.head];
    if (kind === SYNC && this.isLive && bytes[this.head + 1] === 2) {
      this.received++;
      return;
    }
    if (kind === SYNC) {
      const decoder = decoding.createDecoder(bytes.subarray(this.head + 1));
      if (decoding.readVarUint(decoder) === 1) {
        const update = decoding.readVarUint8Array(decoder);
        if (this.doc) Y.applyUpdate(this.doc, update, "server");
        this.synced();
      }
    } else if (kind === SYNC_STATUS && this.since) {
      this.waits.push(performance.now() - this.since);
      if (!this.isStopping) this.write();
    }
  }

  start(component) {
    this.props = this.doc.getMap("components").get(component).get("props");
    this.doc.on("update", (update, origin) => {
      if (origin !== "server") this.socket.sendBinary(updateOf(update));
    });
    this.value = 0;
    this.write();
  }

  write() {
    this.since = performance.now();
    this.props.set("label", String(++this.value));
  }
}

function filled(components) {
  const doc = new Y.Doc();
  const into = (value) => {
    if (value === null || typeof value !== "object" || Array.isArray(value)) return value;
    return new Y.Map(Object.entries(value).map(([key, one]) => [key, into(one)]));
  };
  doc.transact(() => {
    const map = doc.getMap("components");
    for (const [id, component] of Object.entries(components)) map.set(id, into(component));
  });
  return doc;
}

const maker = await new Client().open(null);
maker.socket.sendBinary(updateOf(Y.encodeStateAsUpdate(filled(o.content))));
await sleep(1000);
const clients = [];
for (let n = 0; n < o.clients; n++) clients.push(await new Client().open(n < o.writers ? new Y.Doc() : null));
const writers = clients.slice(0, o.writers);
for (const [n, writer] of writers.entries()) writer.start(o.components[n]);
await sleep(o.warm * 1000);
for (const writer of writers) writer.waits = [];
const received = () => clients.reduce((sum, client) => sum + client.received, 0);
const before = { cpu: cpuSeconds(o.pid), received: received(), at: performance.now(), own: process.cpuUsage() };
await sleep(o.seconds * 1000);
const seconds = (performance.now() - before.at) / 1000;
const cpu = cpuSeconds(o.pid) - before.cpu;
const own = process.cpuUsage(before.own);
const waits = writers.flatMap((writer) => writer.waits);
const delivered = received() - before.received;
const result = {
  seconds,
  acked: waits.length / seconds,
  delivered: delivered / seconds,
  cpu: cpu / seconds,
  perCore: waits.length / cpu,
  deliveredPerCore: delivered / cpu,
  usPerOp: (cpu / waits.length) * 1e6,
  p50: quantile(waits, 0.5),
  p99: quantile(waits, 0.99),
  driverCpu: (own.user + own.system) / 1e6 / seconds,
};
process.stdout.write(`${JSON.stringify(result)}\n`, () => process.exit(0));
