import { expect, it } from "vitest";
import { copyName, freeName, identifierFault, titleFault } from "./names";

it("finds the first free number", () => {
  expect(freeName("Button", new Set(["Button1", "Button3"]))).toBe("Button2");
  expect(freeName("2 Fast!", new Set())).toBe("Fast1");
  expect(freeName("!", new Set())).toBe("Component1");
});

it("counts on from the name of what is copied", () => {
  expect(copyName("save", new Set())).toBe("save");
  expect(copyName("save", new Set(["save"]))).toBe("save1");
  expect(copyName("Button7", new Set(["Button7", "Button1"]))).toBe("Button2");
});

it("says why a name will not do", () => {
  expect(identifierFault("ok_1$")).toBeUndefined();
  for (const bad of ["", "1a", "a b", "é", "a".repeat(65)])
    expect(identifierFault(bad)).toBeTypeOf("string");
  expect(titleFault("Any title 1")).toBeUndefined();
  for (const bad of ["", "  ", "a".repeat(129)]) expect(titleFault(bad)).toBeTypeOf("string");
});
