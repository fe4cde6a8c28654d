/** The server's REST doors. Every call rejects with `RestError` when the server says no. */
import type { DesignDocument, Json } from "../model/document";
import type { TypesAnswer } from "../model/types";
import { Watched } from "../model/watched";

export interface User {
  id: string;
  name: string;
}

/** From the least to the most. */
export const ROLES = ["viewer", "reviewer", "editor", "owner"] as const;

export type Role = (typeof ROLES)[number];

export interface SessionInfo {
  user: User & { admin: boolean };
  mode: string;
  scratch: boolean;
  /** Where one signs in; null where nobody can. */
  signIn: string | null;
}

export interface DesignRow {
  id: string;
  name: string;
  createdAt: number;
  createdBy: User | null;
  updatedAt: number;
  version: number;
  trashedAt: number | null;
  frozenAt: number | null;
  role: Role;
}

export interface Snapshot {
  v: number;
  type: string;
  data: DesignDocument;
}

export interface ImportAnswer {
  design: DesignRow;
  report: { [key: string]: Json };
}

export class RestError extends Error {
  constructor(
    readonly code: string,
    message: string,
    readonly status: number,
    readonly details: { [key: string]: Json } = {},
  ) {
    super(message);
  }
}

export interface Renamed {
  version: number;
  /** Paths of expressions that use the old name all the same. */
  leftovers: (string | number)[][];
}

export interface Finding {
  rule: string;
  level: "note" | "warning" | "error";
  element: string;
  name: string;
  path: (string | number)[];
  message: string;
  fix: string;
}

export type Tool = "appsmith" | "tooljet";

/** In development the person is named in the page's address; every request carries the name on. */
export function asPerson(path: string): string {
  const user = new URLSearchParams(location.search).get("user");
  if (user === null) return path;
  return `${path}${path.includes("?") ? "&" : "?"}user=${encodeURIComponent(user)}`;
}

/** Set once the server does not know who this is: the address where one signs in, if there is one. */
export const signedOut = new Watched<{ href: string | null } | null>(null);

/** Signing in, and back to where one is. */
export function signInHref(href: string): string {
  return `${href}?to=${encodeURIComponent(location.pathname + location.search)}`;
}

export async function call<T>(method: string, path: string, body?: BodyInit): Promise<T> {
  let response: Response;
  try {
    response = await fetch(asPerson(path), {
      method,
      body: body ?? null,
      headers: {
        // No page of another site can send this one in a browser's name.
        "x-coweave": "1",
        ...(body === undefined ? {} : { "content-type": "application/json" }),
      },
    });
  } catch {
    throw new RestError("ERR_OFFLINE", "The server cannot be reached.", 0);
  }
  if (response.status === 204) return undefined as T;
  const text = await response.text();
  let answer: unknown;
  try {
    answer = JSON.parse(text);
  } catch {
    throw new RestError("ERR_NOT_JSON", `The server answered ${response.status}.`, response.status);
  }
  if (!response.ok) {
    const { error } = answer as {
      error?: { code: string; message: string; details?: { [key: string]: Json } };
    };
    if (response.status === 401) {
      const href = error?.details?.signIn;
      signedOut.set({ href: typeof href === "string" ? href : null });
    }
    throw new RestError(
      error?.code ?? "ERR_UNKNOWN",
      error?.message ?? `The server answered ${response.status}.`,
      response.status,
      error?.details,
    );
  }
  return answer as T;
}

const design = (id: string) => `/api/designs/${encodeURIComponent(id)}`;

export const rest = {
  session: () => call<SessionInfo>("GET", "/api/session"),
  types: () => call<TypesAnswer>("GET", "/api/types"),
  designs: async (trash = false) =>
    (await call<{ designs: DesignRow[] }>("GET", `/api/designs${trash ? "?trash=1" : ""}`)).designs,
  create: (name: string) => call<DesignRow>("POST", "/api/designs", JSON.stringify({ name })),
  rename: (id: string, name: string) =>
    call<DesignRow>("PATCH", design(id), JSON.stringify({ name })),
  duplicate: (id: string) => call<DesignRow>("POST", `${design(id)}/duplicate`, "{}"),
  trash: (id: string) => call<void>("DELETE", design(id)),
  restore: (id: string) => call<DesignRow>("POST", `${design(id)}/restore`, "{}"),
  importFile: (file: Blob, name?: string) =>
    call<ImportAnswer>(
      "POST",
      `/api/designs/import${name ? `?name=${encodeURIComponent(name)}` : ""}`,
      file,
    ),
  renameElement: (id: string, element: string, name: string) =>
    call<Renamed>("POST", `${design(id)}/elements/rename`, JSON.stringify({ element, name })),
  /** Everybody who can be called by name. */
  people: async () => (await call<{ people: User[] }>("GET", "/api/people")).people,
  check: async (id: string) =>
    (await call<{ findings: Finding[] }>("GET", `${design(id)}/check`)).findings,
  /** The design as a file: ours, or that of the tool it came from. */
  exported: (id: string, to: Tool | null) =>
    call<Json>("GET", `${design(id)}/export${to === null ? "" : `?to=${to}`}`),
  snapshot: (id: string, version?: number) =>
    call<Snapshot>(
      "GET",
      `${design(id)}/snapshot${version === undefined ? "" : `?version=${version}`}`,
    ),
};
