import { expect, it } from "vitest";
import { piecesOf, sumsOf, treeOf } from "./compare";
import { sample } from "./fixture";
import { removeComponents } from "./intents";
import { Mirror } from "./mirror";
import { apply } from "./op";

function views(...removed: string[]) {
  const [from, to] = [new Mirror(), new Mirror()];
  from.reset(sample());
  to.reset(sample());
  const document = sample();
  to.applied(removeComponents(from, removed), apply(document, removeComponents(from, removed)));
  return { from, to };
}

it("shows changed components under what they stand in, removed ones where they were", () => {
  const { from, to } = views("b1");
  const rows = treeOf(from, to, [
    { kind: "removed", element: "components/b1", name: "Button1" },
    { kind: "changed", element: "meta", name: "Sample" },
  ]);
  expect(rows.map(({ name, depth, mark }) => [name, depth, mark])).toEqual([
    ["One", 0, null],
    ["Box", 1, null],
    ["Button1", 2, "removed"],
    ["Design", 0, null],
    ["Sample", 1, "changed"],
  ]);
});

it("marks an element by its weightiest change and counts them all", () => {
  const sums = sumsOf([
    { kind: "changed", element: "components/b1", name: "A" },
    { kind: "moved", element: "components/b1", name: "A" },
    { kind: "changed", element: "components/b1", name: "A" },
  ]);
  expect(sums.get("components/b1")).toEqual({ mark: "moved", count: 3, name: "A" });
});

it("marks the edits of a text and leaves out what is far from them", () => {
  expect(piecesOf("Save it", [{ at: 5, removed: "it", inserted: "all" }])).toEqual([
    { kind: "same", text: "Save " },
    { kind: "removed", text: "it" },
    { kind: "inserted", text: "all" },
  ]);
  const long = "x".repeat(500);
  const pieces = piecesOf(`${long}a${long}`, [{ at: 500, removed: "a", inserted: "" }]);
  expect(pieces.map(({ kind, text }) => [kind, text.length < 80])).toEqual([
    ["same", true],
    ["removed", true],
    ["same", true],
  ]);
  expect(piecesOf("same", [])).toEqual([{ kind: "same", text: "same" }]);
});
