// Plays one scenario against one server on the ShareDB wire and prints what it saw as one line of JSON.
//
// usage: echo '{"scenario": "busy", ...}' | node driver.mjs   (what each takes: see its function)
// Frames of others are not decoded: of each the version is read where it lies, and must be the next one.
import { readFileSync } from "node:fs";
import http from "node:http";
import { cpuSeconds, quantile, sleep } from "./measure.mjs";
import { Socket } from "./wire.mjs";

const V = Buffer.from('"v":');
const options = JSON.parse(readFileSync(0, "utf8"));
const isStrict = options.strict; // every op once, in order

// ------------------------------------------------------------------------------------- one client

class Client {
  constructor(url, collection, id) {
    this.collection = collection;
    this.id = id;
    this.version = null;
    this.received = 0; // ops of others
    this.seq = 0;
    this.awaited = []; // [predicate, resolve]
    this.onAck = null;
    this.isLive = false;
    this.vAt = 0; // where the version lay in the frame before
    this.socket = new Socket(url, (buffer, start, end) => this.frame(buffer, start, end));
    this.socket.onEnd = () => this.ended?.();
  }

  async open() {
    await this.socket.open();
    const hello = this.until((m) => m.a === "hs" || m.a === "init");
    this.say({ a: "hs", id: null, protocol: 1, protocolMinor: 2 });
    this.hello = await hello;
    return this;
  }

  say(message) {
    this.socket.send(JSON.stringify(message));
  }

  until(predicate) {
    return new Promise((resolve, reject) => this.awaited.push([predicate, resolve, reject]));
  }

  async ask(message, predicate) {
    const answer = this.until(predicate);
    this.say(message);
    const told = await answer;
    if (told.error) throw new Error(JSON.stringify(told.error));
    return told;
  }

  async create(data) {
    const message = { a: "op", c: this.collection, d: this.id, v: null, seq: ++this.seq, x: {} };
    message.create = { type: "http://sharejs.org/types/JSONv0", data };
    await this.ask(message, (m) => m.a === "op");
  }

  async subscribe() {
    const message = { a: "s", c: this.collection, d: this.id, v: null };
    const told = await this.ask(message, (m) => m.a === "s");
    this.version = told.data.v;
    this.data = told.data.data;
    this.isLive = true;
    return this;
  }

  frame(buffer, start, end) {
    if (!this.isLive || buffer[start + 6] !== 0x6f || buffer[start + 7] !== 0x70) {
      this.spoken(JSON.parse(buffer.toString("utf8", start, end)));
      return;
    }
    // {"a":"op", ... an op of somebody else's ends with its list, an ack does not.
    const isAck = buffer[end - 2] !== 0x5d;
    if (isAck && buffer[end - 2] === 0x7d) this.spoken(JSON.parse(buffer.toString("utf8", start, end)));
    this.heard(this.versionIn(buffer, start, end), isAck);
  }

  heard(version, isAck) {
    // ShareDB's subscription begins before its snapshot is read; stock clients pass over what they have.
    if (version < this.version && !isAck && !isStrict) return;
    if (version !== this.version) throw new Error(`version ${version} came, ${this.version} was next`);
    this.version++;
    if (isAck) this.onAck?.(version);
    else this.received++;
  }

  versionIn(buffer, start, end) {
    let at = start + this.vAt;
    if (!(buffer[at] === 0x22 && buffer[at + 1] === 0x76 && buffer[at + 2] === 0x22 && buffer[at + 3] === 0x3a)) {
      at = buffer.indexOf(V, start);
      if (at < 0 || at >= end) throw new Error(buffer.toString("utf8", start, end));
      this.vAt = at - start;
    }
    let version = 0;
    for (at += 4; buffer[at] >= 0x30 && buffer[at] <= 0x39; at++) version = version * 10 + buffer[at] - 0x30;
    return version;
  }

  spoken(message) {
    for (let n = 0; n < this.awaited.length; n++) {
      if (this.awaited[n][0](message)) {
        this.awaited.splice(n, 1)[0][1](message);
        return;
      }
    }
    if (message.error) throw new Error(JSON.stringify(message));
    if (this.isLive && message.a === "op") this.heard(message.v, !message.op);
  }

  submit(op, version = this.version) {
    const c = JSON.stringify(this.collection);
    const d = JSON.stringify(this.id);
    this.socket.send(
      `{"a":"op","c":${c},"d":${d},"v":${version},"seq":${++this.seq},"x":{},"op":${op}}`,
    );
  }

  close() {
    this.socket.close();
  }
}

// Sets one property of one component again and again.
class Writer {
  constructor(client, component) {
    this.client = client;
    this.path = JSON.stringify(["components", component, "props", "label"]);
    this.component = component;
    this.value = 0;
    this.acked = -1; // the last value that was acked
    this.waits = [];
    this.isStopping = false;
    this.isFlying = false;
    client.onAck = () => this.ack();
  }

  next() {
    const op = `[{"p":${this.path},"od":"${this.value}","oi":"${this.value + 1}"}]`;
    this.value++;
    return op;
  }

  write(since = performance.now()) {
    this.isFlying = true;
    this.since = since;
    this.client.submit(this.next());
  }

  ack() {
    this.isFlying = false;
    this.acked = this.value;
    this.waits.push(performance.now() - this.since);
    if (!this.isStopping) this.goOn?.();
  }
}

// --------------------------------------------------------------------------------------- measuring

function residentKB(pid) {
  return Number(/^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, "latin1"))[1]);
}

async function all(items, width, work) {
  const results = [];
  const queue = items.map((item, n) => [item, n]);
  const run = async () => {
    for (let next = queue.shift(); next; next = queue.shift()) results[next[1]] = await work(...next);
  };
  await Promise.all(Array.from({ length: width }, run));
  return results;
}

function userUrl(o, n) {
  const url = o.urls?.[n % o.urls.length] ?? o.url; // several nodes: person by person
  return `${url}${url.includes("?") ? "&" : "?"}user=u${n}`;
}

function join(o, n, id) {
  return new Client(userUrl(o, n), o.collection, id).open().then((client) => client.subscribe());
}

// What a span of `seconds` brings, after a warm-up.
async function measured(o, clients, writers) {
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
  for (const writer of writers) writer.isStopping = true;
  for (let n = 0; n < 500 && writers.some((writer) => writer.isFlying); n++) await sleep(10);
  return {
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
    unanswered: writers.filter((writer) => writer.isFlying).length,
    kept: writers.map((writer) => [writer.client.id, writer.component, writer.acked]),
  };
}

// --------------------------------------------------------------------------------------- scenarios

// S1: `clients` subscribe to one document, `writers` of them write in a closed loop.
async function busy(o) {
  const clients = await all(Array.from({ length: o.clients }), 20, (_, n) => join(o, n, o.documents[0]));
  const writers = clients.slice(0, o.writers).map((client, n) => new Writer(client, o.components[n]));
  for (const writer of writers) {
    writer.goOn = () => writer.write();
    writer.write();
  }
  return measured(o, clients, writers);
}

// S1b: each of `clients` writes `rate` times a second, whatever the answers; late answers delay the next.
async function open(o) {
  const clients = await all(Array.from({ length: o.clients }), 20, (_, n) => join(o, n, o.documents[0]));
  const writers = clients.map((client, n) => new Writer(client, o.components[n]));
  const timers = writers.map((writer, n) => {
    const due = [];
    writer.goOn = () => due.length && writer.write(due.shift());
    const timer = setTimeout(function tick() {
      if (writer.isStopping) return;
      writer.timer = setTimeout(tick, 1000 / o.rate);
      due.push(performance.now());
      if (!writer.isFlying) writer.goOn();
    }, (1000 / o.rate / writers.length) * n);
    return timer;
  });
  const result = await measured(o, clients, writers);
  for (const timer of timers) clearTimeout(timer);
  return result;
}

// S2: two clients for each of `documents`; each writes in a closed loop.
async function rooms(o) {
  const clients = await all(o.documents.flatMap((id) => [id, id]), 20, (id, n) => join(o, n, id));
  const writers = clients.map((client, n) => new Writer(client, o.components[n % 2]));
  for (const writer of writers) {
    writer.goOn = () => writer.write();
    writer.write();
  }
  return measured(o, clients, writers);
}

// S3: the first load of one document, alone and by `many` at once, while somebody writes in another one.
async function load(o) {
  const once = async (n) => {
    const start = performance.now();
    const client = await new Client(userUrl(o, n), o.collection, o.documents[0]).open();
    // Only that it has come is of interest here: nothing is parsed.
    const come = new Promise((resolve) => {
      client.frame = (buffer, begin, end) => end - begin > 10_000 && resolve(end - begin); // no greeting
    });
    client.say({ a: "s", c: o.collection, d: o.documents[0], v: null });
    const bytes = await come;
    const took = performance.now() - start;
    client.close();
    return [took, bytes];
  };
  const alone = [];
  let bytes = 0;
  for (let n = 0; n < o.times; n++) {
    const [took, size] = await once(n);
    alone.push(took);
    bytes = size;
  }
  const bystander = new Writer(await join(o, 900, o.documents[1]), o.components[0]);
  bystander.goOn = () => bystander.write();
  bystander.write();
  await sleep(200);
  const slowest = [];
  const waits = [];
  for (let n = 0; n < o.rounds; n++) {
    bystander.waits = [];
    const loads = await Promise.all(Array.from({ length: o.many }, (_, k) => once(100 + k)));
    slowest.push(Math.max(...loads.map(([took]) => took)));
    waits.push(...bystander.waits);
    await sleep(100);
  }
  bystander.isStopping = true;
  const result = {
    bytes,
    alone: quantile(alone, 0.5),
    slowest: quantile(slowest, 0.5),
    bystanderP99: quantile(waits, 0.99),
    bystanderMax: Math.max(...waits),
  };
  if (o.http) Object.assign(result, await loadByHttp(o));
  return result;
}

function get(url) {
  return new Promise((resolve, reject) => {
    const request = http.get(url, { headers: { "accept-encoding": "gzip" }, agent: false }, (answer) => {
      let bytes = 0;
      answer.on("data", (chunk) => {
        bytes += chunk.length;
      });
      answer.on("end", () => (answer.statusCode === 200 ? resolve(bytes) : reject(new Error(String(answer.statusCode)))));
    });
    request.on("error", reject);
  });
}

async function loadByHttp(o) {
  const timed = async () => {
    const start = performance.now();
    const bytes = await get(`${o.http}/api/designs/${o.documents[0]}/snapshot?user=u1`);
    return [performance.now() - start, bytes];
  };
  const [first, httpBytes] = await timed();
  const alone = [];
  for (let n = 0; n < o.times; n++) alone.push((await timed())[0]);
  const many = await Promise.all(Array.from({ length: o.many }, timed));
  return {
    httpBytes,
    httpFirst: first,
    httpAlone: quantile(alone, 0.5),
    httpSlowest: Math.max(...many.map(([took]) => took)),
  };
}

// Makes the document grow to `versions` by ops on its components, one after the other: pipelined where the
// server is strict, else one at a time (ShareDB may stall on many in flight from one connection).
async function grow(o, client, versions) {
  const values = o.values ?? (o.values = new Map());
  const most = isStrict ? 100 : 1;
  let flying = 0;
  let wake = null;
  client.onAck = () => {
    flying--;
    if (flying <= most / 2) wake?.();
  };
  for (let n = client.version; n < versions; n++) {
    const component = o.components[n % o.components.length];
    const value = values.get(component) ?? 0;
    values.set(component, value + 1);
    const path = JSON.stringify(["components", component, "props", "label"]);
    client.submit(`[{"p":${path},"od":"${value}","oi":"${value + 1}"}]`);
    if (++flying >= most) await new Promise((resolve) => (wake = resolve));
  }
  while (flying > 0) await new Promise((resolve) => (wake = resolve));
}

// S4: open random versions of a document that has `versions` of them.
async function history(o) {
  const client = await join(o, 1, o.documents[0]);
  await grow(o, client, o.versions);
  const last = client.version;
  const waits = [];
  for (let n = 0; n < o.times; n++) {
    // A fixed sequence that is spread evenly (golden ratio): the same versions for every server.
    const version = 1 + Math.floor(((n * 0.618033988749895) % 1) * (last - 1));
    const start = performance.now();
    await client.ask(
      { a: "nf", id: n + 1, c: o.collection, d: o.documents[0], v: version },
      (m) => m.a === "nf",
    );
    waits.push(performance.now() - start);
  }
  return { versions: last, p50: quantile(waits, 0.5), p99: quantile(waits, 0.99) };
}

// S5: a client comes back after `missed` ops of others, with `own` ops, one at a time or all at once.
async function comeBack(o) {
  const other = await join(o, 1, o.documents[0]);
  const result = {};
  for (const how of ["oneAtATime", "pipelined"]) {
    const since = other.version;
    const missed = o.components.slice(0, o.components.length - o.own);
    await grow({ ...o, components: missed, values: o.shared ?? (o.shared = new Map()) }, other, since + o.missed);
    const client = await new Client(userUrl(o, 2), o.collection, o.documents[0]).open();
    const start = performance.now();
    client.version = since;
    client.isLive = true;
    client.say({ a: "s", c: o.collection, d: o.documents[0], v: since });
    const mine = o.components.slice(-o.own);
    const value = how === "pipelined" ? 1 : 0;
    const op = (component) =>
      `[{"p":${JSON.stringify(["components", component, "props", "label"])},"od":"${value}","oi":"${value + 1}"}]`;
    let acked = 0;
    const isDone = await new Promise((resolve) => {
      setTimeout(resolve, o.patience * 1000, false);
      client.onAck = () => {
        acked++;
        if (acked === mine.length) resolve(true);
        else if (how === "oneAtATime") client.submit(op(mine[acked]));
      };
      if (how === "pipelined") for (const component of mine) client.submit(op(component), since);
      else client.until((m) => m.a === "s").then(() => client.submit(op(mine[0])));
    });
    result[how] = isDone ? performance.now() - start : null;

    await sleep(200);
    client.close();
  }
  return result;
}

// What a connection costs that is subscribed and idle, in KB of resident memory.
async function idle(o) {
  await all(Array.from({ length: 20 }), 20, (_, n) => join(o, n, o.documents[0]));
  await sleep(500);
  const before = residentKB(o.pid);
  await all(Array.from({ length: o.clients }), 20, (_, n) => join(o, 20 + n, o.documents[0]));
  await sleep(1000);
  return { connections: o.clients, perConnectionKB: (residentKB(o.pid) - before) / o.clients, residentMB: residentKB(o.pid) / 1024 };
}

// Makes `documents` of one content on servers that take that from a client.
async function make(o) {
  const data = JSON.parse(readFileSync(o.file, "utf8"));
  const client = await new Client(userUrl(o, 0), o.collection, "").open();
  for (const id of o.documents) {
    client.id = id;
    await client.create(data);
  }
  return {};
}

const scenarios = { busy, open, rooms, load, history, comeBack, idle, make };
const result = await scenarios[options.scenario](options);
process.stdout.write(`${JSON.stringify(result)}\n`, () => process.exit(0));
