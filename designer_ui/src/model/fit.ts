import type { Json } from "./document";
import { elementOf } from "./document";
import type { Op, OpComponent } from "./op";
import { apply, equal, valueAt } from "./op";
import type { DesignView } from "./view";

/**
 * `op` as it fits the present state, or undefined when it does not apply.
 *
 * The client answers an op that fails on its own copy by throwing away everything that waits, so
 * nothing is submitted untried. Values that the op says it deletes are set to the real ones: the
 * server compares them.
 */
export function fitted(view: DesignView, op: Op): Op | undefined {
  const scratch: { [section: string]: Json } = {};
  for (const { p } of op) {
    const [section, id] = elementOf(p).split("/") as [string, string | undefined];
    const value = view.at(id === undefined ? [section] : [section, id]);
    if (id === undefined) {
      scratch[section] ??= structuredClone(value ?? {});
      continue;
    }
    scratch[section] ??= {};
    const held = scratch[section] as { [id: string]: Json };
    if (value !== undefined && !Object.hasOwn(held, id)) held[id] = structuredClone(value);
  }
  const fit: Op = [];
  for (const component of op) {
    const next = refresh(scratch, component);
    if (next === "unfit") return undefined;
    if (next === undefined) continue;
    try {
      apply(scratch as Json, [next]);
    } catch {
      return undefined;
    }
    fit.push(next);
  }
  return fit;
}

/** The component with true `od`/`ld`; undefined when it would change nothing. */
function refresh(root: Json, component: OpComponent): OpComponent | "unfit" | undefined {
  const { p } = component;
  const text = component.si !== undefined || component.sd !== undefined;
  const holder = valueAt(root, p.slice(0, -1));
  if (text) return typeof holder === "string" ? component : "unfit";
  if (typeof holder !== "object" || holder === null) return "unfit";
  const present = valueAt(root, p);
  if (component.od !== undefined || component.oi !== undefined) {
    const { p: path, oi } = component;
    if (present === undefined) return oi === undefined ? undefined : { p: path, oi };
    if (oi === undefined) return { p: path, od: present };
    return equal(present, oi) ? undefined : { p: path, od: present, oi };
  }
  if (component.ld !== undefined) {
    return present === undefined ? "unfit" : { ...component, ld: present };
  }
  return component;
}
