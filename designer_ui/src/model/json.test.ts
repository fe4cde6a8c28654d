import { expect, it } from "vitest";
import { readJson } from "./json";

it("reads what is JSON", () => {
  expect(readJson('{"a": [1, null]}')).toEqual({ value: { a: [1, null] } });
});

it("says where it stops being JSON", () => {
  const wrong = readJson('{\n  "a": 1,\n  b: 2\n}');
  expect(wrong).toMatchObject({ from: 14, to: 15 });
  expect("message" in wrong && wrong.message).toMatch(/^This is no JSON yet \(line 3\): .*\.$/);
  expect(readJson("[1, 2")).toMatchObject({ from: 4, to: 5 });
  expect(readJson("")).toMatchObject({ from: 0 });
});
