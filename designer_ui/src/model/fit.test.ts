import { expect, it } from "vitest";
import { fitted } from "./fit";
import { Bench } from "./fixture";

it("sets what is deleted to what is really there", () => {
  const { mirror } = new Bench();
  const p = ["components", "b1", "props", "label"];
  expect(fitted(mirror, [{ p, od: "Old", oi: "New" }])).toEqual([{ p, od: "Save", oi: "New" }]);
  expect(fitted(mirror, [{ p: [...p.slice(0, 3), "absent"], od: 1, oi: 2 }])).toEqual([
    { p: ["components", "b1", "props", "absent"], oi: 2 },
  ]);
});

it("leaves out what changes nothing", () => {
  const { mirror } = new Bench();
  expect(fitted(mirror, [{ p: ["components", "gone"], od: {} }])).toEqual([]);
  expect(fitted(mirror, [{ p: ["components", "b1", "name"], od: "x", oi: "Button1" }])).toEqual([]);
});

it("says no to what does not apply", () => {
  const { mirror } = new Bench();
  expect(
    fitted(mirror, [{ p: ["components", "gone", "props", "label", 0], si: "x" }]),
  ).toBeUndefined();
  expect(
    fitted(mirror, [{ p: ["components", "b1", "props", "label", 0], sd: "nope" }]),
  ).toBeUndefined();
  expect(fitted(mirror, [{ p: ["components", "gone", "name"], oi: "x" }])).toBeUndefined();
});

it("tries the parts of an op one after the other", () => {
  const { mirror } = new Bench();
  const p = ["components", "b1", "props", "label"];
  expect(
    fitted(mirror, [
      { p, od: "?", oi: "abc" },
      { p: [...p, 3], si: "d" },
    ]),
  ).toEqual([
    { p, od: "Save", oi: "abc" },
    { p: [...p, 3], si: "d" },
  ]);
  expect(mirror.get("components", "b1")?.props.label).toBe("Save");
});
