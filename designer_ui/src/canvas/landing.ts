/** Where on the canvas a drag would land: pure geometry over the slots as they are laid out. */
import type { Owner } from "../model/document";
import type { Target } from "../model/intents";
import type { Box } from "../workspace/ui";

export interface Landing {
  target: Target;
  /** The insertion line, in coordinates of the window. */
  line: Box;
}

/** Within this distance from a container's edge one means "beside it", not "into it" (px). */
const EDGE = 7;
const THICKNESS = 2;

/**
 * @param may whether the dragged may stand in that slot
 * @param ignore components that are being dragged: they do not count as siblings
 */
export function findLanding(
  surface: HTMLElement,
  x: number,
  y: number,
  may: (owner: Owner, slot: string) => boolean,
  ignore: ReadonlySet<string>,
): Landing | null {
  // Not the topmost: the drag itself may have put something under the pointer.
  const hit = document.elementsFromPoint(x, y).find((each) => surface.contains(each));
  if (!hit) return null;
  let from: Element | null = hit;
  const node = hit.closest<HTMLElement>("[data-component]");
  if (node && surface.contains(node) && nearEdge(node.getBoundingClientRect(), x, y)) {
    from = node.parentElement;
  }
  for (
    let slot = closestSlot(from);
    slot && surface.contains(slot);
    slot = closestSlot(slot.parentElement)
  ) {
    const owner = slot.dataset.owner as Owner;
    const name = slot.dataset.slot as string;
    if (may(owner, name)) return inSlot(slot, owner, name, x, y, ignore);
  }
  return null;
}

function closestSlot(from: Element | null): HTMLElement | null {
  return from?.closest<HTMLElement>("[data-slot]") ?? null;
}

function nearEdge(box: DOMRect, x: number, y: number): boolean {
  const distance = Math.min(x - box.left, box.right - x, y - box.top, box.bottom - y);
  return distance < EDGE;
}

function inSlot(
  slot: HTMLElement,
  owner: Owner,
  name: string,
  x: number,
  y: number,
  ignore: ReadonlySet<string>,
): Landing {
  const row = slot.dataset.flow === "row";
  const kids = [...slot.children]
    .filter(
      (kid): kid is HTMLElement =>
        kid instanceof HTMLElement && kid.dataset.component !== undefined,
    )
    .filter((kid) => !ignore.has(kid.dataset.component as string))
    .map((kid) => kid.getBoundingClientRect());
  const at = kids.findIndex((kid) => (row ? beforeInRow(kid, x, y) : y < kid.top + kid.height / 2));
  const index = at < 0 ? kids.length : at;
  return { target: { owner, slot: name, index }, line: lineAt(slot, kids, index, row) };
}

/** Rows wrap: a later row comes after everything above it. */
function beforeInRow(kid: DOMRect, x: number, y: number): boolean {
  if (y < kid.top) return true;
  return y <= kid.bottom && x < kid.left + kid.width / 2;
}

function lineAt(slot: HTMLElement, kids: DOMRect[], index: number, row: boolean): Box {
  const area = slot.getBoundingClientRect();
  const before = kids[index - 1];
  const after = kids[index];
  if (!before && !after) {
    return row
      ? {
          left: area.left + 8,
          top: area.top + 4,
          width: THICKNESS,
          height: Math.max(16, area.height - 8),
        }
      : {
          left: area.left + 4,
          top: area.top + 8,
          width: Math.max(16, area.width - 8),
          height: THICKNESS,
        };
  }
  if (row) {
    const beside = after ?? (before as DOMRect);
    const left =
      before && after && before.bottom > after.top
        ? (before.right + after.left) / 2
        : after
          ? after.left - 5
          : beside.right + 4;
    return { left: left - 1, top: beside.top, width: THICKNESS, height: beside.height };
  }
  const top =
    before && after
      ? (before.bottom + after.top) / 2
      : after
        ? after.top - 5
        : (before as DOMRect).bottom + 4;
  const inner = after ?? (before as DOMRect);
  const left = Math.min(area.left + 2, inner.left);
  return {
    left,
    top: top - 1,
    width: Math.max(inner.right, area.right - 2) - left,
    height: THICKNESS,
  };
}
