import { expect, it } from "vitest";
import type { Json } from "./document";
import { sample } from "./fixture";
import { removeComponents } from "./intents";
import { Mirror } from "./mirror";
import { apply } from "./op";
import { bringBack, misses, removedBy } from "./removals";

function deleted(...ids: string[]) {
  const document = sample();
  const mirror = new Mirror();
  mirror.reset(document);
  const op = removeComponents(mirror, ids);
  const before = structuredClone(document);
  mirror.applied(op, apply(document, op));
  return { before, document, mirror, removed: removedBy(op) };
}

it("brings back what was deleted with all inside, parents first", () => {
  const { before, document, mirror, removed } = deleted("box");
  expect(removed.size).toBeGreaterThan(1);
  const op = bringBack(mirror, removed, null);
  expect(op[0]?.p).toEqual(["components", "box"]);
  expect(apply(document, op)).toEqual(before);
});

it("puts what one had written into what comes back, and nothing twice", () => {
  const { document, mirror, removed } = deleted("box");
  const written = { element: "components/b1", path: ["props", "label"], value: "Mine" as Json };
  expect(misses(removed, written)).toBe(true);
  expect(misses(removed, { ...written, value: "Save" })).toBe(false);
  const op = bringBack(mirror, removed, written);
  mirror.applied(op, apply(document, op));
  expect(mirror.get("components", "b1")?.props.label).toBe("Mine");
  expect(bringBack(mirror, removed, written)).toEqual([]);
});
