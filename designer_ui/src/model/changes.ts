/** A code editor's changes as json0 text ops and back. Offsets count UTF-16 units on both sides. */
import type { Op, Path } from "./op";
import { textEdit } from "./text";

/** One replaced range: `from` and `to` in the text before, `at` where it begins in the text after. */
export interface TextChange {
  from: number;
  to: number;
  at: number;
  insert: string;
}

function splitsPair(text: string, offset: number): boolean {
  const before = text.charCodeAt(offset - 1);
  const after = text.charCodeAt(offset);
  return before >= 0xd800 && before <= 0xdbff && after >= 0xdc00 && after <= 0xdfff;
}

/**
 * The op for what an editor did to the string at `path`, changes in ascending order.
 *
 * An editor may keep one half of a character that it replaces by another; the server takes whole
 * characters only, so such an edit is told anew as the difference of both texts.
 */
export function opOfChanges(
  path: Path,
  before: string,
  after: string,
  changes: readonly TextChange[],
): Op {
  const torn = changes.some(
    ({ from, to, at, insert }) =>
      splitsPair(before, from) ||
      splitsPair(before, to) ||
      splitsPair(after, at) ||
      splitsPair(after, at + insert.length),
  );
  if (torn) return textEdit(path, before, after);
  const op: Op = [];
  for (const { from, to, at, insert } of changes) {
    // Components follow one another: what stands before `at` is already in its new form.
    if (to > from) op.push({ p: [...path, at], sd: before.slice(from, to) });
    if (insert) op.push({ p: [...path, at], si: insert });
  }
  return op;
}

/** A change to a text, to be made before the next of the list is read. */
export interface Step {
  from: number;
  to: number;
  insert: string;
}

/**
 * What `op` does to the string at `path`, step by step; undefined when it does more to that place
 * than edit its text (replaced, deleted), so that the text must be read anew.
 */
export function stepsOfOp(path: Path, op: Op): Step[] | undefined {
  const steps: Step[] = [];
  for (const { p, si, sd } of op) {
    const shared = Math.min(p.length, path.length);
    if (!path.slice(0, shared).every((step, i) => p[i] === step)) continue;
    const at = p[path.length];
    if (typeof at !== "number" || p.length !== path.length + 1) return undefined;
    if (sd !== undefined) steps.push({ from: at, to: at + sd.length, insert: "" });
    if (si !== undefined) steps.push({ from: at, to: at, insert: si });
  }
  return steps;
}
