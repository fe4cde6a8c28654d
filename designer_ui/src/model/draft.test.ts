import { describe, expect, it } from "vitest";
import { parseDraft, showValue } from "./draft";
import { fieldOf, PropertyChecker } from "./schema";
import type { JsonSchema } from "./types";

const EXPRESSION = "https://coweave.dev/schemas/expression.schema.json";
const checker = new PropertyChecker({
  [EXPRESSION]: { $id: EXPRESSION, type: "string", pattern: "\\{\\{" },
});
const bound = (literal: JsonSchema): JsonSchema => ({ anyOf: [literal, { $ref: EXPRESSION }] });
const parse = (schema: JsonSchema, text: string) =>
  parseDraft(fieldOf(["props", "x"], schema), text, checker);

describe("numbers", () => {
  const schema = bound({ type: "integer", minimum: 1, maximum: 500 });
  it("waits until the text is a number within its limits", () => {
    expect(parse(schema, "20")).toEqual({ value: 20 });
    expect(parse(schema, "-")).toHaveProperty("fault");
    expect(parse(schema, "0")).toEqual({ fault: "At least 1." });
    expect(parse(schema, "900")).toEqual({ fault: "At most 500." });
    expect(parse(schema, "1.5")).toEqual({
      fault: "This must be a whole number or an expression in {{ }}.",
    });
  });
  it("takes an expression where one is allowed, and nothing as nothing", () => {
    expect(parse(schema, "{{ size }}")).toEqual({ value: "{{ size }}" });
    expect(parse(schema, " ")).toEqual({ value: undefined });
    expect(parse({ type: "number" }, "{{ size }}")).toHaveProperty("fault");
  });
});

it("holds a pattern back until it fits", () => {
  const schema = bound({ type: "string", pattern: "^[0-9]{4}-[0-9]{2}-[0-9]{2}$" });
  expect(parse(schema, "2026-1")).toHaveProperty("fault");
  expect(parse(schema, "2026-11-20")).toEqual({ value: "2026-11-20" });
});

it("reads JSON where JSON is meant", () => {
  expect(parse({ type: "array" }, "[1")).toHaveProperty("fault");
  expect(parse({ type: "array" }, "[1]")).toEqual({ value: [1] });
  expect(showValue({ control: "json" }, [1])).toBe("[\n  1\n]");
});

it("sends only text that is always right key by key", () => {
  const free = (schema: JsonSchema) => fieldOf(["props", "x"], schema).free;
  expect(free({ type: "string", maxLength: 200 })).toBe(true);
  expect(free({ type: "string", format: "uri" })).toBe(false);
  expect(free({ type: "string", enum: ["a"] })).toBe(false);
  expect(free({ type: "number" })).toBe(false);
});
