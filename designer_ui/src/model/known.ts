/** What expressions on a page may call: components, queries and scripts, with their known members. */
import type { TypeCatalog } from "./types";
import { componentsOfPage, type DesignView } from "./view";

export interface Known {
  name: string;
  kind: "component" | "query" | "script" | "member" | "function";
  detail: string;
}

const QUERY_MEMBERS: readonly Known[] = [
  { name: "data", kind: "member", detail: "what came back" },
  { name: "isLoading", kind: "member", detail: "while it runs" },
  { name: "error", kind: "member", detail: "why it failed" },
  { name: "run", kind: "function", detail: "runs it" },
];

/** Names on the page and of the whole app, sorted; `page` undefined: of all pages. */
export function knownNames(
  view: DesignView,
  types: TypeCatalog,
  page: string | null | undefined,
): Known[] {
  const found = new Map<string, Known>();
  const pages = page === undefined || page === null ? view.pages() : [page];
  for (const each of pages) {
    for (const id of componentsOfPage(view, each)) {
      const component = view.get("components", id);
      if (!component) continue;
      const detail = types.of(component)?.title ?? component.type;
      found.set(component.name, { name: component.name, kind: "component", detail });
    }
  }
  for (const section of ["queries", "scripts"] as const) {
    const kind = section === "queries" ? "query" : "script";
    for (const id of view.ids(section)) {
      const item = view.get(section, id);
      if (item && (item.page === null || pages.includes(item.page))) {
        found.set(item.name, { name: item.name, kind, detail: kind });
      }
    }
  }
  return [...found.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** What may follow `name.`: properties of a component, results of a query, functions of a script. */
export function knownMembers(
  view: DesignView,
  types: TypeCatalog,
  page: string | null | undefined,
  name: string,
): Known[] {
  const pages = page === undefined || page === null ? view.pages() : [page];
  const here = (item: { name: string; page: string | null } | undefined) =>
    item?.name === name && (item.page === null || pages.includes(item.page));
  for (const id of view.ids("queries")) {
    if (here(view.get("queries", id))) return [...QUERY_MEMBERS];
  }
  for (const id of view.ids("scripts")) {
    const script = view.get("scripts", id);
    if (script && here(script)) return functionsOf(script.body);
  }
  for (const each of pages) {
    for (const id of componentsOfPage(view, each)) {
      const component = view.get("components", id);
      if (component?.name !== name) continue;
      const props = types.of(component)?.schema.properties?.props?.properties ?? {};
      return Object.entries(props).map(([key, schema]) => ({
        name: key,
        kind: "member",
        detail: schema.title ?? "",
      }));
    }
  }
  return [];
}

const METHOD = /^ {2}(?:async\s+)?([A-Za-z_$][\w$]*)\s*(?:\([^)]*\)\s*\{|:)/gm;

/** Members of `export default { … }`, as they are written: at one step of indentation. */
function functionsOf(body: string): Known[] {
  return [...body.matchAll(METHOD)].map(([, name]) => ({
    name: name as string,
    kind: "function",
    detail: "",
  }));
}
