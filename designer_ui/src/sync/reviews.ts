/** Branches, rules, reviews and releases of a design by REST. An id may be the design's or a branch's. */
import type { Json } from "../model/document";
import { call, type User } from "./rest";
import type { Change } from "./versions";

export interface Branch {
  id: string;
  root: string;
  name: string;
  state: "open" | "merged" | "closed";
  createdAt: number;
  createdBy: User;
  updatedAt: number;
  version: number;
  /** What both sides have in common. */
  base: { design: string; version: number };
  /** Versions that main has made since. */
  behind: number;
}

export interface Branches {
  root: { id: string; name: string; version: number; protected: boolean };
  branches: Branch[];
}

export interface Reason {
  rule: string;
  message: string;
}

export interface Gate {
  open: boolean;
  reasons: Reason[];
}

/** Both sides changed the same place differently; a side that is left out has nothing there. */
export interface Conflict {
  path: (string | number)[];
  kind: "value" | "text" | "deleted";
  base?: Json;
  main?: Json;
  branch?: Json;
}

export interface BranchComparison {
  base: { design: string; version: number };
  main: { version: number };
  branch: { version: number; hash: string };
  changes: Change[];
  mainChanges: Change[];
  conflicts: Conflict[];
  gate: Gate;
}

export interface Resolution {
  path: (string | number)[];
  take: "main" | "branch";
}

export interface Verdict {
  by: User;
  verdict: "approve" | "request-changes";
  version: number;
  hash: string;
  at: number;
  text: string;
  /** It was about what has changed since. */
  stale: boolean;
  counts: boolean;
}

export interface Review {
  id: string;
  design: string;
  branch: string | null;
  from: number | null;
  to: number | null;
  title: string;
  description: string;
  state: "open" | "merged" | "closed";
  createdAt: number;
  createdBy: User;
  reviewers: User[];
  /** What would be approved now. */
  version: number;
  hash: string;
  contributors: User[];
  verdicts: Verdict[];
  gate?: Gate;
}

export interface NewReview {
  title: string;
  description: string;
  reviewers: string[];
  branch?: string;
  from?: number;
  to?: number;
}

export interface Rules {
  protected: boolean;
  approvals: number;
  checks: string[];
}

export interface Release {
  number: number;
  version: number;
  hash: string;
  kind: "promotion" | "rollback" | "emergency";
  reason: string;
  at: number;
  by: User;
}

export interface Environment {
  name: string;
  needsApproval: boolean;
  release: Release | null;
}

const of = (id: string) => `/api/designs/${encodeURIComponent(id)}`;
const one = (id: string, branch: string) => `${of(id)}/branches/${encodeURIComponent(branch)}`;

interface Merged {
  version: number;
}

export const branchRest = {
  list: (id: string) => call<Branches>("GET", `${of(id)}/branches`),
  create: (id: string, name: string) =>
    call<Branch>("POST", `${of(id)}/branches`, JSON.stringify({ name })),
  close: (id: string, branch: string) =>
    call<Branch>("PATCH", one(id, branch), JSON.stringify({ state: "closed" })),
  compare: (id: string, branch: string) =>
    call<BranchComparison>("GET", `${one(id, branch)}/compare`),
  update: (id: string, branch: string, resolutions: Resolution[]) =>
    call<Merged>("POST", `${one(id, branch)}/update`, JSON.stringify({ resolutions })),
  merge: (
    id: string,
    branch: string,
    resolutions: Resolution[],
    { version, hash }: BranchComparison["branch"],
  ) =>
    call<Merged>(
      "POST",
      `${one(id, branch)}/merge`,
      JSON.stringify({ resolutions, version, hash }),
    ),
  rules: (id: string) => call<Rules>("GET", `${of(id)}/rules`),
  setRules: (id: string, rules: Partial<Rules>) =>
    call<Rules>("PUT", `${of(id)}/rules`, JSON.stringify(rules)),
};

export const reviewRest = {
  list: async (id: string) =>
    (await call<{ reviews: Review[] }>("GET", `${of(id)}/reviews?state=all`)).reviews,
  one: (id: string, review: string) =>
    call<Review>("GET", `${of(id)}/reviews/${encodeURIComponent(review)}`),
  create: (id: string, review: NewReview) =>
    call<Review>("POST", `${of(id)}/reviews`, JSON.stringify(review)),
  close: (id: string, review: string) =>
    call<Review>(
      "PATCH",
      `${of(id)}/reviews/${encodeURIComponent(review)}`,
      JSON.stringify({ state: "closed" }),
    ),
  judge: (
    id: string,
    { id: review, version, hash }: Review,
    verdict: Verdict["verdict"],
    text: string,
  ) =>
    call<Review>(
      "POST",
      `${of(id)}/reviews/${encodeURIComponent(review)}/verdicts`,
      JSON.stringify({ verdict, version, hash, text }),
    ),
};

export const releaseRest = {
  environments: async (id: string) =>
    (await call<{ environments: Environment[] }>("GET", `${of(id)}/environments`)).environments,
  list: async (id: string, environment: string) =>
    (
      await call<{ releases: Release[] }>(
        "GET",
        `${of(id)}/environments/${encodeURIComponent(environment)}/releases`,
      )
    ).releases,
  release: (
    id: string,
    environment: string,
    release: { version: number; kind: Release["kind"]; reason: string },
  ) =>
    call<Release>(
      "POST",
      `${of(id)}/environments/${encodeURIComponent(environment)}/releases`,
      JSON.stringify(release),
    ),
};
