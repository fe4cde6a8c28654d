/**
 * Components of other tools by their kind: a BUTTON_WIDGET looks like a button. Only for the eye;
 * the component itself keeps its type and its properties.
 */
import type { Component, Json, JsonObject } from "../../model/document";

interface Kind {
  /** Of the type's name, without case, prefix and "_WIDGET". */
  name: RegExp;
  look: string;
  /** Our property ← theirs, the first that is set. */
  reads: { [ours: string]: string[] };
  /** What every component of the kind has here. */
  fixed?: JsonObject;
}

const LABEL = ["label", "labelText", "text", "title"];
const INPUT = {
  label: LABEL,
  placeholder: ["placeholderText", "placeholder"],
  defaultValue: ["defaultText", "defaultValue", "value", "defaultOptionValue", "defaultDate"],
  required: ["isRequired", "required", "mandatory"],
  disabled: ["isDisabled", "disabledState", "disabled"],
  options: ["options", "sourceData", "values"],
};

const KINDS: readonly Kind[] = [
  {
    name: /^(icon|menu|link)?_?button$/,
    look: "Button",
    reads: { label: ["text", "label", "iconName"], disabled: INPUT.disabled },
  },
  {
    name: /^(rich_?)?text$|^statbox_text$/,
    look: "Text",
    reads: { text: ["text", "value", "defaultValue"] },
  },
  { name: /text_?area|rich_?text_?editor|code_?editor/, look: "TextArea", reads: INPUT },
  { name: /number_?input|currency/, look: "NumberInput", reads: INPUT },
  { name: /^(phone_|password_?|email_?)?(text_?)?input/, look: "TextInput", reads: INPUT },
  { name: /select|drop_?down/, look: "Select", reads: INPUT },
  { name: /date|time_?picker/, look: "DatePicker", reads: INPUT },
  { name: /checkbox_?group/, look: "CheckboxGroup", reads: INPUT },
  { name: /radio/, look: "RadioGroup", reads: INPUT },
  {
    name: /checkbox/,
    look: "Checkbox",
    reads: { ...INPUT, defaultValue: ["defaultCheckedState", "defaultValue"] },
  },
  {
    name: /switch|toggle/,
    look: "Switch",
    reads: { ...INPUT, defaultValue: ["defaultSwitchState", "defaultValue"] },
  },
  { name: /file_?picker|upload/, look: "FileUpload", reads: INPUT },
  {
    name: /table|data_?grid/,
    look: "Table",
    reads: { label: ["label"], data: ["tableData", "data"] },
  },
  {
    name: /chart/,
    look: "Chart",
    reads: { label: ["chartName", "title", "label"], data: ["chartData", "data"] },
  },
  {
    name: /^image|icon$/,
    look: "Image",
    reads: {
      src: ["image", "source", "src", "iconName", "icon"],
      alt: ["alternativeText", "altText"],
    },
  },
  { name: /divider/, look: "Divider", reads: {} },
  { name: /heading/, look: "Heading", reads: { text: ["text", "value"] } },
  { name: /^link$/, look: "Link", reads: { text: ["linkText", "text"] } },
];

/** Looks that take only the room they need; the others fill their row. */
const NARROW = new Set(["Button", "Link", "Text", "Heading", "Checkbox", "Switch"]);

function nameOf(type: string): string {
  return type
    .replace(/^.*[./]/, "")
    .replace(/([a-z])([A-Z])/g, "$1_$2")
    .toLowerCase()
    .replace(/_widget(_v\d+)?$/, "");
}

function first(props: JsonObject, names: readonly string[]): Json | undefined {
  for (const name of names) {
    const value = props[name];
    if (value !== undefined && value !== null && value !== "") return value;
  }
  return undefined;
}

/** The component under one of our types, or undefined when its kind is not known. */
export function familiar(component: Component): Component | undefined {
  const name = nameOf(component.type);
  const kind = KINDS.find((each) => each.name.test(name));
  if (!kind) return undefined;
  const props: JsonObject = { ...kind.fixed };
  for (const [ours, theirs] of Object.entries(kind.reads)) {
    const value = first(component.props, theirs);
    if (value !== undefined) props[ours] = value;
  }
  const style = { width: NARROW.has(kind.look) ? "auto" : "full" };
  return { ...component, type: kind.look, props, style };
}
