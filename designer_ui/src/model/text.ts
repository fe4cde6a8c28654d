/** Free text travels as the smallest insert and delete, never as a replaced string. */
import type { OpComponent, Path } from "./op";

function isHigh(unit: number): boolean {
  return unit >= 0xd800 && unit <= 0xdbff;
}

function isLow(unit: number): boolean {
  return unit >= 0xdc00 && unit <= 0xdfff;
}

/**
 * The edit from `before` to `after` at the string at `path`, offsets in UTF-16 units.
 *
 * `caret` is where the cursor stands in `after`: among equal letters it says which was typed.
 * Surrogate pairs are never split: the server refuses half characters.
 */
export function textEdit(
  path: Path,
  before: string,
  after: string,
  caret = after.length,
): OpComponent[] {
  if (before === after) return [];
  const shorter = Math.min(before.length, after.length);

  let suffix = 0;
  const suffixMax = Math.min(shorter, Math.max(0, after.length - caret));
  while (
    suffix < suffixMax &&
    before.charCodeAt(before.length - 1 - suffix) === after.charCodeAt(after.length - 1 - suffix)
  ) {
    suffix++;
  }
  let prefix = 0;
  while (prefix < shorter - suffix && before.charCodeAt(prefix) === after.charCodeAt(prefix)) {
    prefix++;
  }
  // What the caret kept apart may still match behind a later edit.
  while (
    suffix < shorter - prefix &&
    before.charCodeAt(before.length - 1 - suffix) === after.charCodeAt(after.length - 1 - suffix)
  ) {
    suffix++;
  }
  if (prefix > 0 && isHigh(before.charCodeAt(prefix - 1))) prefix--;
  if (suffix > 0 && isLow(before.charCodeAt(before.length - suffix))) suffix--;

  const removed = before.slice(prefix, before.length - suffix);
  const added = after.slice(prefix, after.length - suffix);
  const op: OpComponent[] = [];
  if (removed) op.push({ p: [...path, prefix], sd: removed });
  if (added) op.push({ p: [...path, prefix], si: added });
  return op;
}

/** Where an offset stands after a remote edit of the same string: keeps a cursor in place. */
export function moveOffset(offset: number, component: OpComponent): number {
  const at = component.p[component.p.length - 1];
  if (typeof at !== "number") return offset;
  if (component.si !== undefined) return at < offset ? offset + component.si.length : offset;
  if (component.sd !== undefined) {
    return at < offset ? Math.max(at, offset - component.sd.length) : offset;
  }
  return offset;
}
