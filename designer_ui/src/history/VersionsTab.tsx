import { useCallback, useMemo, useState } from "react";
import type { TypesAnswer } from "../model/types";
import type { User } from "../sync/rest";
import type { Entry, EntryFilter } from "../sync/versions";
import css from "./History.module.css";
import { Filters, Timeline } from "./Timeline";
import { useTimeline } from "./useTimeline";
import { VersionView } from "./VersionView";

export interface TabProps {
  id: string;
  types: TypesAnswer;
  me: User;
  /** Says aloud what was done. */
  onSay(said: string): void;
}

/** The timeline, and the entry that is chosen on it. */
export function VersionsTab({ id, types, me, onSay }: TabProps) {
  const [filter, setFilter] = useState<EntryFilter>({});
  const [selected, setSelected] = useState<Entry | null>(null);
  const timeline = useTimeline(id, filter);
  const chosen = selected ?? timeline.entries[0] ?? null;
  const entry = timeline.entries.find((each) => each.version === chosen?.version) ?? chosen;
  const people = usePeopleSeen(timeline.entries);
  const changed = useCallback(
    async (said: string) => {
      onSay(said);
      await timeline.reload();
    },
    [timeline.reload, onSay],
  );
  return (
    <>
      <aside className={css.side} aria-label="Versions">
        <Filters filter={filter} people={people} onChange={setFilter} />
        <Timeline
          timeline={timeline}
          selected={entry?.version ?? null}
          onSelect={(each) => setSelected(each)}
        />
      </aside>
      <main className={css.main}>
        {entry ? (
          <VersionView
            id={id}
            entry={entry}
            head={timeline.head}
            types={types}
            me={me}
            onChanged={changed}
            onElement={(element) => setFilter((before) => ({ ...before, element }))}
          />
        ) : null}
      </main>
    </>
  );
}

/** Everybody who has shown up in the list so far: the filter must not lose those it hides. */
function usePeopleSeen(entries: readonly Entry[]): readonly User[] {
  const [people] = useState(() => new Map<string, User>());
  return useMemo(() => {
    for (const { authors } of entries) for (const each of authors) people.set(each.id, each);
    return [...people.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
  }, [entries, people]);
}
