/** The history of a design by REST: its timeline, what differs between versions, who made a value. */
import type { Element, Json } from "../model/document";
import { call, type User } from "./rest";

export type EntryKind = "create" | "edit" | "restore" | "revert" | "pick" | "merge" | "migration";

export interface Label {
  version: number;
  name: string;
  note: string;
  protected: boolean;
  by: User;
  at: number;
}

/** Edits that belong together, from version `base` to `version`. */
export interface Entry {
  version: number;
  base: number;
  kind: EntryKind;
  authors: User[];
  startedAt: number;
  endedAt: number;
  edits: number;
  elements: number;
  /** In words: "label of Save changed, 3 components moved on Claims". */
  summary: string;
  origin: { version?: number; design?: string; base?: number; elements?: string[] } | null;
  /** Names of versions in it, newest first. */
  labels: Label[];
}

export interface EntryFilter {
  author?: string;
  kind?: EntryKind;
  element?: Element;
  since?: number;
  until?: number;
  named?: boolean;
}

export interface Timeline {
  head: number;
  next: number | null;
  versions: Entry[];
}

export interface TextEdit {
  /** In UTF-16 units of the old text. */
  at: number;
  removed: string;
  inserted: string;
}

export type ChangeKind = "added" | "removed" | "moved" | "renamed" | "retyped" | "changed";

export interface Change {
  kind: ChangeKind;
  element: Element;
  name: string;
  type: string | null;
  page: string | null;
  path: (string | number)[];
  old?: Json;
  new?: Json;
  edits?: TextEdit[];
}

export interface Diff {
  from: number;
  to: number;
  summary: string;
  counts: { [kind: string]: number };
  changes: Change[];
}

export interface Blamed {
  path: (string | number)[];
  version: number;
  at: number;
  author: User;
  kind: EntryKind;
  origin: Entry["origin"];
}

/** What is restored: nothing named, the whole design. */
export interface RestorePart {
  page?: string;
  element?: Element;
  path?: (string | number)[];
}

export interface Restored {
  version: number | null;
  changes: Change[];
  summary: string;
  /** What could not come back. */
  dropped: { element: Element; path?: (string | number)[]; reason: string }[];
}

export interface Reverted {
  version: number | null;
  changes: Change[];
  summary: string;
  /** Values that others changed since and that stay. */
  kept: { element: Element; name: string; path: (string | number)[]; version: number; by: User }[];
}

const of = (id: string) => `/api/designs/${encodeURIComponent(id)}`;

function query(values: { [key: string]: string | number | undefined }): string {
  const given = Object.entries(values).filter(([, value]) => value !== undefined);
  return new URLSearchParams(given.map(([key, value]) => [key, String(value)])).toString();
}

export const versions = {
  list: (id: string, filter: EntryFilter, before?: number, limit = 50) => {
    const { named, ...rest } = filter;
    return call<Timeline>(
      "GET",
      `${of(id)}/versions?${query({ ...rest, named: named ? 1 : undefined, before, limit })}`,
    );
  },
  entry: (id: string, version: number) => call<Entry>("GET", `${of(id)}/versions/${version}`),
  diff: (id: string, from: number, to: number) =>
    call<Diff>("GET", `${of(id)}/diff?${query({ from, to })}`),
  blame: async (id: string, element: Element, version?: number) =>
    (await call<{ properties: Blamed[] }>("GET", `${of(id)}/blame?${query({ element, version })}`))
      .properties,
  label: (id: string, version: number, label: { name: string; note: string; protected: boolean }) =>
    call<Label>("PUT", `${of(id)}/versions/${version}/label`, JSON.stringify(label)),
  unlabel: (id: string, version: number) =>
    call<void>("DELETE", `${of(id)}/versions/${version}/label`),
  restore: (id: string, version: number, part: RestorePart, preview: boolean) =>
    call<Restored>(
      "POST",
      `${of(id)}/versions/${version}/restore`,
      JSON.stringify({ ...part, preview }),
    ),
  revert: (id: string, { version, base }: Entry, preview: boolean) =>
    call<Reverted>(
      "POST",
      `${of(id)}/versions/${version}/revert`,
      JSON.stringify({ base, preview }),
    ),
};
