/** Reading a property's schema: which field it gets, and whether a value is right. */
import { type OutputUnit, type Schema, Validator } from "@cfworker/json-schema";
import type { Component, Json } from "./document";
import type { ComponentType, Control, JsonSchema } from "./types";

const EXPRESSION_ID = "https://coweave.dev/schemas/expression.schema.json";

export interface Field {
  /** "props" or "style" and the property's name. */
  path: [string, string];
  label: string;
  description: string;
  control: Control;
  group: string;
  order: number;
  schema: JsonSchema;
  /** The literal alternative, where the property may also be bound. */
  literal: JsonSchema;
  bindable: boolean;
  /** Text that is right at every keystroke: sent key by key. All else is a draft until it is right. */
  free: boolean;
  fallback: Json | undefined;
}

export interface FieldGroup {
  name: string;
  fields: Field[];
}

const GROUP_ORDER = ["Content", "Data", "Behaviour", "Validation", "Appearance"];

/** The fields of a type, grouped and ordered as its schema says. */
export function fieldsOf(type: ComponentType): FieldGroup[] {
  const groups = new Map<string, Field[]>();
  for (const part of ["props", "style"]) {
    const properties = type.schema.properties?.[part]?.properties ?? {};
    for (const [name, schema] of Object.entries(properties)) {
      const field = fieldOf([part, name], schema);
      groups.set(field.group, [...(groups.get(field.group) ?? []), field]);
    }
  }
  const rank = (name: string) =>
    (GROUP_ORDER.indexOf(name) + GROUP_ORDER.length + 1) % (GROUP_ORDER.length + 1);
  return [...groups]
    .map(([name, fields]) => ({ name, fields: fields.sort((a, b) => a.order - b.order) }))
    .sort((a, b) => rank(a.name) - rank(b.name));
}

/** The fields that all of several types have alike, for a form over many components. */
export function sharedFields(types: readonly ComponentType[]): FieldGroup[] {
  const [first, ...others] = [...new Set(types)];
  if (!first) return [];
  const fieldsOfOthers = others.map(
    (type) => new Map(fieldsOf(type).flatMap(({ fields }) => fields.map((f) => [key(f), f]))),
  );
  return fieldsOf(first)
    .map(({ name, fields }) => ({
      name,
      fields: fields.filter((field) =>
        fieldsOfOthers.every((each) => alike(field, each.get(key(field)))),
      ),
    }))
    .filter(({ fields }) => fields.length > 0);
}

function key({ path }: Field): string {
  return path.join("/");
}

function alike(a: Field, b: Field | undefined): boolean {
  return (
    b !== undefined &&
    a.control === b.control &&
    a.bindable === b.bindable &&
    JSON.stringify([a.literal.type, a.literal.enum]) ===
      JSON.stringify([b.literal.type, b.literal.enum])
  );
}

export function fieldOf(path: [string, string], schema: JsonSchema): Field {
  const hint = schema["x-form"] ?? {};
  const literal = schema.anyOf?.find((each) => each.$ref !== EXPRESSION_ID) ?? schema;
  const bindable = schema.anyOf?.some((each) => each.$ref === EXPRESSION_ID) ?? false;
  const control = hint.control ?? controlFor(literal);
  return {
    path,
    label: schema.title ?? path[1],
    description: schema.description ?? "",
    control,
    group: hint.group ?? (path[0] === "style" ? "Appearance" : "Content"),
    order: hint.order ?? 1000,
    schema,
    literal,
    bindable,
    free:
      (control === "text" || control === "textarea" || control === "expression") &&
      isFreeText(schema),
    fallback: schema.default ?? literal.default,
  };
}

function controlFor(schema: JsonSchema): Control {
  if (schema.enum) return "enum";
  const type = Array.isArray(schema.type) ? schema.type[0] : schema.type;
  if (type === "string") return "text";
  if (type === "number" || type === "integer") return "number";
  if (type === "boolean") return "boolean";
  return "json";
}

/** True when every string is right, as far as a hand can type it. */
export function isFreeText(schema: JsonSchema): boolean {
  if (schema.type !== "string") return false;
  const limits = [
    "minLength",
    "pattern",
    "format",
    "enum",
    "const",
    "anyOf",
    "oneOf",
    "allOf",
    "not",
  ];
  return !limits.some((keyword) => schema[keyword] !== undefined);
}

/** A property as it counts: the stored value, else its schema's default. */
export function effective(
  type: ComponentType | undefined,
  component: Component,
  part: "props" | "style",
  name: string,
): Json | undefined {
  const value = component[part]?.[name];
  if (value !== undefined) return value;
  return type?.schema.properties?.[part]?.properties?.[name]?.default;
}

export function isExpression(value: Json | undefined): value is string {
  return typeof value === "string" && value.includes("{{");
}

/** Validators by schema, compiled once. */
export class PropertyChecker {
  private readonly validators = new WeakMap<JsonSchema, Validator>();

  constructor(private readonly shared: { [id: string]: JsonSchema }) {}

  /** Why `value` does not fit, in words for the person who typed it; undefined when it fits. */
  fault(schema: JsonSchema, value: Json): string | undefined {
    let validator = this.validators.get(schema);
    if (!validator) {
      validator = new Validator(schema as Schema, "2020-12", false);
      for (const [id, each] of Object.entries(this.shared)) validator.addSchema(each as Schema, id);
      this.validators.set(schema, validator);
    }
    const { valid, errors } = validator.validate(value);
    return valid ? undefined : explain(schema, errors);
  }
}

/** One sentence for the failure that tells most: the deepest one outside the bound alternative. */
function explain(schema: JsonSchema, errors: OutputUnit[]): string {
  const literal = schema.anyOf?.find((each) => each.$ref !== EXPRESSION_ID) ?? schema;
  const keywords = new Map(errors.map((error) => [error.keyword, error]));
  if (keywords.has("enum") && literal.enum)
    return `One of: ${literal.enum.map(String).join(", ")}.`;
  if (keywords.has("maximum")) return `At most ${literal.maximum}.`;
  if (keywords.has("minimum")) return `At least ${literal.minimum}.`;
  if (keywords.has("exclusiveMinimum")) return `More than ${literal.exclusiveMinimum}.`;
  if (keywords.has("maxLength") && literal.maxLength !== undefined)
    return `At most ${literal.maxLength} characters.`;
  if (keywords.has("minLength") && literal.minLength !== undefined) {
    return literal.minLength <= 1
      ? "This cannot be empty."
      : `At least ${literal.minLength} characters.`;
  }
  if (keywords.has("format") && literal.format)
    return `This is no valid ${FORMATS[literal.format] ?? literal.format}.`;
  if (keywords.has("pattern") && literal.pattern)
    return "This does not have the form that is needed here.";
  if (keywords.has("type") && literal.type) {
    const expected = [literal.type]
      .flat()
      .map((type) => TYPES[type] ?? type)
      .join(" or ");
    const expression = schema === literal ? "" : " or an expression in {{ }}";
    return `This must be ${expected}${expression}.`;
  }
  const last = errors.at(-1);
  return last ? sentence(last) : "This value is not allowed here.";
}

const FORMATS: { [format: string]: string } = {
  uri: "address (https://…)",
  "uri-reference": "address",
  email: "e-mail address",
  date: "date (2026-01-31)",
  "date-time": "time (2026-01-31T12:00:00Z)",
  regex: "regular expression",
};

const TYPES: { [type: string]: string } = {
  string: "text",
  number: "a number",
  integer: "a whole number",
  boolean: "true or false",
  array: "a list",
  object: "an object",
  null: "empty",
};

function sentence(error: OutputUnit): string {
  const where = error.instanceLocation.replace(/^#\/?/, "").replaceAll("/", " › ");
  return where ? `${where}: ${error.error}` : error.error;
}
