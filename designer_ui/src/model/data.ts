/** Queries, scripts and data sources: what a user can do to them, each as one op. */
import type { DataSource, Element, Json, Query, Script } from "./document";
import { elementPath } from "./document";
import type { NewId } from "./ids";
import type { Inserted } from "./intents";
import { copyName, freeName } from "./names";
import type { Op } from "./op";
import { componentsOfPage, type DesignView } from "./view";

export type DataSection = "queries" | "scripts" | "dataSources";
export const DATA_SECTIONS: readonly DataSection[] = ["queries", "scripts", "dataSources"];

export const DATA_WORDS: { [S in DataSection]: { one: string; many: string } } = {
  queries: { one: "query", many: "Queries" },
  scripts: { one: "script", many: "Scripts" },
  dataSources: { one: "data source", many: "Data sources" },
};

export function isData(element: Element): boolean {
  return DATA_SECTIONS.some((section) => element.startsWith(`${section}/`));
}

/** The names that a query or script for `page` (null: the whole app) may not take. */
export function takenNames(
  view: DesignView,
  page: string | null,
  except?: Element,
): ReadonlySet<string> {
  const names = new Set<string>();
  for (const each of page === null ? view.pages() : [page]) {
    for (const id of componentsOfPage(view, each)) {
      const component = view.get("components", id);
      if (component && `components/${id}` !== except) names.add(component.name);
    }
  }
  for (const section of ["queries", "scripts"] as const) {
    for (const id of view.ids(section)) {
      const item = view.get(section, id);
      if (!item || `${section}/${id}` === except) continue;
      if (page === null || item.page === null || item.page === page) names.add(item.name);
    }
  }
  return names;
}

/** What is listed for a page: its own and the app-wide ones, by name. */
export function dataOn(view: DesignView, section: DataSection, page: string | undefined): string[] {
  const found: { id: string; name: string }[] = [];
  for (const id of view.ids(section)) {
    const item = view.get(section, id);
    if (!item) continue;
    if ("page" in item && item.page !== null && item.page !== page) continue;
    found.push({ id, name: item.name });
  }
  return found
    .sort((a, b) => a.name.localeCompare(b.name) || (a.id < b.id ? -1 : 1))
    .map(({ id }) => id);
}

const SQL_SOURCES = /sql|postgres|maria|oracle|redshift|snowflake|sqlite|cockroach/i;

/** The kind of a query that goes to such a data source. */
export function kindFor(source: DataSource | undefined): string {
  if (!source || SQL_SOURCES.test(source.kind)) return "sql";
  return source.kind;
}

/** Whether a query's body is SQL. */
export function isSql(kind: string): boolean {
  return SQL_SOURCES.test(kind);
}

export function addData(
  view: DesignView,
  section: DataSection,
  page: string | null,
  newId: NewId,
): Inserted {
  const item = fresh(view, section, page);
  const id = newId(section === "queries" ? "q" : section === "scripts" ? "s" : "d");
  return { op: [{ p: [section, id], oi: item as unknown as Json }], ids: [id] };
}

function fresh(
  view: DesignView,
  section: DataSection,
  page: string | null,
): Query | Script | DataSource {
  if (section === "dataSources") {
    const taken = new Set([...view.ids(section)].map((id) => view.get(section, id)?.name));
    let n = 1;
    while (taken.has(`Data source ${n}`)) n++;
    return { name: `Data source ${n}`, kind: "postgres", config: {} };
  }
  const taken = takenNames(view, page);
  if (section === "scripts") {
    const name = freeName("script", taken);
    return { name, page, body: "export default {\n  \n};\n", config: {} };
  }
  const source = dataOn(view, "dataSources", undefined)[0];
  return {
    name: freeName("query", taken),
    page,
    dataSource: source ?? null,
    kind: kindFor(source === undefined ? undefined : view.get("dataSources", source)),
    body: "",
    config: {},
  };
}

export function duplicateData(view: DesignView, element: Element, newId: NewId): Inserted {
  const [section, id] = elementPath(element) as [DataSection, string];
  const source = view.get(section, id);
  if (!source) return { op: [], ids: [] };
  const item = structuredClone(source);
  if ("page" in item) item.name = copyName(item.name, takenNames(view, item.page));
  else item.name = `${item.name.slice(0, 120)} copy`;
  const copy = newId(section === "queries" ? "q" : section === "scripts" ? "s" : "d");
  return { op: [{ p: [section, copy], oi: item as unknown as Json }], ids: [copy] };
}

/** Removes it; queries of a data source that goes are kept and go nowhere. */
export function removeData(view: DesignView, element: Element): Op {
  const [section, id] = elementPath(element) as [DataSection, string];
  const item = view.get(section, id);
  if (!item) return [];
  const op: Op = [];
  if (section === "dataSources") {
    for (const query of view.ids("queries")) {
      if (view.get("queries", query)?.dataSource === id) {
        op.push({ p: ["queries", query, "dataSource"], od: id, oi: null });
      }
    }
  }
  return [...op, { p: [section, id], od: item as unknown as Json }];
}
