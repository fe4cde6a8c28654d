/** The model against the schemas that the server judges by. */
import { type Schema, Validator } from "@cfworker/json-schema";
import { describe, expect, it } from "vitest";
import documentSchema from "../../../schemas/document.schema.json";
import expressionSchema from "../../../schemas/expression.schema.json";
import type { DesignDocument } from "./document";
import { parseDraft, showValue } from "./draft";
import { Bench, counter } from "./fixture";
import {
  addPage,
  duplicateComponents,
  editText,
  endOf,
  insertComponent,
  movePage,
  setValue,
} from "./intents";
import { fieldsOf, isFreeText, PropertyChecker, sharedFields } from "./schema";
import { type ComponentType, type JsonSchema, TypeCatalog } from "./types";

const files = import.meta.glob<JsonSchema>("../../../schemas/components/core/*/*.schema.json", {
  eager: true,
  import: "default",
});
const types = Object.entries(files).map(([path, schema]): ComponentType => {
  const [type, file] = path.split("/").slice(-2) as [string, string];
  const hints = schema["x-coweave"] as Omit<ComponentType, "type" | "version" | "pack" | "schema">;
  return { ...hints, type, version: Number.parseInt(file, 10), pack: "core", schema };
});
const shared = { [String(expressionSchema.$id)]: expressionSchema as JsonSchema };
const catalog = new TypeCatalog({ types, shared });
const checker = new PropertyChecker(shared);

function faults(document: DesignDocument): string[] {
  const validator = new Validator(documentSchema as Schema, "2020-12");
  validator.addSchema(expressionSchema as Schema);
  return validator
    .validate(document)
    .errors.map((each) => `${each.instanceLocation}: ${each.error}`);
}

it("finds the core pack", () => {
  expect(types.length).toBeGreaterThanOrEqual(15);
  expect(catalog.palette().map((group) => group.category)).toEqual([
    "Layout",
    "Inputs",
    "Display",
    "Data",
    "Actions",
  ]);
});

describe.each(types.map((type) => [type.type, type] as const))("%s", (_name, type) => {
  const fields = fieldsOf(type).flatMap((group) => group.fields);

  it("is inserted as the server's schemas want it", () => {
    const bench = new Bench();
    const target = endOf(bench.mirror, "pages/p1", "content");
    const { op, ids } = insertComponent(bench.mirror, type, target, counter());
    bench.run(op);
    expect(faults(bench.document)).toEqual([]);
    const { props, style } = bench.document.components[String(ids[0])] as {
      props: object;
      style?: object;
    };
    const own = new PropertyChecker(shared);
    expect(own.fault(type.schema, { props, style: style ?? {} } as never)).toBeUndefined();
  });

  it("has a labelled field for every property, and takes its own defaults back", () => {
    expect(fields.length).toBeGreaterThan(0);
    for (const field of fields) {
      expect(field.label, field.path.join("/")).not.toBe(field.path[1]);
      const value =
        type.defaults[field.path[0] as "props" | "style"]?.[field.path[1]] ?? field.fallback;
      if (value === undefined || field.control === "options") continue;
      expect(parseDraft(field, showValue(field, value), checker), field.path.join("/")).toEqual(
        field.control === "enum" && typeof value === "number"
          ? { fault: expect.any(String) }
          : { value },
      );
    }
  });

  it("lets only right text through key by key", () => {
    for (const field of fields.filter((each) => each.free)) {
      expect(isFreeText(field.schema)).toBe(true);
      for (const text of ["", "a", "{{", "{{ x }}", "😀"]) {
        expect(
          checker.fault(field.schema, text),
          `${field.path.join("/")} ${text}`,
        ).toBeUndefined();
      }
    }
  });
});

it("keeps a design right through every intent", () => {
  const bench = new Bench();
  bench.run(addPage(bench.mirror, "Three", counter()).op);
  bench.run(movePage(bench.mirror, "p2", 0));
  bench.run(setValue(bench.mirror, "components/b1", ["style", "width"], "full"));
  bench.run(editText(bench.mirror, "components/b1", ["props", "label"], "Save it"));
  bench.run(editText(bench.mirror, "meta", ["description"], "For the front desk"));
  const numbered = counter();
  bench.run(
    duplicateComponents(bench.mirror, catalog, ["box"], (prefix) => `${numbered(prefix)}copy`).op,
  );
  expect(faults(bench.document)).toEqual([]);
});

describe("the form over several types", () => {
  const of = (...names: string[]) =>
    sharedFields(names.map((name) => catalog.latest(name) as ComponentType)).flatMap((group) =>
      group.fields.map((field) => field.path.join("/")),
    );

  it("has all fields of one type, and of several what they have alike", () => {
    const button = catalog.latest("Button") as ComponentType;
    expect(sharedFields([button, button])).toEqual(fieldsOf(button));
    expect(of("Button", "TextInput")).toContain("props/label");
    expect(of("Button", "TextInput")).not.toContain("props/placeholder");
    expect(of("Button", "TextInput", "Text")).not.toContain("props/label");
  });
});
