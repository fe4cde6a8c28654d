import { describe, expect, it } from "vitest";
import { opOfChanges, stepsOfOp, type TextChange } from "./changes";
import type { Op } from "./op";
import { apply } from "./op";

const PATH = ["queries", "q1", "body"];

function run(text: string, op: Op): string {
  return apply({ queries: { q1: { body: text } } }, op).queries.q1.body;
}

describe("an editor's changes", () => {
  it("become deletes and inserts at offsets of the text as it is by then", () => {
    const changes: TextChange[] = [
      { from: 0, to: 1, at: 0, insert: "HELLO" },
      { from: 3, to: 3, at: 7, insert: "!" },
    ];
    const op = opOfChanges(PATH, "habc", "HELLOab!c", changes);
    expect(run("habc", op)).toBe("HELLOab!c");
    expect(op).toEqual([
      { p: [...PATH, 0], sd: "h" },
      { p: [...PATH, 0], si: "HELLO" },
      { p: [...PATH, 7], si: "!" },
    ]);
  });

  it("never part the halves of a character", () => {
    // 😀 and 😁 share their first half, which an editor may keep.
    const op = opOfChanges(PATH, "a😀b", "a😁b", [{ from: 2, to: 3, at: 2, insert: "\ude01" }]);
    expect(op).toEqual([
      { p: [...PATH, 1], sd: "😀" },
      { p: [...PATH, 1], si: "😁" },
    ]);
  });

  it("do nothing when there are none", () => {
    expect(opOfChanges(PATH, "a", "a", [])).toEqual([]);
  });
});

describe("an op from elsewhere", () => {
  it("becomes steps of the one text it edits", () => {
    const op: Op = [
      { p: [...PATH, 2], sd: "xy" },
      { p: [...PATH, 2], si: "z" },
      { p: ["queries", "q2", "body", 0], si: "not here" },
      { p: ["queries", "q1", "name"], od: "a", oi: "b" },
    ];
    expect(stepsOfOp(PATH, op)).toEqual([
      { from: 2, to: 4, insert: "" },
      { from: 2, to: 2, insert: "z" },
    ]);
  });

  it("says when the text is to be read anew", () => {
    expect(stepsOfOp(PATH, [{ p: PATH, od: "a", oi: "b" }])).toBeUndefined();
    expect(stepsOfOp(PATH, [{ p: ["queries", "q1"], od: {} }])).toBeUndefined();
  });
});
