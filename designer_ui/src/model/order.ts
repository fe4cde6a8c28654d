/** Order keys among siblings: npm `fractional-indexing`, ties broken by id. */
import { generateKeyBetween, generateNKeysBetween } from "fractional-indexing";

export interface Ordered {
  id: string;
  order: string;
}

export interface Insertion {
  /** One key per inserted item, in order. */
  orders: string[];
  /** Siblings whose key must change in the same op, because equal keys leave no room. */
  rekeyed: Ordered[];
}

export function byOrder(a: Ordered, b: Ordered): number {
  if (a.order !== b.order) return a.order < b.order ? -1 : 1;
  return a.id < b.id ? -1 : a.id > b.id ? 1 : 0;
}

/** Keys that put `count` items at `index` of the sorted `siblings`. */
export function keysAt(siblings: readonly Ordered[], index: number, count: number): Insertion {
  const before = siblings[index - 1];
  let end = index;
  // Every follower with the key of the one before ties with it and must move up.
  while (before && siblings[end] && (siblings[end] as Ordered).order <= before.order) end++;
  const tied = siblings.slice(index, end);
  try {
    const keys = generateNKeysBetween(
      before?.order ?? null,
      siblings[end]?.order ?? null,
      count + tied.length,
    );
    return {
      orders: keys.slice(0, count),
      rekeyed: tied.map((sibling, i) => ({ id: sibling.id, order: keys[count + i] as string })),
    };
  } catch {
    return rekeyAll(siblings, index, count);
  }
}

/** A neighbour's key is not one of ours: give all siblings new ones. */
function rekeyAll(siblings: readonly Ordered[], index: number, count: number): Insertion {
  const keys = generateNKeysBetween(null, null, siblings.length + count);
  return {
    orders: keys.slice(index, index + count),
    rekeyed: siblings.map((sibling, i) => ({
      id: sibling.id,
      order: keys[i < index ? i : i + count] as string,
    })),
  };
}

export function firstKey(): string {
  return generateKeyBetween(null, null);
}
