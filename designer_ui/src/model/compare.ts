/** What two versions differ in, as a tree to walk and texts to read. Pure. */
import type { Element, Owner } from "./document";
import type { DesignView } from "./view";

export type Mark = "added" | "removed" | "moved" | "renamed" | "retyped" | "changed";

/** One row of the tree: a page, a component, or a heading of what is not on a page. */
export interface Row {
  key: string;
  element: Element | null;
  name: string;
  depth: number;
  /** The weightiest change, null for what only leads to changes. */
  mark: Mark | null;
  /** How many properties changed. */
  count: number;
}

/** What a change must have to be put into the tree. */
export interface Marked {
  kind: Mark;
  element: Element;
  name: string;
}

const WEIGHT: readonly Mark[] = ["added", "removed", "retyped", "moved", "renamed", "changed"];

interface Sum {
  mark: Mark;
  count: number;
  name: string;
}

export function sumsOf(changes: readonly Marked[]): Map<Element, Sum> {
  const sums = new Map<Element, Sum>();
  for (const { element, kind, name } of changes) {
    const before = sums.get(element);
    const mark = before && WEIGHT.indexOf(before.mark) <= WEIGHT.indexOf(kind) ? before.mark : kind;
    sums.set(element, { mark, count: (before?.count ?? 0) + 1, name });
  }
  return sums;
}

/** Changed components under their pages and parents, removed ones where they stood; then all else. */
export function treeOf(from: DesignView, to: DesignView, changes: readonly Marked[]): Row[] {
  const sums = sumsOf(changes);
  const rows: Row[] = [];
  const seen = new Set<Element>();
  const row = (element: Element, name: string, depth: number): Row => {
    const sum = sums.get(element);
    seen.add(element);
    return { key: element, element, name, depth, mark: sum?.mark ?? null, count: sum?.count ?? 0 };
  };
  const below = (owner: Owner, depth: number, path: ReadonlySet<string>): Row[] => {
    const found: Row[] = [];
    for (const id of childrenOf(from, to, owner)) {
      if (path.has(id)) continue; // a cycle in a damaged design
      const element: Element = `components/${id}`;
      const component = to.get("components", id) ?? from.get("components", id);
      const inside = below(`components/${id}`, depth + 1, new Set([...path, id]));
      if (!sums.has(element) && inside.length === 0) continue;
      found.push(row(element, component?.name ?? id, depth), ...inside);
    }
    return found;
  };
  const pages = [...to.pages(), ...from.pages().filter((id) => !to.get("pages", id))];
  for (const id of pages) {
    const inside = below(`pages/${id}`, 1, new Set());
    if (!sums.has(`pages/${id}`) && inside.length === 0) continue;
    const page = to.get("pages", id) ?? from.get("pages", id);
    rows.push(row(`pages/${id}`, page?.name ?? id, 0), ...inside);
  }
  // Queries and the like, the design's own settings, and whatever stands in no page.
  const others = [...sums].filter(([element]) => !seen.has(element));
  if (others.length > 0) {
    rows.push({ key: "", element: null, name: "Design", depth: 0, mark: null, count: 0 });
    for (const [element, { name }] of others) rows.push(row(element, name || element, 1));
  }
  return rows;
}

/** Those of the newer version in their order, then those that only the older one has. */
function childrenOf(from: DesignView, to: DesignView, owner: Owner): string[] {
  const gone = from.children(owner).filter((id) => !to.get("components", id));
  return [...to.children(owner), ...gone];
}

export interface Piece {
  kind: "same" | "removed" | "inserted";
  text: string;
}

/** Same text on either side of an edit, beyond which it is left out (UTF-16 units). */
const CONTEXT = 60;

/** A text with its edits marked. */
export function piecesOf(
  old: string,
  edits: readonly { at: number; removed: string; inserted: string }[],
): Piece[] {
  const pieces: Piece[] = [];
  const same = (text: string, first: boolean, last: boolean) => {
    if (text === "") return;
    const keeps = (first ? 0 : CONTEXT) + (last ? 0 : CONTEXT);
    if (text.length <= keeps + 20) {
      pieces.push({ kind: "same", text });
      return;
    }
    const head = first ? "" : text.slice(0, CONTEXT);
    const tail = last ? "" : text.slice(text.length - CONTEXT);
    pieces.push({ kind: "same", text: `${head} … ${tail}` });
  };
  let at = 0;
  edits.forEach((edit, i) => {
    same(old.slice(at, edit.at), i === 0, false);
    if (edit.removed !== "") pieces.push({ kind: "removed", text: edit.removed });
    if (edit.inserted !== "") pieces.push({ kind: "inserted", text: edit.inserted });
    at = edit.at + edit.removed.length;
  });
  same(old.slice(at), edits.length === 0, true);
  return pieces;
}
