import { expect, it } from "vitest";
import { chunks } from "./chunks";
import { Bench } from "./fixture";
import type { Op } from "./op";

const insert = (id: string, place: object) => ({
  p: ["components", id],
  oi: { type: "Container", typeVersion: 1, name: id, place, props: {} } as never,
});

it("leaves what the server takes in one piece", () => {
  const op: Op = [insert("a", { page: "p1", slot: "content", order: "a5" })];
  expect(chunks(op)).toEqual([op]);
});

it("puts back parents before what is in them, in pieces that the server takes", () => {
  const op: Op = [];
  for (let i = 2000; i > 0; i--) {
    op.push(insert(`n${i}`, { parent: `n${Math.floor(i / 10)}`, slot: "content", order: "a0" }));
  }
  op.push(insert("n0", { page: "p9", slot: "content", order: "a0" }));
  op.push({ p: ["pages", "p9"], oi: { name: "Nine", order: "a9", settings: {} } });
  const pieces = chunks(op);
  expect(pieces.length).toBeGreaterThan(2);
  const bench = new Bench();
  for (const piece of pieces) {
    expect(piece.length).toBeLessThanOrEqual(900);
    for (const each of piece) {
      bench.run([each]);
      const place = bench.mirror.get("components", String(each.p[1]))?.place;
      if (place && "parent" in place)
        expect(bench.mirror.get("components", place.parent)).toBeDefined();
      if (place && "page" in place) expect(bench.mirror.get("pages", place.page)).toBeDefined();
    }
  }
  expect(bench.mirror.get("components", "n2000")).toBeDefined();
});

it("takes away what is inside before what it is in", () => {
  const op: Op = Array.from({ length: 1500 }, (_, i) => ({
    p: ["components", `n${i}`],
    od: insert("", i === 0 ? { page: "p1" } : { parent: `n${Math.floor(i / 10)}` }).oi,
  }));
  const order = chunks(op).flatMap((piece) => piece.map((each) => String(each.p[1])));
  expect(order).toHaveLength(1500);
  expect(order.at(-1)).toBe("n0");
  expect(order.indexOf("n1499")).toBeLessThan(order.indexOf("n149"));
});

it("keeps an op whole that is more than inserts", () => {
  const op: Op = Array.from({ length: 1200 }, (_, i) => ({
    p: ["components", `x${i}`, "name"],
    od: "a",
    oi: "b",
  }));
  expect(chunks(op)).toEqual([op]);
});
