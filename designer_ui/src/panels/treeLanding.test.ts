import { expect, it } from "vitest";
import type { Owner } from "../model/document";
import { Bench, catalog } from "../model/fixture";
import { landingInTree } from "./treeLanding";

const ROWS = [
  { id: "box", level: 0, open: true },
  { id: "b1", level: 1, open: false },
  { id: "b2", level: 1, open: false },
  { id: "b3", level: 0, open: false },
];

function land(y: number, ignore: string[] = [], may = (_owner: Owner, _slot: string) => true) {
  return landingInTree({
    view: new Bench().mirror,
    types: catalog,
    root: "pages/p1",
    rows: ROWS,
    y,
    width: 200,
    row: 20,
    indent: 10,
    ignore: new Set(ignore),
    may,
  })?.target;
}

it("means before, into and after by the part of the row", () => {
  expect(land(2)).toEqual({ owner: "pages/p1", slot: "content", index: 0 });
  expect(land(10)).toEqual({ owner: "components/box", slot: "content", index: 0 });
  expect(land(22)).toEqual({ owner: "components/box", slot: "content", index: 0 });
  expect(land(38)).toEqual({ owner: "components/box", slot: "content", index: 1 });
});

it("goes beside what takes nothing in, and to the end below the last row", () => {
  const noLeaf = (owner: Owner) =>
    !["components/b1", "components/b2", "components/b3"].includes(owner);
  expect(land(71, [], noLeaf)).toEqual({ owner: "pages/p1", slot: "content", index: 2 });
  expect(land(200)).toEqual({ owner: "pages/p1", slot: "content", index: 2 });
});

it("does not count what is being dragged", () => {
  expect(land(58, ["b1"])).toEqual({ owner: "components/box", slot: "content", index: 1 });
});

it("lands nowhere that is not allowed", () => {
  expect(land(10, [], () => false)).toBeUndefined();
});
