import { expect, it } from "vitest";
import { apply } from "./op";
import { moveOffset, textEdit } from "./text";

const edit = (before: string, after: string, caret?: number) => {
  const op = textEdit(["t"], before, after, caret);
  expect(apply({ t: before }, op)).toEqual({ t: after });
  return op;
};

it("finds the smallest insert and delete", () => {
  expect(edit("hello", "help")).toEqual([
    { p: ["t", 3], sd: "lo" },
    { p: ["t", 3], si: "p" },
  ]);
  expect(edit("same", "same")).toEqual([]);
});

it("lets the caret say which of equal letters was typed", () => {
  expect(edit("aa", "aaa", 1)).toEqual([{ p: ["t", 0], si: "a" }]);
  expect(edit("aa", "aaa", 3)).toEqual([{ p: ["t", 2], si: "a" }]);
});

it("never splits a surrogate pair", () => {
  for (const [before, after] of [
    ["😀", "😁"],
    ["a😀b", "a😁b"],
    ["😀", ""],
    ["x😀", "x😀😀"],
  ] as const) {
    for (const { si, sd } of edit(before, after)) {
      const text = si ?? sd ?? "";
      expect(text.isWellFormed()).toBe(true);
    }
  }
});

it("moves a cursor with what others type before it", () => {
  expect(moveOffset(3, { p: ["t", 1], si: "ab" })).toBe(5);
  expect(moveOffset(3, { p: ["t", 3], si: "ab" })).toBe(3);
  expect(moveOffset(5, { p: ["t", 1], sd: "ab" })).toBe(3);
  expect(moveOffset(2, { p: ["t", 1], sd: "abcd" })).toBe(1);
});
