/** json0 ops, as the server takes them: the safe subset, text only as `si`/`sd`. */
import { type as json0 } from "ot-json0";
import type { Json } from "./document";

export type Path = readonly (string | number)[];

export interface OpComponent {
  p: Path;
  oi?: Json;
  od?: Json;
  li?: Json;
  ld?: Json;
  lm?: number;
  na?: number;
  si?: string;
  sd?: string;
}

export type Op = OpComponent[];

/** Applies a copy of `op` to `value` in place (json0 does so) and returns the result. */
export function apply<T>(value: T, op: Op): T {
  return json0.apply(value, op);
}

export function invert(op: Op): Op {
  return json0.invert(op) as Op;
}

/** Rewrites `op` to run after `other`; `'left'` wins ties. */
export function transform(op: Op, other: Op, side: "left" | "right"): Op {
  return json0.transform(op, other, side) as Op;
}

export function compose(first: Op, second: Op): Op {
  return json0.compose(first, second) as Op;
}

export function equal(a: Json | undefined, b: Json | undefined): boolean {
  if (a === b) return true;
  if (typeof a !== "object" || typeof b !== "object" || a === null || b === null) return false;
  if (Array.isArray(a) || Array.isArray(b)) {
    return (
      Array.isArray(a) &&
      Array.isArray(b) &&
      a.length === b.length &&
      a.every((item, i) => equal(item, b[i]))
    );
  }
  const keys = Object.keys(a);
  return (
    keys.length === Object.keys(b).length &&
    keys.every((key) => Object.hasOwn(b, key) && equal(a[key], b[key]))
  );
}

/** The value at `path` inside `root`, or undefined where the path leaves the value. */
export function valueAt(root: unknown, path: Path): Json | undefined {
  let value = root as Json | undefined;
  for (const step of path) {
    if (typeof value !== "object" || value === null) return undefined;
    value = (value as { [key: string]: Json })[step as string];
  }
  return value;
}
