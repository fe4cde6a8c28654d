import { describe, expect, it } from "vitest";
import type { Component } from "./document";
import { around, closedBy, type Lease, leaseOn, refusedBy, timeLeft } from "./leases";
import { Mirror } from "./mirror";
import type { Op } from "./op";

const place = (parent: string, order: string) => ({ parent, slot: "content", order });
const component = (name: string, at: Component["place"]): Component => ({
  type: "Container",
  typeVersion: 1,
  name,
  place: at,
  props: {},
});

/** A box with an inner box with a text, and a text beside it, on one of two pages. */
function mirror(): Mirror {
  const view = new Mirror();
  view.reset({
    format: "coweave-design",
    formatVersion: 1,
    meta: { name: "Claims" },
    settings: {},
    theme: {},
    libraries: {},
    pages: {
      p1: { name: "Main", order: "a0", settings: {} },
      p2: { name: "More", order: "a1", settings: {} },
    },
    components: {
      box: component("Box", { page: "p1", slot: "content", order: "a0" }),
      inner: component("Inner", place("box", "a0")),
      text: component("Text", place("inner", "a0")),
      side: component("Side", { page: "p1", slot: "content", order: "a1" }),
    },
    queries: {
      q1: { name: "q", page: "p1", dataSource: null, kind: "sql", body: "", config: {} },
    },
    scripts: {},
    dataSources: {},
  });
  return view;
}

function lease(element: string, who = "ben", more: Partial<Lease> = {}): Lease {
  return {
    element,
    kind: "hard",
    contents: false,
    holder: { id: who, name: who },
    session: "s",
    token: 1,
    since: 0,
    until: 600_000,
    reason: "",
    ...more,
  };
}

const all = { contents: true };
const view = mirror();

describe("what covers an element", () => {
  it("is found outwards", () => {
    expect(around(view, "components/text")).toEqual([
      "components/inner",
      "components/box",
      "pages/p1",
    ]);
    expect(around(view, "queries/q1")).toEqual(["pages/p1"]);
    expect(around(view, "theme")).toEqual([]);
  });

  it("is its own lease, else the nearest with contents", () => {
    const leases = [lease("components/box", "ben", all), lease("components/text", "eve")];
    expect(leaseOn(view, leases, "components/text")?.holder.id).toBe("eve");
    expect(leaseOn(view, leases, "components/inner")?.holder.id).toBe("ben");
    expect(leaseOn(view, [lease("components/box")], "components/inner")).toBeUndefined();
  });

  it("closes it to others by a hard lease only", () => {
    const soft = [lease("components/text", "ben", { kind: "soft" })];
    expect(closedBy(view, soft, "ada", "components/text")).toBeUndefined();
    const hard = [lease("pages/p1", "ben", all)];
    expect(closedBy(view, hard, "ada", "queries/q1")?.holder.id).toBe("ben");
    expect(closedBy(view, hard, "ben", "queries/q1")).toBeUndefined();
    const mine = [...hard, lease("components/inner", "ada", all)];
    expect(closedBy(view, mine, "ada", "components/text")).toBeUndefined();
  });
});

describe("an edit is refused", () => {
  const refused = (op: Op, ...leases: Lease[]) => refusedBy(view, leases, "ada", op)?.element;
  const move = (id: string, to: unknown): Op => [
    { p: ["components", id, "place"], oi: to } as never,
  ];

  it("where it touches what another holds", () => {
    const typing: Op = [{ p: ["components", "text", "props", "text", 0], si: "x" }];
    expect(refused(typing, lease("components/text"))).toBe("components/text");
    expect(refused(typing, lease("components/box", "ben", all))).toBe("components/text");
    expect(refused(typing, lease("components/box"))).toBeUndefined();
    expect(refused(typing, lease("components/text", "ada"))).toBeUndefined();
    expect(refused(typing)).toBeUndefined();
  });

  it("where it moves or deletes what that stands in", () => {
    const to = { page: "p2", slot: "content", order: "a0" };
    expect(refused(move("box", to), lease("components/text"))).toBe("components/text");
    const gone: Op = [{ p: ["components", "box"], od: {} } as never];
    expect(refused(gone, lease("components/text"))).toBe("components/text");
    expect(refused([{ p: ["pages", "p1"], od: {} } as never], lease("queries/q1"))).toBe(
      "queries/q1",
    );
    expect(refused(move("side", to), lease("components/text"))).toBeUndefined();
  });

  it("where it puts something into contents or takes it out", () => {
    const held = lease("components/box", "ben", all);
    const mine = lease("components/text", "ada");
    const out = { page: "p1", slot: "content", order: "a5" };
    expect(refused(move("text", out), held, mine)).toBe("components/text");
    expect(refused(move("side", place("inner", "a5")), held)).toBe("components/side");
    const insert: Op = [
      { p: ["components", "n1"], oi: component("N", place("inner", "a6")) } as never,
    ];
    expect(refused(insert, held)).toBe("components/n1");
    expect(refused(insert, lease("components/inner"))).toBeUndefined();
  });
});

it("says how long it may last", () => {
  expect(timeLeft(lease("x"), 0)).toBe("for 10 more minutes");
  expect(timeLeft(lease("x"), 590_000)).toBe("for less than a minute");
});
