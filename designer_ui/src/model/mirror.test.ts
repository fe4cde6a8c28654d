import { expect, it, vi } from "vitest";
import { Bench } from "./fixture";

it("keeps the identity of what an op does not touch and tells only its readers", () => {
  const bench = new Bench();
  const before = {
    b1: bench.mirror.get("components", "b1"),
    b2: bench.mirror.get("components", "b2"),
  };
  const heard = { b1: vi.fn(), b2: vi.fn(), children: vi.fn(), outline: vi.fn() };
  bench.mirror.subscribe("components/b1", heard.b1);
  bench.mirror.subscribe("components/b2", heard.b2);
  bench.mirror.subscribe("children:components/box", heard.children);
  bench.mirror.subscribe("outline", heard.outline);
  bench.run([{ p: ["components", "b1", "props", "label", 0], si: "x" }]);
  expect(bench.mirror.get("components", "b1")).not.toBe(before.b1);
  expect(bench.mirror.get("components", "b2")).toBe(before.b2);
  expect(heard.b1).toHaveBeenCalledTimes(1);
  expect(heard.b2).not.toHaveBeenCalled();
  expect(heard.children).not.toHaveBeenCalled();
  expect(heard.outline).not.toHaveBeenCalled();
});

it("does not share values with the document, which the client changes in place", () => {
  const bench = new Bench();
  bench.run([{ p: ["components", "b1", "props", "label"], od: "Save", oi: "A" }]);
  const held = bench.mirror.get("components", "b1");
  (bench.document.components.b1 as { name: string }).name = "Changed";
  expect(held?.name).toBe("Button1");
});

it("follows moves, inserts and removals in its child lists", () => {
  const bench = new Bench();
  const heard = vi.fn();
  bench.mirror.subscribe("children:components/box", heard);
  bench.run([
    {
      p: ["components", "b3", "place"],
      od: { page: "p1", slot: "content", order: "a1" },
      oi: { parent: "box", slot: "content", order: "a0V" },
    },
  ]);
  expect(bench.mirror.children("components/box")).toEqual(["b1", "b3", "b2"]);
  expect(bench.mirror.children("pages/p1")).toEqual(["box"]);
  expect(heard).toHaveBeenCalledTimes(1);
});

it("stops telling those who left", () => {
  const bench = new Bench();
  const heard = vi.fn();
  bench.mirror.subscribe("components/b1", heard)();
  bench.run([{ p: ["components", "b1", "props", "label", 0], si: "x" }]);
  expect(heard).not.toHaveBeenCalled();
});
