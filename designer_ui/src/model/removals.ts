/** What a delete took away, and how it comes back. */
import type { Component, Element, Json } from "./document";
import { elementPath } from "./document";
import type { Op, Path } from "./op";
import { equal, valueAt } from "./op";
import type { DesignView } from "./view";

export type Removed = ReadonlyMap<string, Component>;

/** A value that its writer wants in what comes back. */
export interface Written {
  element: Element;
  path: Path;
  value: Json;
}

/** The components that `op` deletes as a whole, as they were. */
export function removedBy(op: Op): Removed {
  const removed = new Map<string, Component>();
  for (const { p, od, oi } of op) {
    if (p.length !== 2 || p[0] !== "components" || od === undefined || oi !== undefined) continue;
    removed.set(String(p[1]), od as unknown as Component);
  }
  return removed;
}

/** An op that puts back what is still missing, parents first, with `written` in it. */
export function bringBack(view: DesignView, removed: Removed, written: Written | null): Op {
  const op: Op = [];
  const placed = new Set<string>();
  const place = (id: string) => {
    const component = removed.get(id);
    if (!component || placed.has(id)) return;
    placed.add(id);
    if ("parent" in component.place) place(component.place.parent);
    if (view.get("components", id)) return;
    op.push({ p: ["components", id], oi: withWritten(id, component, written) as unknown as Json });
  };
  for (const id of removed.keys()) place(id);
  return op;
}

function withWritten(id: string, component: Component, written: Written | null): Component {
  const copy = structuredClone(component);
  if (!written || written.element !== `components/${id}`) return copy;
  const holder = valueAt(copy, written.path.slice(0, -1));
  const key = written.path.at(-1);
  if (typeof holder === "object" && holder !== null && key !== undefined) {
    (holder as { [key: string]: Json })[key] = written.value;
  }
  return copy;
}

/** True when what was deleted does not hold what one had written. */
export function misses(removed: Removed, { element, path, value }: Written): boolean {
  const component = removed.get(elementPath(element)[1] ?? "");
  return component !== undefined && !equal(valueAt(component, path), value);
}
