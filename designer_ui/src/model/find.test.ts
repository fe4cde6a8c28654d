import { expect, it } from "vitest";
import { ranked } from "./find";

const entries = ["Button12", "saveButton", "Add button", "Text1", "Bottom until tons"].map(
  (title) => ({
    title,
    detail: title === "Text1" ? "Text on Buttons" : "",
  }),
);
const titles = (text: string) => ranked(entries, text, 9).map((each) => each.title);

it("puts what begins with the word before what holds it, and details last", () => {
  expect(titles("button")).toEqual([
    "Button12",
    "saveButton",
    "Add button",
    "Text1",
    "Bottom until tons",
  ]);
});

it("wants every word", () => {
  expect(titles("add but")).toEqual(["Add button"]);
  expect(titles("nothing")).toEqual([]);
});

it("keeps the order of the list when nothing is typed, up to the limit", () => {
  expect(ranked(entries, "  ", 2).map((each) => each.title)).toEqual(["Button12", "saveButton"]);
});
