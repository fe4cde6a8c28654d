/** Which components a rectangle drawn on the canvas selects. */
import type { Owner } from "../model/document";
import type { DesignView } from "../model/view";
import type { Box } from "../workspace/ui";

/** The outermost components of the page that lie within `area` as a whole, in tree order. */
export function enclosed(
  view: DesignView,
  page: string,
  area: Box,
  boxOf: (id: string) => Box | undefined,
): string[] {
  const found: string[] = [];
  const visited = new Set<string>();
  const look = (owner: Owner) => {
    for (const id of view.children(owner)) {
      const box = boxOf(id);
      if (visited.has(id) || !box || !meets(area, box)) continue;
      visited.add(id);
      if (holds(area, box)) found.push(id);
      else look(`components/${id}`);
    }
  };
  look(`pages/${page}`);
  return found;
}

/** The box between two points. */
export function boxBetween(a: { x: number; y: number }, b: { x: number; y: number }): Box {
  return {
    left: Math.min(a.x, b.x),
    top: Math.min(a.y, b.y),
    width: Math.abs(a.x - b.x),
    height: Math.abs(a.y - b.y),
  };
}

function meets(a: Box, b: Box): boolean {
  return (
    a.left < b.left + b.width &&
    b.left < a.left + a.width &&
    a.top < b.top + b.height &&
    b.top < a.top + a.height
  );
}

function holds(a: Box, b: Box): boolean {
  return (
    a.left <= b.left &&
    a.top <= b.top &&
    a.left + a.width >= b.left + b.width &&
    a.top + a.height >= b.top + b.height
  );
}
