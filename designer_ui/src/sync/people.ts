/** Who may do what on a design; the people, tokens and record of acts of the organisation. By REST. */
import type { Json } from "../model/document";
import { call, type Role, type User } from "./rest";

export type SubjectKind = "person" | "group" | "everyone";

export interface Grant {
  /** Empty: the whole design; or "pages/<id>", "environments/<name>". */
  scope: string;
  kind: SubjectKind;
  subject: string;
  name: string;
  role: Role;
}

export interface Member extends User {
  admin: boolean;
  joinedAt: number;
  seenAt: number;
  blockedAt: number | null;
}

export interface Token {
  id: string;
  name: string;
  scopes: string[];
  createdAt: number;
  expiresAt: number;
  usedAt: number | null;
  revokedAt: number | null;
}

export interface Act {
  number: number;
  time: number;
  by: User;
  action: string;
  design: string | null;
  element: string | null;
  address: string | null;
  details: { [key: string]: Json };
}

const grants = (id: string) => `/api/designs/${encodeURIComponent(id)}/grants`;
const member = (id: string) => `/api/members/${encodeURIComponent(id)}`;

export const peopleRest = {
  people: async () => (await call<{ people: User[] }>("GET", "/api/people")).people,
  grants: async (id: string) => (await call<{ grants: Grant[] }>("GET", grants(id))).grants,
  give: async (id: string, grant: Omit<Grant, "name">) =>
    (await call<{ grants: Grant[] }>("PUT", grants(id), JSON.stringify(grant))).grants,
  take: async (id: string, { scope, kind, subject }: Grant) => {
    const query = new URLSearchParams({ scope, kind, subject });
    return (await call<{ grants: Grant[] }>("DELETE", `${grants(id)}?${query}`)).grants;
  },
  members: async () => (await call<{ members: Member[] }>("GET", "/api/members")).members,
  change: (id: string, change: { admin?: boolean; blocked?: boolean }) =>
    call<Member>("PATCH", member(id), JSON.stringify(change)),
  endSessions: (id: string) => call<void>("POST", `${member(id)}/sign-out`),
  erase: (id: string) => call<void>("DELETE", member(id)),
  tokens: async () => (await call<{ tokens: Token[] }>("GET", "/api/tokens")).tokens,
  createToken: (name: string, scopes: string[], days: number) =>
    call<Token & { token: string }>("POST", "/api/tokens", JSON.stringify({ name, scopes, days })),
  revokeToken: (id: string) => call<void>("DELETE", `/api/tokens/${encodeURIComponent(id)}`),
  /** The newest first, older than `before`. */
  acts: async (before: number, action: string) => {
    const query = new URLSearchParams({ before: String(before), limit: "100" });
    if (action !== "") query.set("action", action);
    return (await call<{ entries: Act[] }>("GET", `/api/audit?${query}`)).entries;
  },
  signOut: () => call<{ signOut: string | null }>("POST", "/auth/logout"),
};
