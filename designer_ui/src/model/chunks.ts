import type { Component, Json } from "./document";
import type { Op, OpComponent } from "./op";

/** The server takes less than this in one edit. */
export const MOST_PARTS = 900;
export const MOST_CHARACTERS = 400_000;

export function isTooLarge(op: Op): boolean {
  return op.length > MOST_PARTS || JSON.stringify(op).length > MOST_CHARACTERS;
}

const RANK = ["pages", "dataSources", "queries", "scripts", "components"];

/**
 * A very large op in pieces that the server takes one by one: for putting back what one delete took,
 * and for taking it away again. Whole elements only, in an order in which everything finds what it
 * stands in; any other op stays whole.
 */
export function chunks(op: Op): Op[] {
  if (!isTooLarge(op)) return [op];
  const adds = op.every(({ p, oi, od }) => p.length === 2 && oi !== undefined && od === undefined);
  const removes = op.every(
    ({ p, oi, od }) => p.length === 2 && oi === undefined && od !== undefined,
  );
  if (!adds && !removes) return [op];
  const values = new Map(op.map((each) => [String(each.p[1]), each.oi ?? each.od]));
  const depth = (each: OpComponent): number => {
    let found = 0;
    let value: Json | undefined = each.oi ?? each.od;
    while (found < 100) {
      const place = (value as unknown as Partial<Component>)?.place;
      value = place && "parent" in place ? values.get(place.parent) : undefined;
      if (value === undefined) return found;
      found++;
    }
    return found;
  };
  const ordered = op
    .map((each) => ({ each, rank: RANK.indexOf(String(each.p[0])) * 1000 + depth(each) }))
    .sort((a, b) => (adds ? a.rank - b.rank : b.rank - a.rank));
  const pieces: Op[] = [];
  let piece: Op = [];
  let size = 0;
  for (const { each } of ordered) {
    const length = JSON.stringify(each).length;
    if (piece.length > 0 && (piece.length >= MOST_PARTS || size + length > MOST_CHARACTERS)) {
      pieces.push(piece);
      piece = [];
      size = 0;
    }
    piece.push(each);
    size += length;
  }
  return [...pieces, piece];
}
