/** Where in the outline a drag would land. Pure: rows have one height and an indent per level. */
import type { Owner } from "../model/document";
import { ownerOf } from "../model/document";
import type { Target } from "../model/intents";
import type { TypeCatalog } from "../model/types";
import { type DesignView, slotChildren, slotsOf } from "../model/view";
import type { Box } from "../workspace/ui";

export interface TreeRow {
  id: string;
  level: number;
  open: boolean;
}

export interface TreePoint {
  view: DesignView;
  types: TypeCatalog;
  root: Owner;
  rows: readonly TreeRow[];
  /** From the top of the first row (px). */
  y: number;
  width: number;
  row: number;
  indent: number;
  /** What is being dragged: it does not count as a sibling. */
  ignore: ReadonlySet<string>;
  may(owner: Owner, slot: string): boolean;
}

export interface TreeLanding {
  target: Target;
  line: Box;
}

/** The upper third of a row means before it, the lower third after it, the middle into it. */
export function landingInTree(point: TreePoint): TreeLanding | null {
  const { rows, y, row, view, root } = point;
  const at = Math.floor(y / row);
  const hit = rows[at];
  if (!hit) {
    const slot = slotsOf(view, point.types, root)[0] ?? "content";
    if (!point.may(root, slot)) return null;
    const index = staying(point, root, slot).length;
    return { target: { owner: root, slot, index }, line: line(point, rows.length, 0) };
  }
  const part = (y - at * row) / row;
  const into = () => inside(point, hit, at);
  if (part > 0.3 && part < 0.7) return into() ?? beside(point, hit, at, part < 0.5);
  // After an open container means: as its first child.
  if (part >= 0.7 && hit.open) return into() ?? beside(point, hit, at, false);
  return beside(point, hit, at, part <= 0.3);
}

function staying({ view, ignore }: TreePoint, owner: Owner, slot: string): string[] {
  return slotChildren(view, owner, slot)
    .map((each) => each.id)
    .filter((id) => !ignore.has(id));
}

function inside(point: TreePoint, hit: TreeRow, at: number): TreeLanding | null {
  const owner: Owner = `components/${hit.id}`;
  const slot = slotsOf(point.view, point.types, owner).find((each) => point.may(owner, each));
  if (slot === undefined) return null;
  const index = hit.open ? 0 : staying(point, owner, slot).length;
  return {
    target: { owner, slot, index },
    line: { left: 2, top: at * point.row, width: point.width - 6, height: point.row },
  };
}

function beside(point: TreePoint, hit: TreeRow, at: number, before: boolean): TreeLanding | null {
  const component = point.view.get("components", hit.id);
  if (!component) return null;
  const owner = ownerOf(component.place);
  const { slot } = component.place;
  if (!point.may(owner, slot)) return null;
  const siblings = staying(point, owner, slot);
  const index = siblings.indexOf(hit.id);
  if (index < 0) return null;
  return {
    target: { owner, slot, index: before ? index : index + 1 },
    line: line(point, before ? at : at + 1, hit.level),
  };
}

function line({ row, indent, width }: TreePoint, at: number, level: number): Box {
  const left = 6 + level * indent;
  return { left, top: Math.max(0, at * row - 1), width: width - left - 6, height: 2 };
}
