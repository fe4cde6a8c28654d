/** Edits the server refused, kept at the field they were made in until the next edit there. */
import type { Element } from "../model/document";
import type { Op } from "../model/op";

export interface RefusalDetails {
  element?: string;
  name?: string;
  path?: (string | number)[];
  rule?: string;
  [key: string]: unknown;
}

export interface Refusal {
  id: number;
  code: string;
  message: string;
  label: string;
  element: Element | null;
  /** Path inside the element; empty for the element as a whole. */
  path: (string | number)[];
  details: RefusalDetails;
  /** What the person had written, so that it is not lost with the edit. */
  text: string | null;
}

/** The text an edit wanted to have somewhere, for people to copy. */
export function textOf(op: Op): string | null {
  for (const { oi, li, si } of op) {
    const value = oi ?? li ?? si;
    if (typeof value === "string") return value;
  }
  return null;
}

/** The path inside the element, however the server counted it. */
export function innerPath(details: RefusalDetails): (string | number)[] {
  const path = details.path ?? [];
  const element = details.element?.split("/") ?? [];
  const whole = element.length > 0 && element.every((step, i) => step === path[i]);
  return whole ? path.slice(element.length) : path;
}

export function refusalsAt(
  refusals: readonly Refusal[],
  element: Element,
  path: readonly (string | number)[],
): Refusal | undefined {
  return refusals.findLast(
    (each) =>
      each.element === element &&
      each.path.length > 0 &&
      path.every((step, i) => i >= each.path.length || each.path[i] === step),
  );
}
