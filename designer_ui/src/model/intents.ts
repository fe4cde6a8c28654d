/**
 * What a user can do to a design, each as one json0 op.
 *
 * Intents read a view and change nothing. They throw `IntentFault` for what makes no sense here
 * and now; everything else is for the server to judge.
 */
import { isTooLarge } from "./chunks";
import type { Component, Element, Json, JsonObject, Owner } from "./document";
import { elementPath, ownerOf, PAGE_SLOT, placeIn, SECTIONS } from "./document";
import type { NewId } from "./ids";
import { copyName, freeName, identifierFault } from "./names";
import type { Op, OpComponent, Path } from "./op";
import { equal } from "./op";
import { firstKey, keysAt, type Ordered } from "./order";
import { textEdit } from "./text";
import type { ComponentType, TypeCatalog } from "./types";
import {
  accepts,
  ancestors,
  componentsOfPage,
  type DesignView,
  namesOnPage,
  pageOfOwner,
  slotChildren,
  slotsOf,
  subtree,
  topmost,
} from "./view";

/** The sentence says what the user can do about it. */
export class IntentFault extends Error {}

/** A gap between children: `index` counts the slot's children that stay where they are. */
export interface Target {
  owner: Owner;
  slot: string;
  index: number;
}

export function endOf(view: DesignView, owner: Owner, slot: string): Target {
  return { owner, slot, index: slotChildren(view, owner, slot).length };
}

/** Where a new component goes when the user only says "add": into the selected container, after the selected leaf, or at the page's end. */
export function targetFor(
  view: DesignView,
  types: TypeCatalog,
  page: string,
  selected: string | undefined,
  type: string,
): Target {
  const chain =
    selected && view.get("components", selected) ? [selected, ...ancestors(view, selected)] : [];
  let below: string | undefined;
  for (const id of chain) {
    const owner: Owner = `components/${id}`;
    const usable = slotsOf(view, types, owner).filter((slot) =>
      accepts(view, types, owner, slot, type),
    );
    const childSlot = below && view.get("components", below)?.place.slot;
    const slot =
      childSlot && usable.includes(childSlot)
        ? childSlot
        : usable.includes(PAGE_SLOT)
          ? PAGE_SLOT
          : usable[0];
    if (slot !== undefined) return after(view, owner, slot, below);
    below = id;
  }
  return after(view, `pages/${page}`, PAGE_SLOT, below);
}

function after(view: DesignView, owner: Owner, slot: string, sibling: string | undefined): Target {
  const siblings = slotChildren(view, owner, slot);
  const at = siblings.findIndex((each) => each.id === sibling);
  return { owner, slot, index: at < 0 ? siblings.length : at + 1 };
}

/** The gap right after a component, among its siblings. */
export function besides(view: DesignView, id: string): Target {
  const { place } = view.get("components", id) as Component;
  return after(view, ownerOf(place), place.slot, id);
}

export interface Inserted {
  op: Op;
  ids: string[];
}

export function insertComponent(
  view: DesignView,
  type: ComponentType,
  target: Target,
  newId: NewId,
): Inserted {
  const page = pageOfOwner(view, target.owner);
  if (page === undefined) throw new IntentFault("That place is gone. Choose another one.");
  const id = newId("c");
  const { orders, rekeyed } = keysAt(
    slotChildren(view, target.owner, target.slot),
    target.index,
    1,
  );
  const component: Component = {
    type: type.type,
    typeVersion: type.version,
    name: freeName(type.type, namesOnPage(view, page)),
    place: placeIn(target.owner, target.slot, orders[0] as string),
    props: structuredClone(type.defaults.props ?? {}),
  };
  if (type.defaults.style && Object.keys(type.defaults.style).length > 0) {
    component.style = structuredClone(type.defaults.style);
  }
  return {
    op: [{ p: ["components", id], oi: component as unknown as Json }, ...rekey(view, rekeyed)],
    ids: [id],
  };
}

/** Puts the topmost of `ids` at `target`, in their present order. */
export function moveComponents(
  view: DesignView,
  types: TypeCatalog,
  ids: readonly string[],
  target: Target,
): Op {
  const moving = topmost(view, ids);
  const inside = new Set(moving.flatMap((id) => subtree(view, id)));
  if (target.owner.startsWith("components/") && inside.has(target.owner.slice(11))) {
    throw new IntentFault("A component cannot go inside itself.");
  }
  for (const id of moving) {
    const component = view.get("components", id) as Component;
    if (!accepts(view, types, target.owner, target.slot, component.type)) {
      throw new IntentFault(`${component.name} does not fit there.`);
    }
  }
  const all = slotChildren(view, target.owner, target.slot);
  const staying = all.filter((each) => !moving.includes(each.id));
  const wanted = [...staying.slice(0, target.index).map((s) => s.id), ...moving];
  if (
    all.slice(0, wanted.length).every((each, i) => each.id === wanted[i]) &&
    all.length === staying.length + moving.length
  ) {
    return [];
  }
  const { orders, rekeyed } = keysAt(staying, target.index, moving.length);
  const op: Op = moving.map((id, i) => {
    const { place } = view.get("components", id) as Component;
    return {
      p: ["components", id, "place"],
      od: place as unknown as Json,
      oi: placeIn(target.owner, target.slot, orders[i] as string) as unknown as Json,
    };
  });
  return [...op, ...rekey(view, rekeyed)];
}

/** One step up or down among its siblings, or out of and into containers: the keys' way to drag. */
export function nudge(
  view: DesignView,
  types: TypeCatalog,
  id: string,
  step: "up" | "down" | "out" | "in",
): Op {
  const component = view.get("components", id);
  if (!component) return [];
  const owner = ownerOf(component.place);
  const siblings = slotChildren(view, owner, component.place.slot);
  const at = siblings.findIndex((each) => each.id === id);
  if (step === "up" || step === "down") {
    const index = step === "up" ? at - 1 : at + 1;
    if (index < 0 || index >= siblings.length) return [];
    return moveComponents(view, types, [id], { owner, slot: component.place.slot, index });
  }
  if (step === "out") {
    if (!("parent" in component.place)) return [];
    if (!view.get("components", component.place.parent)) return [];
    return moveComponents(view, types, [id], besides(view, component.place.parent));
  }
  const previous = siblings[at - 1];
  if (!previous) return [];
  const into: Owner = `components/${previous.id}`;
  const slot = slotsOf(view, types, into).find((each) =>
    accepts(view, types, into, each, component.type),
  );
  if (slot === undefined) return [];
  return moveComponents(view, types, [id], endOf(view, into, slot));
}

/** Removes components with all that is inside them. */
export function removeComponents(view: DesignView, ids: readonly string[]): Op {
  const roots = topmost(view, ids);
  const gone = new Set(roots.flatMap((id) => subtree(view, id)));
  const op = [...gone].map((id) => removal(view, id));
  // The server removes by itself what is inside what goes.
  return isTooLarge(op) ? roots.map((id) => removal(view, id)) : op;
}

function removal(view: DesignView, id: string): OpComponent {
  return { p: ["components", id], od: view.get("components", id) as unknown as Json };
}

function rekey(view: DesignView, siblings: readonly Ordered[]): Op {
  return siblings.map(({ id, order }) => {
    const { place } = view.get("components", id) as Component;
    return {
      p: ["components", id, "place"],
      od: place as unknown as Json,
      oi: { ...place, order } as unknown as Json,
    };
  });
}

// --- values -------------------------------------------------------------------------------------

/** Sets the value at `path` inside an element; undefined takes it away. Missing objects on the way are made. */
export function setValue(
  view: DesignView,
  element: Element,
  path: Path,
  value: Json | undefined,
): Op {
  const full: Path = [...elementPath(element), ...path];
  const before = view.at(full);
  if (equal(before, value)) return [];
  const last = full[full.length - 1];
  if (typeof last === "number") {
    if (value === undefined) return [{ p: full, ld: before as Json }];
    return before === undefined
      ? [{ p: full, li: value }]
      : [{ p: full, ld: before as Json, li: value }];
  }
  if (value === undefined) return [{ p: full, od: before as Json }];
  if (before !== undefined) return [{ p: full, od: before, oi: value }];

  // The nearest object that exists takes all that is missing below it in one piece.
  let depth = full.length - 1;
  let made: Json = value;
  while (depth > 2 && view.at(full.slice(0, depth)) === undefined) {
    made = { [String(full[depth])]: made };
    depth--;
  }
  return [{ p: full.slice(0, depth + 1), oi: made }];
}

/** Sets one value in many components. */
export function setInAll(
  view: DesignView,
  ids: readonly string[],
  path: Path,
  value: Json | undefined,
): Op {
  const op = ids.flatMap((id) => setValue(view, `components/${id}`, path, structuredClone(value)));
  if (isTooLarge(op)) throw new IntentFault("These are too many at once. Select fewer.");
  return op;
}

/** Types in a free text: the difference only, so that two people can write in one field. */
export function editText(
  view: DesignView,
  element: Element,
  path: Path,
  text: string,
  caret?: number,
): Op {
  const full: Path = [...elementPath(element), ...path];
  const before = view.at(full);
  return typeof before === "string"
    ? textEdit(full, before, text, caret)
    : setValue(view, element, path, text);
}

export function insertItem(
  view: DesignView,
  element: Element,
  path: Path,
  index: number,
  item: Json,
): Op {
  const list = view.at([...elementPath(element), ...path]);
  if (!Array.isArray(list)) return setValue(view, element, path, [item]);
  return [{ p: [...elementPath(element), ...path, index], li: item }];
}

export function moveItem(element: Element, path: Path, from: number, to: number): Op {
  return from === to ? [] : [{ p: [...elementPath(element), ...path, from], lm: to }];
}

// --- pages --------------------------------------------------------------------------------------

export function addPage(view: DesignView, name: string, newId: NewId): Inserted {
  const id = newId("p");
  const { orders, rekeyed } = keysAt(orderedPages(view), view.pages().length, 1);
  const page: JsonObject = { name, order: orders[0] ?? firstKey(), settings: {} };
  return { op: [{ p: ["pages", id], oi: page }, ...rekeyPages(view, rekeyed)], ids: [id] };
}

/** The first free "Page n". */
export function freePageName(view: DesignView): string {
  const taken = new Set(view.pages().map((id) => view.get("pages", id)?.name));
  for (let n = view.pages().length + 1; ; n++) {
    if (!taken.has(`Page ${n}`)) return `Page ${n}`;
  }
}

/** Moves a page so that `index` other pages stand before it. */
export function movePage(view: DesignView, id: string, index: number): Op {
  const all = orderedPages(view);
  const others = all.filter((page) => page.id !== id);
  const before = view.get("pages", id)?.order;
  if (before === undefined || all.findIndex((page) => page.id === id) === index) return [];
  const { orders, rekeyed } = keysAt(others, index, 1);
  return [
    { p: ["pages", id, "order"], od: before, oi: orders[0] as string },
    ...rekeyPages(view, rekeyed),
  ];
}

/** Removes a page with its components, queries and scripts. */
export function removePage(view: DesignView, id: string): Op {
  if (view.pages().length <= 1) throw new IntentFault("A design keeps at least one page.");
  const op: Op = componentsOfPage(view, id).map((each) => removal(view, each));
  for (const section of ["queries", "scripts"] as const) {
    for (const each of view.ids(section)) {
      const item = view.get(section, each);
      if (item?.page === id) op.push({ p: [section, each], od: item as unknown as Json });
    }
  }
  const page = { p: ["pages", id], od: view.get("pages", id) as unknown as Json };
  return isTooLarge(op) ? [page] : [...op, page];
}

function orderedPages(view: DesignView): Ordered[] {
  return view.pages().map((id) => ({ id, order: view.get("pages", id)?.order ?? "" }));
}

function rekeyPages(view: DesignView, pages: readonly Ordered[]): Op {
  return pages.map(({ id, order }) => ({
    p: ["pages", id, "order"],
    od: view.get("pages", id)?.order as string,
    oi: order,
  }));
}

// --- clipboard ----------------------------------------------------------------------------------

/** What copy puts on the clipboard, as JSON text. */
export interface Clip {
  format: "coweave-clip";
  formatVersion: 1;
  roots: string[];
  components: { [id: string]: Component };
}

export function copyComponents(view: DesignView, ids: readonly string[]): Clip {
  const roots = topmost(view, ids);
  const components: Clip["components"] = {};
  for (const root of roots) {
    for (const id of subtree(view, root)) {
      components[id] = structuredClone(view.get("components", id) as Component);
    }
  }
  return { format: "coweave-clip", formatVersion: 1, roots, components };
}

/** Reads clipboard text; undefined when it is not ours or not whole. It may come from anywhere. */
export function readClip(text: string): Clip | undefined {
  if (!text.startsWith("{")) return undefined;
  let clip: Partial<Clip>;
  try {
    clip = JSON.parse(text) as Partial<Clip>;
  } catch {
    return undefined;
  }
  const { components, roots } = clip;
  if (clip.format !== "coweave-clip" || clip.formatVersion !== 1) return undefined;
  if (!Array.isArray(roots) || roots.length === 0 || !isObject(components)) return undefined;
  if (!Object.values(components).every(isComponent)) return undefined;
  if (!roots.every((id) => typeof id === "string" && Object.hasOwn(components, id))) {
    return undefined;
  }
  return reachable(components, [...new Set(roots)]);
}

function isObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isComponent(value: unknown): boolean {
  if (!isObject(value)) return false;
  const { type, typeVersion, name, place, props } = value;
  return (
    typeof type === "string" &&
    typeof typeVersion === "number" &&
    typeof name === "string" &&
    isObject(props) &&
    isObject(place) &&
    typeof place.slot === "string" &&
    (typeof place.parent === "string" || typeof place.page === "string")
  );
}

/** The clip without what hangs on none of its roots: a loop, or leftovers. */
function reachable(components: Clip["components"], roots: string[]): Clip {
  const below = new Map<string, string[]>();
  for (const [id, { place }] of Object.entries(components)) {
    if (!("parent" in place) || roots.includes(id)) continue;
    below.set(place.parent, [...(below.get(place.parent) ?? []), id]);
  }
  const found: [string, Component][] = [];
  const waiting = [...roots];
  for (let id = waiting.pop(); id !== undefined; id = waiting.pop()) {
    found.push([id, components[id] as Component]);
    waiting.push(...(below.get(id) ?? []));
  }
  return {
    format: "coweave-clip",
    formatVersion: 1,
    roots,
    components: Object.fromEntries(found),
  };
}

/** Puts copies at `target` under new ids and free names. */
export function pasteComponents(
  view: DesignView,
  types: TypeCatalog,
  clip: Clip,
  target: Target,
  newId: NewId,
): Inserted {
  const page = pageOfOwner(view, target.owner);
  if (page === undefined) throw new IntentFault("That place is gone. Choose another one.");
  for (const root of clip.roots) {
    const component = clip.components[root] as Component;
    if (!accepts(view, types, target.owner, target.slot, component.type)) {
      throw new IntentFault(`${component.name} does not fit there.`);
    }
  }
  const taken = namesOnPage(view, page);
  const fresh = new Map(Object.keys(clip.components).map((id) => [id, newId("c")]));
  const { orders, rekeyed } = keysAt(
    slotChildren(view, target.owner, target.slot),
    target.index,
    clip.roots.length,
  );
  const op: Op = [];
  for (const [id, source] of Object.entries(clip.components)) {
    const component = structuredClone(source);
    component.name =
      identifierFault(component.name) === undefined
        ? copyName(component.name, taken)
        : freeName(component.type, taken);
    taken.add(component.name);
    if (component.dependencies) {
      component.dependencies = component.dependencies
        .map((each) => fresh.get(each) ?? each)
        .filter((each) => isThere(view, each) || [...fresh.values()].includes(each));
    }
    const root = clip.roots.indexOf(id);
    if (root >= 0) {
      component.place = placeIn(target.owner, target.slot, orders[root] as string);
    } else if ("parent" in component.place && fresh.has(component.place.parent)) {
      component.place.parent = fresh.get(component.place.parent) as string;
    } else {
      continue;
    }
    op.push({ p: ["components", fresh.get(id) as string], oi: component as unknown as Json });
  }
  const whole = [...op, ...rekey(view, rekeyed)];
  if (isTooLarge(whole)) throw new IntentFault("This is too much at once. Copy it in parts.");
  return { op: whole, ids: clip.roots.map((id) => fresh.get(id) as string) };
}

function isThere(view: DesignView, id: string): boolean {
  return SECTIONS.some((section) => view.get(section, id) !== undefined);
}

/** Copies beside the originals: after the last of them. */
export function duplicateComponents(
  view: DesignView,
  types: TypeCatalog,
  ids: readonly string[],
  newId: NewId,
): Inserted {
  const clip = copyComponents(view, ids);
  const last = clip.roots.at(-1);
  if (last === undefined) throw new IntentFault("Select something to duplicate.");
  return pasteComponents(view, types, clip, besides(view, last), newId);
}
