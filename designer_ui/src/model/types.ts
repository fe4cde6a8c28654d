/** Component types as GET /api/types gives them. */
import type { Component, Json, JsonObject } from "./document";

export interface SlotType {
  title: string;
  accepts: string[];
}

export interface FormHint {
  control?: Control;
  group?: string;
  order?: number;
}

export type Control =
  | "text"
  | "textarea"
  | "number"
  | "boolean"
  | "enum"
  | "expression"
  | "color"
  | "options"
  | "json";

export interface JsonSchema {
  $id?: string;
  $ref?: string;
  type?: string | string[];
  title?: string;
  description?: string;
  default?: Json;
  enum?: Json[];
  const?: Json;
  anyOf?: JsonSchema[];
  oneOf?: JsonSchema[];
  items?: JsonSchema;
  properties?: { [name: string]: JsonSchema };
  required?: string[];
  pattern?: string;
  format?: string;
  minLength?: number;
  maxLength?: number;
  minimum?: number;
  maximum?: number;
  "x-form"?: FormHint;
  [keyword: string]: unknown;
}

export interface ComponentType {
  type: string;
  version: number;
  pack: string;
  title: string;
  category: string;
  icon: string;
  slots: { [slot: string]: SlotType };
  defaults: { props?: JsonObject; style?: JsonObject };
  events: string[];
  schema: JsonSchema;
}

export interface TypesAnswer {
  types: ComponentType[];
  shared: { [id: string]: JsonSchema };
}

const CATEGORY_ORDER = ["Layout", "Inputs", "Display", "Data", "Actions"];

/** All known component types, by name and version. */
export class TypeCatalog {
  readonly shared: { [id: string]: JsonSchema };
  private readonly byKey = new Map<string, ComponentType>();
  private readonly newest = new Map<string, ComponentType>();

  constructor(answer: TypesAnswer) {
    this.shared = answer.shared;
    for (const type of answer.types) {
      this.byKey.set(`${type.type}@${type.version}`, type);
      const known = this.newest.get(type.type);
      if (!known || known.version < type.version) this.newest.set(type.type, type);
    }
  }

  of(component: Component): ComponentType | undefined {
    return this.byKey.get(`${component.type}@${component.typeVersion}`);
  }

  latest(type: string): ComponentType | undefined {
    return this.newest.get(type);
  }

  /** The newest version of every type of our own pack, as the palette shows them. */
  palette(): { category: string; types: ComponentType[] }[] {
    const groups = new Map<string, ComponentType[]>();
    for (const type of this.newest.values()) {
      if (type.pack !== "core") continue;
      groups.set(type.category, [...(groups.get(type.category) ?? []), type]);
    }
    const rank = (category: string) => {
      const at = CATEGORY_ORDER.indexOf(category);
      return at < 0 ? CATEGORY_ORDER.length : at;
    };
    return [...groups]
      .map(([category, types]) => ({ category, types }))
      .sort((a, b) => rank(a.category) - rank(b.category));
  }
}
