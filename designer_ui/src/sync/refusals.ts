/** What became of one's edits: refused ones, kept at their field until the next edit there, and overwritten ones. */
import type { Component, Element, Json } from "../model/document";
import { elementOf } from "../model/document";
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

/** The property that an edit of one element is about: its path inside the element. */
export function placeOf(op: Op, element: Element): (string | number)[] {
  const first = op.find(({ p }) => elementOf(p) === element);
  if (!first) return [];
  const inner = first.p.slice(element.split("/").length);
  const isText = first.si !== undefined || first.sd !== undefined;
  return isText ? inner.slice(0, -1) : inner;
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

export interface Overtaken {
  path: readonly (string | number)[];
  mine: Json | undefined;
  theirs: Json | undefined;
  /** The component itself was deleted. */
  gone: boolean;
  /** The other person, where the server could name them. */
  by: string;
}

/** Says which value of one's own was overwritten by somebody who had not seen it, and with what. */
export function overtakenText(component: Component | undefined, overtaken: Overtaken): string {
  const { path, mine, theirs, gone } = overtaken;
  const who = overtaken.by || "Somebody";
  const where = [component?.name, path.at(-1)].filter((each) => each !== undefined).join(", ");
  if (gone || !component) {
    const lost = mine === undefined ? "" : ` You had written ${brief(mine)}.`;
    return `${who} deleted what you had just changed${where ? ` (${where})` : ""}, without having seen it.${lost}`;
  }
  return `${who} replaced your ${brief(mine)} in ${where} with ${brief(theirs)}, without having seen it.`;
}

const BRIEF = 60;

/** A value as a sentence quotes it. */
export function brief(value: Json | undefined): string {
  if (value === undefined) return "value";
  const text = typeof value === "string" ? value : JSON.stringify(value);
  return `“${text.length > BRIEF ? `${text.slice(0, BRIEF)}…` : text}”`;
}
