// @vitest-environment node
import ShareDB from "sharedb";
import type { Connection } from "sharedb/lib/client";
import { describe, expect, it } from "vitest";
import type { DesignDocument } from "../model/document";
import { sample } from "../model/fixture";
import { removeComponents } from "../model/intents";
import type { Op } from "../model/op";
import { textEdit } from "../model/text";
import type { Kept, Slot } from "./outbox";
import type { Snapshot } from "./rest";
import type { Request } from "./sending";
import { DesignSession } from "./session";

// The server logs the refusals that these tests ask for.
ShareDB.logger.setMethods({ info: () => {}, warn: () => {}, error: () => {} });

interface Queue {
  inflightOp: unknown;
  pendingOps: unknown[];
}

/** What the browser keeps of one tab. */
class Drawer implements Slot {
  kept: Kept | null = null;
  puts = 0;

  async put(kept: Kept): Promise<void> {
    await new Promise((done) => setImmediate(done));
    this.kept = structuredClone(kept);
    this.puts++;
  }

  async clear(): Promise<void> {
    await new Promise((done) => setImmediate(done));
    this.kept = null;
  }

  release(): void {}
}

/** A stock ShareDB server in memory with one design on it. */
class World {
  readonly backend = new ShareDB();

  async start(): Promise<this> {
    const doc = this.backend.connect().get("designs", "d1");
    await new Promise<void>((done, fail) =>
      doc.create(sample(), (error) => (error ? fail(error) : done())),
    );
    return this;
  }

  async join(): Promise<Tab> {
    const connection = this.backend.connect();
    const session = new DesignSession(connection, "d1");
    session.open();
    const tab = new Tab(connection, session);
    await tab.idle();
    return tab;
  }
}

class Tab {
  constructor(
    readonly connection: Connection,
    readonly session: DesignSession,
  ) {}

  get doc() {
    return this.connection.get("designs", "d1");
  }

  get queue(): Queue {
    return this.doc as unknown as Queue;
  }

  label(id = "b1"): unknown {
    return this.session.mirror.get("components", id)?.props.label;
  }

  /** Types `text` at `offset` of a label, as one keystroke of a gesture. */
  type(text: string, offset: number, id = "b1", gesture = `type:${id}`): void {
    const before = String(this.label(id));
    const after = before.slice(0, offset) + text + before.slice(offset);
    const op = textEdit(["components", id, "props", "label"], before, after, offset + text.length);
    this.session.submit({ op, label: `Type in ${id}`, gesture, typing: gesture });
  }

  set(key: string, value: string, id = "b1"): void {
    const before = this.session.mirror.get("components", id)?.props[key];
    const p = ["components", id, "props", key];
    const op: Op = before === undefined ? [{ p, oi: value }] : [{ p, od: before, oi: value }];
    this.session.submit({ op, label: `Set ${key}` });
  }

  idle(): Promise<void> {
    return new Promise((done) => this.doc.whenNothingPending(done));
  }
}

/** Waits until all tabs hold the same, newest state. */
async function settle(...tabs: Tab[]): Promise<void> {
  await Promise.all(tabs.map((tab) => tab.idle()));
  await Promise.all(tabs.map((tab) => new Promise<void>((done) => tab.doc.fetch(() => done()))));
  await Promise.all(tabs.map((tab) => tab.idle()));
  for (const tab of tabs) {
    expect(tab.doc.data).toEqual(tabs[0]?.doc.data);
    const { components } = tab.doc.data as DesignDocument;
    expect(new Set(tab.session.mirror.ids("components"))).toEqual(new Set(Object.keys(components)));
    for (const [id, component] of Object.entries(components)) {
      expect(tab.session.mirror.get("components", id)).toEqual(component);
    }
  }
}

const REFUSED = "ERR_SCHEMA_INVALID";

/** Refuses edits that set a property to "bad". */
function refuseBad(backend: ShareDB): void {
  backend.use("submit", (context, next) => {
    const bad = JSON.stringify(context.op).includes('"bad"');
    next(bad ? Object.assign(new Error("This value is bad."), { code: REFUSED }) : undefined);
  });
}

describe("what travels together", () => {
  it("composes keystrokes of one gesture in one property, and nothing else", async () => {
    const tab = await (await new World().start()).join();
    tab.doc.pause();
    tab.type("a", 4);
    tab.type("b", 5);
    expect(tab.queue.pendingOps).toHaveLength(1);
    tab.type("c", 6, "b1", "a later gesture");
    expect(tab.queue.pendingOps).toHaveLength(2);
    tab.set("variant", "x");
    tab.set("variant", "y");
    expect(tab.queue.pendingOps).toHaveLength(4);
    tab.type("d", 0, "b2");
    tab.type("e", 0, "b1", "type:b2");
    expect(tab.session.status.get()).toEqual({ line: "live", waiting: 5 });
    tab.doc.resume();
    await settle(tab);
    expect(tab.session.status.get()).toEqual({ line: "live", waiting: 0 });
  });
});

describe("refusal", () => {
  it("takes back the refused edit alone, shows it, and leaves nothing of it to undo", async () => {
    const world = await new World().start();
    refuseBad(world.backend);
    const tab = await world.join();
    tab.set("first", "1");
    tab.set("variant", "bad");
    tab.set("later", "2");
    await settle(tab);
    const props = () => tab.session.mirror.get("components", "b1")?.props;
    expect(props()).toEqual({ label: "Save", first: "1", later: "2" });
    expect(tab.session.refusals.get()).toMatchObject([
      { code: REFUSED, message: "This value is bad.", element: "components/b1", text: "bad" },
    ]);
    expect(tab.session.notice.get()).toMatchObject({ kind: "error" });
    tab.session.undo();
    tab.session.undo();
    expect(props()).toEqual({ label: "Save" });
    expect(tab.session.undo()).toBeUndefined();
    await settle(tab);
  });

  it("is forgotten with the next edit at the same place", async () => {
    const world = await new World().start();
    refuseBad(world.backend);
    const tab = await world.join();
    tab.connection.on("receive", ({ data }) => {
      if (data?.error) {
        data.details = { element: "components/b1", path: ["props", "variant"], rule: "schema" };
      }
    });
    tab.set("variant", "bad");
    await settle(tab);
    expect(tab.session.refusals.get()).toMatchObject([{ path: ["props", "variant"] }]);
    tab.set("other", "fine");
    expect(tab.session.refusals.get()).toHaveLength(1);
    tab.set("variant", "fine");
    expect(tab.session.refusals.get()).toHaveLength(0);
  });
});

describe("an edit that was overwritten unseen", () => {
  it("is told with both values, and carries the whole text back", async () => {
    const tab = await (await new World().start()).join();
    tab.type("!", 4);
    await settle(tab);
    const data = {
      a: "notice",
      c: "designs",
      d: "d1",
      code: "overtaken",
      message: "Replaced.",
      details: {
        element: "components/b1",
        path: ["components", "b1", "props", "label"],
        mine: "!",
        theirs: "Go",
        gone: false,
        by: { id: "u2", name: "Ben" },
      },
    };
    const request = { data };
    tab.connection.emit("receive", request);
    expect(request.data).toBeUndefined();
    const notice = tab.session.notice.get();
    expect(notice?.message).toContain("Ben replaced your “Save!” in Button1, label with “Go”");
    expect(notice?.mine).toEqual({ path: ["props", "label"], value: "Save!", gone: false });
  });

  it("keeps what was written in a component that is gone", async () => {
    const tab = await (await new World().start()).join();
    tab.type("!", 4);
    await settle(tab);
    const details = {
      element: "components/b1",
      path: ["components", "b1", "props", "label"],
      mine: "!",
      theirs: null,
      gone: true,
      by: { id: "u2", name: "Ben" },
    };
    const data = { a: "notice", c: "designs", d: "d1", code: "overtaken", message: "", details };
    tab.connection.emit("receive", { data });
    const notice = tab.session.notice.get();
    expect(notice?.message).toContain("Ben deleted what you had just changed");
    expect(notice?.message).toContain("You had written “Save!”.");
    expect(notice?.mine).toEqual({ path: ["props", "label"], value: "Save!", gone: true });
  });
});

describe("undo", () => {
  it("takes back one's own gesture and leaves the other's edit", async () => {
    const world = await new World().start();
    const [a, b] = [await world.join(), await world.join()];
    a.type("A", 4);
    a.type("A", 5);
    b.type("B", 0);
    await settle(a, b);
    expect(a.label()).toBe("BSaveAA");
    a.session.undo();
    await settle(a, b);
    expect(b.label()).toBe("BSave");
    a.session.redo();
    await settle(a, b);
    expect(b.label()).toBe("BSaveAA");
    expect(a.session.history.labels()).toEqual({ undo: "Type in b1", redo: null });
  });

  it("puts back a deleted component with the edit that reached the server before the delete", async () => {
    const world = await new World().start();
    const [a, b] = [await world.join(), await world.join()];
    a.doc.pause();
    a.session.submit({ op: removeComponents(a.session.mirror, ["b1"]), label: "Delete Button1" });
    b.type("B", 0);
    await b.idle();
    a.doc.resume();
    await settle(a, b);
    expect(a.session.mirror.get("components", "b1")).toBeUndefined();
    a.session.undo();
    await settle(a, b);
    expect(b.label()).toBe("BSave");
  });

  it("puts back what the server added to a delete", async () => {
    const world = await new World().start();
    world.backend.use("apply", (context, next) => {
      const op = (context.op as { op?: Op }).op;
      const held = (context.snapshot as { data?: DesignDocument } | undefined)?.data;
      if (op?.some((each) => each.p[1] === "box" && each.od) && held?.components.b9) {
        const fixup = { p: ["components", "b9"], od: structuredClone(held.components.b9) };
        (context as unknown as { $fixup(op: unknown[]): void }).$fixup([fixup]);
      }
      next();
    });
    const [a, b] = [await world.join(), await world.join()];
    a.doc.pause();
    a.session.submit({ op: removeComponents(a.session.mirror, ["box"]), label: "Delete Box" });
    const component = {
      ...structuredClone(b.session.mirror.get("components", "b1")),
      name: "Button9",
    };
    b.session.submit({
      op: [{ p: ["components", "b9"], oi: component as never }],
      label: "Add Button9",
    });
    await b.idle();
    a.doc.resume();
    await settle(a, b);
    expect([...b.session.mirror.ids("components")]).toEqual(["b3"]);
    a.session.undo();
    await settle(a, b);
    expect([...b.session.mirror.ids("components")].sort()).toEqual(["b1", "b2", "b3", "b9", "box"]);
  });

  it("says so when there is nothing left to take back", async () => {
    const world = await new World().start();
    const [a, b] = [await world.join(), await world.join()];
    a.set("variant", "x");
    await settle(a, b);
    b.session.submit({ op: removeComponents(b.session.mirror, ["b1"]), label: "Delete" });
    await settle(a, b);
    expect(a.session.undo()).toBeUndefined();
    await settle(a, b);
  });

  it("leaves only the other's letters, whatever the interleaving", async () => {
    for (let seed = 1; seed <= 25; seed++) {
      const random = generator(seed);
      const world = await new World().start();
      const [a, b] = [await world.join(), await world.join()];
      let strokes = 0;
      for (let turn = 0; turn < 14; turn++) {
        const tab = random(2) === 0 ? a : b;
        const length = String(tab.label()).length;
        if (tab === a && random(4) === 0) tab.session.undo();
        else if (tab === a && random(6) === 0) tab.session.redo();
        else {
          const gesture = `${random(3)}`;
          tab.type(tab === a ? "A" : "B", random(length + 1), "b1", gesture);
          if (tab === b) strokes++;
        }
        if (random(3) === 0) (random(2) ? a : b).doc.pause();
        if (random(3) === 0) for (const each of [a, b]) each.doc.resume();
        if (random(4) === 0) await new Promise((done) => setImmediate(done));
      }
      for (const each of [a, b]) each.doc.resume();
      await settle(a, b);
      while (a.session.undo()) await new Promise((done) => setImmediate(done));
      await settle(a, b);
      const left = String(b.label());
      expect(left.replaceAll("B", ""), `seed ${seed}`).toBe("Save");
      expect(left.length - 4, `seed ${seed}`).toBe(strokes);
    }
  });
});

describe("the outbox", () => {
  /** A tab that keeps its edits; with `left`, one that takes up what a former one had. */
  async function keep(world: World, drawer: Drawer, left: Kept | null = null): Promise<Tab> {
    const connection = world.backend.connect();
    if (left) Object.assign(connection, { id: left.id, seq: left.seq });
    const session = new DesignSession(connection, "d1", drawer);
    const tab = new Tab(connection, session);
    if (!left) {
      session.open();
      await tab.idle();
      return tab;
    }
    const snapshot = await new Promise<Snapshot>((done, fail) =>
      world.backend
        .connect()
        .fetchSnapshot("designs", "d1", left.v, (error, found) =>
          error ? fail(error) : done(found as unknown as Snapshot),
        ),
    );
    session.open(snapshot, left);
    return tab;
  }

  /** Ends a tab as a crash does: nothing it still meant to do happens. */
  function kill(tab: Tab): void {
    tab.connection.removeAllListeners();
    tab.connection.close();
  }

  const until = async (condition: () => boolean) => {
    while (!condition()) await new Promise((done) => setImmediate(done));
  };

  const version = async (world: World): Promise<number> => {
    const doc = world.backend.connect().get("designs", "d1");
    await new Promise<void>((done) => doc.fetch(() => done()));
    return doc.version as number;
  };

  it("keeps an edit before it goes, and forgets it after the ack", async () => {
    const world = await new World().start();
    const drawer = new Drawer();
    const tab = await keep(world, drawer);
    const keptAtCommit: (Kept | null)[] = [];
    world.backend.use("commit", (_context, next) => {
      keptAtCommit.push(structuredClone(drawer.kept));
      next();
    });
    tab.type("!", 4);
    tab.set("variant", "x");
    await tab.idle();
    expect(keptAtCommit).toHaveLength(2);
    for (const [i, kept] of keptAtCommit.entries()) {
      expect(kept?.id).toBe(tab.connection.id);
      expect(kept?.edits[0]).toMatchObject({ src: tab.connection.id, seq: i + 1 });
      expect(kept?.seq).toBe(i + 2);
    }
    await until(() => drawer.kept === null);
    expect(await version(world)).toBe(3);
  });

  it("applies an edit once though the tab died between commit and ack", async () => {
    const world = await new World().start();
    const drawer = new Drawer();
    const tab = await keep(world, drawer);
    tab.connection.on("receive", (request) => {
      // The ack does not arrive.
      if (request.data?.a === "op") request.data = undefined;
    });
    tab.type("!", 4);
    tab.type("?", 5, "b1", "a later gesture");
    const other = await world.join();
    await until(() => other.label() === "Save!" && drawer.kept?.edits.length === 2);
    kill(tab);
    other.type("A", 0);
    await settle(other);

    const next = await keep(world, new Drawer(), drawer.kept);
    expect(next.label()).toBe("Save!?");
    await settle(next, other);
    expect(other.label()).toBe("ASave!?");
    expect(await version(world)).toBe(4);
    // What a former tab did can be taken back in this one.
    expect(next.session.undo()).toBe("Type in b1");
    await settle(next, other);
    expect(other.label()).toBe("ASave!");
  });

  it("brings edits of an offline tab over what others did since, typing still composed", async () => {
    const world = await new World().start();
    const drawer = new Drawer();
    const tab = await keep(world, drawer);
    tab.connection.close();
    for (const [i, letter] of [..." now"].entries()) tab.type(letter, 4 + i);
    tab.set("variant", "x");
    tab.session.submit({ op: removeComponents(tab.session.mirror, ["b2"]), label: "Delete b2" });
    await until(() => drawer.kept?.edits.length === 3);
    kill(tab);
    const other = await world.join();
    other.type("A", 0);
    await settle(other);

    const next = await keep(world, new Drawer(), drawer.kept);
    expect(next.label()).toBe("Save now");
    await settle(next, other);
    expect(other.label()).toBe("ASave now");
    expect(other.session.mirror.get("components", "b2")).toBeUndefined();
    expect(await version(world)).toBe(5);
  });

  it("converges whenever a tab dies, at every step of the way", async () => {
    for (let seed = 1; seed <= 40; seed++) {
      const random = generator(seed);
      const world = await new World().start();
      const other = await world.join();
      let drawer = new Drawer();
      let tab = await keep(world, drawer);
      let strokes = 0;
      for (let turn = 0; turn < 12; turn++) {
        const length = String(tab.label()).length;
        tab.type("x", random(length + 1), "b1", `${random(3)}`);
        strokes++;
        if (random(3) === 0) other.type("o", random(String(other.label()).length + 1));
        for (let i = random(12); i > 0; i--) await new Promise((done) => setImmediate(done));
        if (random(4) > 0) continue;
        await until(() => kept(drawer, tab));
        kill(tab);
        const left = drawer.kept;
        drawer = new Drawer();
        drawer.kept = left;
        tab = await keep(world, drawer, left);
      }
      await settle(tab, other);
      const label = String(other.label());
      expect([...label].filter((each) => each === "x").length, `seed ${seed}`).toBe(strokes);
    }
  });

  /** True when nothing that was typed would be lost by a crash now. */
  function kept(drawer: Drawer, tab: Tab): boolean {
    const waiting = tab.session.status.get().waiting;
    if (waiting === 0) return drawer.kept === null;
    const now = [tab.queue.inflightOp, ...tab.queue.pendingOps].filter(Boolean);
    return (
      drawer.kept?.edits.length === waiting &&
      JSON.stringify(drawer.kept.edits.at(-1)?.op) === JSON.stringify((now.at(-1) as Request).op)
    );
  }

  it("holds on to the private fields of the client that it needs", async () => {
    const tab = await (await new World().start()).join();
    const doc = tab.doc as unknown as { [field: string]: unknown };
    expect(doc).toMatchObject({ version: 1, paused: false, inflightOp: null, pendingOps: [] });
    expect(typeof doc.flush).toBe("function");
    expect(tab.connection).toMatchObject({ seq: 1, canSend: true, id: expect.any(String) });
    tab.doc.pause();
    tab.type("a", 4);
    const [head] = tab.queue.pendingOps as Request[];
    expect(head).toMatchObject({ op: [{ si: "a" }] });
    expect(head?.sentAt).toBeUndefined();
    // Nothing is composed into an edit that has been sent.
    Object.assign(head as object, { sentAt: 1, src: "someone", seq: 7 });
    tab.type("b", 5);
    expect(tab.queue.pendingOps).toHaveLength(2);
    const sent: unknown[] = [];
    tab.connection.on("send", (message) => sent.push(message));
    tab.doc.resume();
    expect(sent).toMatchObject([{ a: "op", src: "someone", seq: 7, v: 1 }]);
    expect(tab.queue.inflightOp).toBe(head);
  });
});

function generator(seed: number): (below: number) => number {
  let state = seed * 2654435761;
  return (below) => {
    state = (Math.imul(state ^ (state >>> 15), 2246822519) + 3266489917) | 0;
    return (state >>> 8) % below;
  };
}
