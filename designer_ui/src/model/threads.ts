/** Comments as conversations. Pure. */
import type { Element } from "./document";

export interface Said {
  id: string;
  thread: string | null;
  at: number;
  anchor: { element: Element; lost: boolean } | null;
  resolvedAt: number | null;
}

export interface Thread<T extends Said> {
  first: T;
  replies: T[];
}

/** Threads with the latest word first; a reply whose first comment is gone begins a thread of its own. */
export function threadsOf<T extends Said>(comments: readonly T[]): Thread<T>[] {
  const threads = new Map<string, Thread<T>>();
  for (const each of comments) {
    const thread = each.thread === null ? undefined : threads.get(each.thread);
    if (thread) thread.replies.push(each);
    else threads.set(each.id, { first: each, replies: [] });
  }
  const latest = ({ first, replies }: Thread<T>) => replies.at(-1)?.at ?? first.at;
  return [...threads.values()].sort((a, b) => latest(b) - latest(a));
}

/** How many open threads each component has. */
export function openOn(threads: readonly Thread<Said>[]): Map<string, number> {
  const open = new Map<string, number>();
  for (const { first } of threads) {
    const [section, id] = first.anchor?.element.split("/") ?? [];
    if (first.resolvedAt !== null || section !== "components" || id === undefined) continue;
    if (!first.anchor?.lost) open.set(id, (open.get(id) ?? 0) + 1);
  }
  return open;
}

/** The unfinished "@name" before the cursor, or undefined. */
export function mentionAt(text: string, caret: number): string | undefined {
  return /(?:^|\s)@([^\s@]{0,40})$/.exec(text.slice(0, caret))?.[1];
}

/** Those of `people` whom the text calls by "@name". */
export function mentionedIn<P extends { name: string }>(text: string, people: readonly P[]): P[] {
  return people.filter(({ name }) => text.includes(`@${name}`));
}

/** The text in parts, mentions apart. */
export function partsOf(
  text: string,
  people: readonly { name: string }[],
): { text: string; mention: boolean }[] {
  const names = people
    .map(({ name }) => `@${name}`)
    .sort((a, b) => b.length - a.length)
    .map((name) => name.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"));
  if (names.length === 0) return [{ text, mention: false }];
  return text
    .split(new RegExp(`(${names.join("|")})`))
    .map((part, i) => ({ text: part, mention: i % 2 === 1 }))
    .filter((part) => part.text !== "");
}
