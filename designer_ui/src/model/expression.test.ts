import { describe, expect, it } from "vitest";
import { expressionFault, typedAt } from "./expression";

describe("expressionFault", () => {
  it.each([
    "",
    "plain { text ) is free",
    "{{ a }}",
    "{{ {a: [1, (2)]} }}",
    "Hello {{ user.name }}, you have {{ n }} mails",
    '{{ "a }} b" }}',
    "{{ `x }} y` }}",
    "{{ 'it\\'s' }}",
  ])("finds nothing in %s", (text) => expect(expressionFault(text)).toBeUndefined());

  it.each([
    ["{{ a", 0, "This {{ is not closed by }}."],
    ["a {{ f(1 }}", 9, "A ) is expected here."],
    ["{{ f(1", 4, "This ( is not closed."],
    ["{{ a) }}", 4, "There is no bracket that this ) closes."],
    ['{{ "a }}', 3, 'This " is not closed.'],
    ["{{ a }} {{ b", 8, "This {{ is not closed by }}."],
  ])("says what is wrong in %s", (text, from, message) => {
    expect(expressionFault(text)).toMatchObject({ from, message });
  });
});

describe("typedAt", () => {
  const at = (text: string, code = false) => {
    const offset = text.indexOf("|");
    return typedAt(text.replace("|", ""), offset, code);
  };
  it("knows the word being typed", () => {
    expect(at("{{ ge| }}")).toEqual({ from: 3, word: "ge", base: null });
    expect(at("{{ f(getAll.da| }}")).toEqual({ from: 12, word: "da", base: "getAll" });
    expect(at("{{ | }}")).toEqual({ from: 3, word: "", base: null });
  });
  it("keeps out of plain text, quotes and unknown depths", () => {
    expect(at("ge|")).toBeUndefined();
    expect(at("{{ a }} b|")).toBeUndefined();
    expect(at('{{ "ge| }}')).toBeUndefined();
    expect(at("{{ a.b.c| }}")).toBeUndefined();
    expect(at("{{ f().c| }}")).toBeUndefined();
    expect(at("{{ 12a| }}")).toBeUndefined();
  });
  it("takes a script as code from end to end", () => {
    expect(at("const a = 1;\n  getA|", true)).toEqual({ from: 15, word: "getA", base: null });
  });
});
