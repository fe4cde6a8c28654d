/**
 * A half-typed value: kept beside the document until it is right (Enter or blur), so that the
 * server never sees "1." or "htt" and others see in the field's presence that someone is typing.
 */
import type { Json } from "./document";
import { readJson } from "./json";
import { type Field, isExpression, type PropertyChecker } from "./schema";

export type Parsed = { value: Json | undefined } | { fault: string };

/** Text for a value in its field. */
export function showValue(field: Pick<Field, "control">, value: Json | undefined): string {
  if (value === undefined) return "";
  if (typeof value === "string" && field.control !== "json") return value;
  if (field.control === "json" || typeof value === "object") return JSON.stringify(value, null, 2);
  return String(value);
}

/** What the typed text means for the field; an empty text takes the value away. */
export function parseDraft(field: Field, text: string, checker: PropertyChecker): Parsed {
  const read = readText(field, text);
  if ("fault" in read || read.value === undefined) return read;
  const fault = checker.fault(field.schema, read.value);
  return fault === undefined ? read : { fault };
}

function readText(field: Field, text: string): Parsed {
  if (field.bindable && isExpression(text)) return { value: text };
  switch (field.control) {
    case "number":
      return readNumber(text, field.literal.type === "integer");
    case "boolean":
      if (text.trim() === "") return { value: undefined };
      if (text === "true" || text === "false") return { value: text === "true" };
      return { fault: "true, false or an expression in {{ }}." };
    case "json":
    case "options":
      if (text.trim() === "") return { value: undefined };
      return parseJson(text);
    case "expression":
      return readLoose(field, text);
    default:
      return text === "" && !field.free ? { value: undefined } : { value: text };
  }
}

/** JSON as a draft's outcome. */
export function parseJson(text: string): Parsed {
  const read = readJson(text);
  return "message" in read ? { fault: read.message } : read;
}

/** An expression field whose literal is no text reads JSON: `[1, 2]`, `true`, `5`. */
function readLoose(field: Field, text: string): Parsed {
  if (text.trim() === "") return { value: undefined };
  const types = [field.literal.type ?? []].flat();
  if (types.length === 0 || types.includes("string")) return { value: text };
  try {
    return { value: JSON.parse(text) as Json };
  } catch {
    return { fault: "This must be JSON or an expression in {{ }}." };
  }
}

function readNumber(text: string, whole: boolean): Parsed {
  const trimmed = text.trim().replace(",", ".");
  if (trimmed === "") return { value: undefined };
  if (!/^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(trimmed)) {
    return { fault: whole ? "This must be a whole number." : "This must be a number." };
  }
  return { value: Number(trimmed) };
}
