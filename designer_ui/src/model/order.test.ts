import { expect, it } from "vitest";
import { byOrder, keysAt, type Ordered } from "./order";

const list = (...orders: string[]): Ordered[] => orders.map((order, i) => ({ id: `i${i}`, order }));

/** The list as it would be with the insertion applied. */
function inserted(siblings: Ordered[], index: number, count: number): string[] {
  const { orders, rekeyed } = keysAt(siblings, index, count);
  const changed = new Map(rekeyed.map((each) => [each.id, each.order]));
  const all = siblings.map(({ id, order }) => ({ id, order: changed.get(id) ?? order }));
  orders.forEach((order, i) => {
    all.push({ id: `n${i}`, order });
  });
  return all.sort(byOrder).map((each) => each.id);
}

it("puts items between, before and after", () => {
  expect(inserted(list("a0", "a1"), 1, 2)).toEqual(["i0", "n0", "n1", "i1"]);
  expect(inserted(list("a0", "a1"), 0, 1)).toEqual(["n0", "i0", "i1"]);
  expect(inserted(list("a0", "a1"), 2, 1)).toEqual(["i0", "i1", "n0"]);
  expect(inserted([], 0, 3)).toEqual(["n0", "n1", "n2"]);
});

it("re-keys only the siblings that tie with the one before", () => {
  const siblings = list("a0", "a0", "a0", "a1");
  expect(inserted(siblings, 1, 1)).toEqual(["i0", "n0", "i1", "i2", "i3"]);
  expect(keysAt(siblings, 1, 1).rekeyed.map((each) => each.id)).toEqual(["i1", "i2"]);
  expect(keysAt(siblings, 4, 1).rekeyed).toEqual([]);
});

it("gives all siblings new keys where one is not a key at all", () => {
  expect(inserted(list("!", "?"), 1, 1)).toEqual(["i0", "n0", "i1"]);
});
