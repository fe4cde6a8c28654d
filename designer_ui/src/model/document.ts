/** The design document as it travels: a flat map by id, one element per entry. */

export type Json = null | boolean | number | string | Json[] | JsonObject;
export interface JsonObject {
  [key: string]: Json;
}

export interface PagePlace {
  page: string;
  slot: string;
  order: string;
}

export interface ChildPlace {
  parent: string;
  slot: string;
  order: string;
}

export type Place = PagePlace | ChildPlace;

export interface Component {
  type: string;
  typeVersion: number;
  name: string;
  place: Place;
  layout?: JsonObject;
  props: JsonObject;
  style?: JsonObject;
  events?: { [id: string]: { on: string; order: string; run: Json } };
  dependencies?: string[];
  timeoutMs?: number;
  ext?: JsonObject;
}

export interface Page {
  name: string;
  order: string;
  settings: JsonObject;
  canvas?: JsonObject;
  ext?: JsonObject;
}

export interface Query {
  name: string;
  page: string | null;
  /** null: none yet. */
  dataSource: string | null;
  kind: string;
  body: string;
  config: JsonObject;
  sample?: Json;
  ext?: JsonObject;
}

export interface Script {
  name: string;
  page: string | null;
  body: string;
  config: JsonObject;
  ext?: JsonObject;
}

export interface DataSource {
  name: string;
  kind: string;
  config: JsonObject;
  ext?: JsonObject;
}

export interface SectionTypes {
  pages: Page;
  components: Component;
  queries: Query;
  scripts: Script;
  dataSources: DataSource;
}

export type Section = keyof SectionTypes;
export const SECTIONS: readonly Section[] = [
  "pages",
  "components",
  "queries",
  "scripts",
  "dataSources",
];

export type DesignDocument = {
  format: string;
  formatVersion: number;
  meta: { name: string; description?: string } & JsonObject;
  settings: JsonObject;
  theme: JsonObject;
  libraries: JsonObject;
  ext?: JsonObject;
} & { [S in Section]: { [id: string]: SectionTypes[S] } };

/** "components/c1", "pages/p1", … or a single element such as "meta". */
export type Element = string;

/** Whoever holds components: "pages/p1" or "components/c1". */
export type Owner = `pages/${string}` | `components/${string}`;

export function elementOf(path: readonly (string | number)[]): Element {
  const section = String(path[0]);
  return (SECTIONS as readonly string[]).includes(section)
    ? `${section}/${String(path[1])}`
    : section;
}

export function elementPath(element: Element): string[] {
  return element.split("/");
}

export function ownerOf(place: Place): Owner {
  return "parent" in place ? `components/${place.parent}` : `pages/${place.page}`;
}

export function placeIn(owner: Owner, slot: string, order: string): Place {
  const [section, id] = owner.split("/") as [string, string];
  return section === "pages" ? { page: id, slot, order } : { parent: id, slot, order };
}

/** The only slot a page has. */
export const PAGE_SLOT = "content";
