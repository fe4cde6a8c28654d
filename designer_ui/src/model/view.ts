/** What intents read: one state of a design, by element. */
import type { Component, Json, Owner, Page, Section, SectionTypes } from "./document";
import { ownerOf } from "./document";
import type { Path } from "./op";
import type { Ordered } from "./order";
import type { TypeCatalog } from "./types";

export interface DesignView {
  get<S extends Section>(section: S, id: string): SectionTypes[S] | undefined;
  ids(section: Section): Iterable<string>;
  /** Children of a page or component over all slots, sorted by order key, then id. */
  children(owner: Owner): readonly string[];
  /** Pages in their order. */
  pages(): readonly string[];
  /** The current value at a document path, or undefined. */
  at(path: Path): Json | undefined;
}

/** In a type's slots: a slot of any name, as packs of other tools have them. */
const ANY_SLOT = "*";

/** The children of one slot with their keys. */
export function slotChildren(view: DesignView, owner: Owner, slot: string): Ordered[] {
  const found: Ordered[] = [];
  for (const id of view.children(owner)) {
    const component = view.get("components", id);
    if (component && component.place.slot === slot)
      found.push({ id, order: component.place.order });
  }
  return found;
}

/** `id` and everything below it, parents first. Survives a cycle in a damaged design. */
export function subtree(view: DesignView, id: string): string[] {
  const found = new Set<string>();
  const visit = (each: string) => {
    if (found.has(each)) return;
    found.add(each);
    for (const child of view.children(`components/${each}`)) visit(child);
  };
  visit(id);
  return [...found];
}

/** The parents of a component, nearest first. */
export function ancestors(view: DesignView, id: string): string[] {
  const found: string[] = [];
  let component: Component | undefined = view.get("components", id);
  while (component && "parent" in component.place && !found.includes(component.place.parent)) {
    found.push(component.place.parent);
    component = view.get("components", component.place.parent);
  }
  return found;
}

/** The page a component is on, through its parents; undefined when its chain is broken. */
export function pageOf(view: DesignView, id: string): string | undefined {
  const root = view.get("components", ancestors(view, id).at(-1) ?? id);
  return root && "page" in root.place ? root.place.page : undefined;
}

export function pageOfOwner(view: DesignView, owner: Owner): string | undefined {
  const [section, id] = owner.split("/") as [string, string];
  return section === "pages" ? id : pageOf(view, id);
}

/** Every component of a page, in tree order. */
export function componentsOfPage(view: DesignView, page: string): string[] {
  return view.children(`pages/${page}`).flatMap((id) => subtree(view, id));
}

/** Names that a component on `page` may not take: its components, queries and scripts, and the app-wide ones. */
export function namesOnPage(view: DesignView, page: string, except?: string): Set<string> {
  const names = new Set<string>();
  for (const id of componentsOfPage(view, page)) {
    const component = view.get("components", id);
    if (component && id !== except) names.add(component.name);
  }
  for (const section of ["queries", "scripts"] as const) {
    for (const id of view.ids(section)) {
      const item = view.get(section, id);
      if (item && (item.page === null || item.page === page)) names.add(item.name);
    }
  }
  return names;
}

/** The members of `ids` that lie in no other member, in tree order: what a move or copy acts on. */
export function topmost(view: DesignView, ids: readonly string[]): string[] {
  const chosen = new Set(ids.filter((id) => view.get("components", id)));
  const tops = [...chosen].filter((id) => !ancestors(view, id).some((up) => chosen.has(up)));
  const rank = new Map<string, string>();
  for (const id of tops) rank.set(id, treePosition(view, id));
  return tops.sort((a, b) => ((rank.get(a) ?? "") < (rank.get(b) ?? "") ? -1 : 1));
}

/** A string that sorts components of one page in tree order. */
function treePosition(view: DesignView, id: string): string {
  return [id, ...ancestors(view, id)]
    .reverse()
    .map((each) => {
      const component = view.get("components", each);
      if (!component) return "";
      const at = view.children(ownerOf(component.place)).indexOf(each);
      return String(at).padStart(6, "0");
    })
    .join("/");
}

/** The slots of an owner: declared by its type, plus whatever its children already use. */
export function slotsOf(view: DesignView, types: TypeCatalog, owner: Owner): string[] {
  const [section, id] = owner.split("/") as [string, string];
  if (section === "pages") return ["content"];
  const component = view.get("components", id);
  if (!component) return [];
  const type = types.of(component);
  const slots = Object.keys(type?.slots ?? {}).filter((slot) => slot !== ANY_SLOT);
  for (const child of view.children(owner)) {
    const slot = view.get("components", child)?.place.slot;
    if (slot !== undefined && !slots.includes(slot)) slots.push(slot);
  }
  return slots;
}

/** Whether a component of `type` may stand in that slot. A type we do not know takes what it has slots for. */
export function accepts(
  view: DesignView,
  types: TypeCatalog,
  owner: Owner,
  slot: string,
  type: string,
): boolean {
  const [section, id] = owner.split("/") as [string, string];
  if (section === "pages") return slot === "content" && view.get("pages", id) !== undefined;
  const component = view.get("components", id);
  if (!component) return false;
  const known = types.of(component);
  if (!known) return slotsOf(view, types, owner).includes(slot);
  const accepted = (known.slots[slot] ?? known.slots[ANY_SLOT])?.accepts;
  return accepted?.includes("*") || accepted?.includes(type) || false;
}

export type { Page };
