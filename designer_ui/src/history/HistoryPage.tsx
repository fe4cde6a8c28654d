import { ChevronLeft } from "lucide-react";
import { useCallback, useEffect, useMemo, useState } from "react";
import { Mark } from "../components/Mark";
import { ThemeButton } from "../components/ThemeButton";
import type { TypesAnswer } from "../model/types";
import { follow } from "../navigation";
import { rest, type SessionInfo, type User } from "../sync/rest";
import type { Entry, EntryFilter } from "../sync/versions";
import css from "./History.module.css";
import { Filters, Timeline } from "./Timeline";
import { useTimeline } from "./useTimeline";
import { VersionView } from "./VersionView";

/** What became of a design: who changed what and when, any two versions side by side, and the way back. */
export default function HistoryPage({ id, info }: { id: string; info: SessionInfo }) {
  const [types, setTypes] = useState<TypesAnswer | null>(null);
  const [name, setName] = useState("");
  const [fault, setFault] = useState<string | null>(null);
  const [filter, setFilter] = useState<EntryFilter>({});
  const [selected, setSelected] = useState<Entry | null>(null);
  const [said, setSaid] = useState("");
  const timeline = useTimeline(id, filter);
  const entry = selected ?? timeline.entries[0] ?? null;

  useEffect(() => {
    Promise.all([rest.types(), rest.snapshot(id)]).then(
      ([answer, { data }]) => {
        setTypes(answer);
        setName(data.meta.name);
        document.title = `History of ${data.meta.name} – Coweave`;
      },
      (error: Error) => setFault(error.message),
    );
  }, [id]);

  const people = usePeopleSeen(timeline.entries);
  const changed = useCallback(
    async (words: string) => {
      setSaid(words);
      await timeline.reload();
    },
    [timeline.reload],
  );
  const refreshed = entry && timeline.entries.find((each) => each.version === entry.version);
  return (
    <div className={css.page}>
      <header className={css.bar}>
        <a className={css.back} {...follow({ kind: "design", id })}>
          <ChevronLeft aria-hidden="true" />
          <Mark size={20} />
          <span>{name}</span>
        </a>
        <h1>History</h1>
        <span className={css.space} />
        <ThemeButton />
      </header>
      <aside className={css.side} aria-label="Versions">
        <Filters filter={filter} people={people} onChange={setFilter} />
        <Timeline
          timeline={timeline}
          selected={entry?.version ?? null}
          onSelect={(each) => setSelected(each)}
        />
      </aside>
      <main className={css.main}>
        {fault === null ? null : <p role="alert">{fault}</p>}
        {entry && types ? (
          <VersionView
            id={id}
            entry={refreshed ?? entry}
            head={timeline.head}
            types={types}
            me={info.user}
            onChanged={changed}
            onElement={(element) => setFilter((before) => ({ ...before, element }))}
          />
        ) : null}
      </main>
      <div className="hidden-visually" role="status">
        {said}
      </div>
    </div>
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
