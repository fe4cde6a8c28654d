import { expect, it } from "vitest";
import { mentionAt, mentionedIn, openOn, partsOf, threadsOf } from "./threads";

const said = (id: string, at: number, more = {}) => ({
  id,
  at,
  thread: null,
  anchor: { element: "components/c1", lost: false },
  resolvedAt: null,
  ...more,
});

it("gathers replies under what they answer, the latest word first", () => {
  const threads = threadsOf([
    said("a", 1),
    said("b", 2),
    said("c", 3, { thread: "a" }),
    said("d", 4, { thread: "gone" }),
  ]);
  expect(threads.map(({ first, replies }) => [first.id, replies.map((each) => each.id)])).toEqual([
    ["d", []],
    ["a", ["c"]],
    ["b", []],
  ]);
});

it("counts the open threads of components that are there", () => {
  const open = openOn(
    threadsOf([
      said("a", 1),
      said("b", 2, { resolvedAt: 3 }),
      said("c", 3, { anchor: { element: "components/c2", lost: true } }),
      said("d", 4, { anchor: null }),
      said("e", 5),
    ]),
  );
  expect([...open]).toEqual([["c1", 2]]);
});

it("finds the name that is being typed, and those that were", () => {
  expect(mentionAt("hello @Be", 9)).toBe("Be");
  expect(mentionAt("@", 1)).toBe("");
  expect(mentionAt("ada@home", 8)).toBeUndefined();
  expect(mentionAt("hello @Ben there", 16)).toBeUndefined();
  const people = [{ name: "Ben" }, { name: "Ben (2)" }];
  expect(mentionedIn("for @Ben (2)", people)).toHaveLength(2);
  expect(partsOf("see @Ben (2), ok", people)).toEqual([
    { text: "see ", mention: false },
    { text: "@Ben (2)", mention: true },
    { text: ", ok", mention: false },
  ]);
});
