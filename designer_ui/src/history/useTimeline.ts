import { useCallback, useEffect, useRef, useState } from "react";
import { type Entry, type EntryFilter, versions } from "../sync/versions";

const REFRESH_EVERY_MS = 10_000;

export interface TimelineState {
  entries: readonly Entry[];
  head: number;
  hasMore: boolean;
  loading: boolean;
  fault: string | null;
  more(): void;
  reload(): Promise<void>;
}

/** The entries that pass `filter`, newest first, a page at a time; the newest page is kept fresh. */
export function useTimeline(id: string, filter: EntryFilter): TimelineState {
  const [entries, setEntries] = useState<readonly Entry[]>([]);
  const [next, setNext] = useState<number | null>(null);
  const [head, setHead] = useState(0);
  const [loading, setLoading] = useState(true);
  const [fault, setFault] = useState<string | null>(null);
  /** Answers to an older question are not shown. */
  const asked = useRef(0);

  const load = useCallback(
    async (before?: number) => {
      const own = ++asked.current;
      setLoading(true);
      try {
        const page = await versions.list(id, filter, before);
        if (own !== asked.current) return;
        setFault(null);
        setHead(page.head);
        setNext(page.next);
        setEntries((known) =>
          before === undefined ? page.versions : [...known, ...page.versions],
        );
      } catch (error) {
        if (own === asked.current) setFault((error as Error).message);
      } finally {
        if (own === asked.current) setLoading(false);
      }
    },
    [id, filter],
  );

  useEffect(() => {
    load();
  }, [load]);

  // Once older pages are shown, the list stays as it is until it is asked for anew.
  const isFirst = useRef(true);
  const reload = useCallback(() => {
    isFirst.current = true;
    return load();
  }, [load]);
  useEffect(() => {
    const timer = setInterval(() => {
      if (isFirst.current && !document.hidden) load();
    }, REFRESH_EVERY_MS);
    return () => clearInterval(timer);
  }, [load]);

  return {
    entries,
    head,
    hasMore: next !== null,
    loading,
    fault,
    more() {
      isFirst.current = false;
      if (next !== null) load(next);
    },
    reload,
  };
}
