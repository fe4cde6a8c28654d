/** Who has taken which element, and what an edit may not touch: the server's rules LE2, LE11, LE12. */
import type { Element } from "./document";
import { elementOf, elementPath } from "./document";
import type { Op } from "./op";
import type { DesignView } from "./view";

export interface Lease {
  element: Element;
  kind: "soft" | "hard";
  /** What stands inside is covered too. */
  contents: boolean;
  holder: { id: string; name: string };
  /** The public part of the connection that took it. */
  session: string;
  token: number;
  /** Times of the database's clock, in milliseconds. */
  since: number;
  until: number;
  reason: string;
}

export interface LeaseState {
  /** Whether the server is sure that this is how it is. */
  known: boolean;
  /** By the database's clock, when the server said so. */
  now: number;
  leases: readonly Lease[];
}

export const NO_LEASES: LeaseState = { known: false, now: 0, leases: [] };

/** What an element stands in, nearest first: containers, then the page. */
export function around(view: DesignView, element: Element): Element[] {
  const found: Element[] = [];
  let at: Element | undefined = outer(view.at(elementPath(element)), element);
  while (at !== undefined && !found.includes(at)) {
    found.push(at);
    at = outer(view.at(elementPath(at)), at);
  }
  return found;
}

function outer(value: unknown, element: Element): Element | undefined {
  const { place, page } = (value ?? {}) as { [key: string]: unknown };
  if (element.startsWith("components/")) {
    const { parent, page: on } = (place ?? {}) as { [key: string]: unknown };
    if (typeof parent === "string") return `components/${parent}`;
    return typeof on === "string" ? `pages/${on}` : undefined;
  }
  return typeof page === "string" ? `pages/${page}` : undefined;
}

/** The lease that covers an element: its own, else the nearest container's with contents. */
export function leaseOn(
  view: DesignView,
  leases: readonly Lease[],
  element: Element,
): Lease | undefined {
  if (leases.length === 0) return undefined;
  return leases.find((each) => each.element === element) ?? inside(leases, around(view, element));
}

function inside(leases: readonly Lease[], outwards: readonly Element[]): Lease | undefined {
  for (const element of outwards) {
    const lease = leases.find((each) => each.contents && each.element === element);
    if (lease) return lease;
  }
  return undefined;
}

/** Others' hard leases, and one's own, which keep what is inside open. */
function deciding(leases: readonly Lease[], me: string): Lease[] {
  return leases.filter(({ kind, holder }) => kind === "hard" || holder.id === me);
}

/** The lease of somebody else that keeps one from editing an element. */
export function closedBy(
  view: DesignView,
  leases: readonly Lease[],
  me: string,
  element: Element,
): Lease | undefined {
  const lease = leaseOn(view, deciding(leases, me), element);
  return lease && lease.holder.id !== me ? lease : undefined;
}

/** What of an edit the server would refuse because another holds it; the first such place. */
export function refusedBy(
  view: DesignView,
  all: readonly Lease[],
  me: string,
  op: Op,
): { element: Element; lease: Lease } | undefined {
  const leases = deciding(all, me);
  if (!leases.some(({ holder }) => holder.id !== me)) return undefined;
  const others = (lease: Lease | undefined) =>
    lease && lease.holder.id !== me ? lease : undefined;
  for (const { p, oi } of op) {
    const element = elementOf(p);
    const lease = others(leaseOn(view, leases, element));
    if (lease) return { element, lease };
    const isWhole = p.length === elementPath(element).length;
    if (!isWhole && p[2] !== "place") continue;
    // It comes, goes or moves: into or out of somebody's contents, or with somebody's element inside.
    const next = isWhole ? oi : { place: oi };
    const to = outer(next, element);
    const around_ = [around(view, element)];
    if (to !== undefined) around_.push([to, ...around(view, to)]);
    for (const outwards of around_) {
      const held = others(inside(leases, outwards));
      if (held) return { element, lease: held };
    }
    for (const held of leases) {
      if (held.holder.id !== me && around(view, held.element).includes(element)) {
        return { element: held.element, lease: held };
      }
    }
  }
  return undefined;
}

/** "for 4 more minutes", as the database's clock goes. */
export function timeLeft(lease: Lease, now: number): string {
  const minutes = Math.ceil((lease.until - now) / 60_000);
  if (minutes <= 1) return "for less than a minute";
  return `for ${minutes} more minutes`;
}
