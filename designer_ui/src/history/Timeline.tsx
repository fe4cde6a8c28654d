import { Bookmark, Lock } from "lucide-react";
import { type KeyboardEvent, useId, useRef } from "react";
import { Avatar } from "../components/Avatar";
import { Button } from "../components/Button";
import { since } from "../components/time";
import { capital } from "../model/words";
import { colorFor } from "../sync/presence";
import type { User } from "../sync/rest";
import type { Entry, EntryFilter, EntryKind } from "../sync/versions";
import css from "./History.module.css";
import type { TimelineState } from "./useTimeline";

export const KIND_WORDS: { [kind in EntryKind]: string } = {
  create: "Created",
  edit: "Edited",
  restore: "Restored",
  revert: "Taken back",
  pick: "Picked",
  merge: "Merged",
  migration: "Migrated",
};

const day = new Intl.DateTimeFormat("en", { weekday: "long", day: "numeric", month: "long" });
const clock = new Intl.DateTimeFormat("en", { hour: "2-digit", minute: "2-digit" });
const DAY_MS = 86_400_000;

interface TimelineProps {
  timeline: TimelineState;
  selected: number | null;
  onSelect(entry: Entry): void;
}

/** Who changed what, newest first; arrows walk it. */
export function Timeline({ timeline, selected, onSelect }: TimelineProps) {
  const { entries, hasMore, loading, fault } = timeline;
  const list = useRef<HTMLDivElement>(null);
  const prefix = useId();
  const chosen = entries.find((each) => each.version === selected) ?? entries[0];

  const onKeyDown = (event: KeyboardEvent) => {
    const at = chosen ? entries.indexOf(chosen) : -1;
    const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: entries.length - 1 }[event.key];
    const entry = to === undefined ? undefined : entries[to];
    if (!entry) return;
    event.preventDefault();
    onSelect(entry);
    document.getElementById(`${prefix}${entry.version}`)?.scrollIntoView({ block: "nearest" });
  };

  let lastDay = "";
  return (
    <div className={css.list}>
      {fault === null ? null : <p role="alert">{fault}</p>}
      {!loading && entries.length === 0 && fault === null ? <p>No version is like that.</p> : null}
      <div
        ref={list}
        role="listbox"
        aria-label="Versions"
        tabIndex={0}
        aria-activedescendant={chosen ? `${prefix}${chosen.version}` : undefined}
        onKeyDown={onKeyDown}
      >
        {entries.map((entry) => {
          const heading = dayOf(entry.endedAt);
          const isNew = heading !== lastDay;
          lastDay = heading;
          return (
            <div key={entry.version} role="presentation">
              {isNew ? (
                <div className={css.day} aria-hidden="true">
                  {heading}
                </div>
              ) : null}
              <Row
                id={`${prefix}${entry.version}`}
                entry={entry}
                isSelected={entry === chosen}
                onSelect={() => onSelect(entry)}
              />
            </div>
          );
        })}
      </div>
      {hasMore ? (
        <Button look="plain" disabled={loading} onClick={timeline.more}>
          Older versions
        </Button>
      ) : null}
    </div>
  );
}

interface RowProps {
  id: string;
  entry: Entry;
  isSelected: boolean;
  onSelect(): void;
}

function Row({ id, entry, isSelected, onSelect }: RowProps) {
  const { authors, endedAt, kind, labels, version } = entry;
  const [author] = authors;
  const names = authors.map((each) => each.name).join(", ") || "The server";
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: the list takes the keys
    // biome-ignore lint/a11y/useFocusableInteractive: the list holds the focus and names the active one
    <div id={id} role="option" aria-selected={isSelected} className={css.entry} onClick={onSelect}>
      <Avatar name={names} color={colorFor(author?.id ?? "")} size="s" />
      <div>
        {labels.map((label) => (
          <span key={label.version} className={css.named}>
            {label.protected ? (
              <Lock role="img" aria-label="Protected" />
            ) : (
              <Bookmark aria-hidden="true" />
            )}
            {label.name}
          </span>
        ))}
        <p>{titleOf(entry)}</p>
        <small>
          {names} · <time dateTime={new Date(endedAt).toISOString()}>{clock.format(endedAt)}</time>{" "}
          · v{version}
          {kind === "edit" ? null : <b>{KIND_WORDS[kind]}</b>}
        </small>
      </div>
    </div>
  );
}

/** What it did, in words. */
export function titleOf({ summary, kind }: Entry): string {
  return capital(summary) || KIND_WORDS[kind];
}

function dayOf(time: number): string {
  const start = new Date().setHours(0, 0, 0, 0);
  if (time >= start) return "Today";
  return time >= start - DAY_MS ? "Yesterday" : day.format(time);
}

interface FiltersProps {
  filter: EntryFilter;
  people: readonly User[];
  onChange(filter: EntryFilter): void;
}

const AGES = [
  { label: "Any time", days: 0 },
  { label: "Today", days: 1 },
  { label: "Last 7 days", days: 7 },
  { label: "Last 30 days", days: 30 },
];

/** By person, kind, time and component; or named versions only. */
export function Filters({ filter, people, onChange }: FiltersProps) {
  const { author, kind, named, since: from } = filter;
  const set = (change: { [key in keyof EntryFilter]?: EntryFilter[key] | undefined }) => {
    const next = Object.entries({ ...filter, ...change }).filter(
      ([, value]) => value !== undefined,
    );
    onChange(Object.fromEntries(next) as EntryFilter);
  };
  const age = AGES.findLast(({ days }) => days > 0 && from !== undefined && from <= ago(days));
  return (
    <div className={css.filters} role="group" aria-label="Filter">
      <select
        aria-label="Person"
        value={author ?? ""}
        onChange={({ target }) => set({ author: target.value || undefined })}
      >
        <option value="">Everybody</option>
        {people.map((each) => (
          <option key={each.id} value={each.id}>
            {each.name}
          </option>
        ))}
      </select>
      <select
        aria-label="Kind"
        value={kind ?? ""}
        onChange={({ target }) =>
          set({ kind: (target.value || undefined) as EntryKind | undefined })
        }
      >
        <option value="">Every kind</option>
        {Object.entries(KIND_WORDS).map(([each, word]) => (
          <option key={each} value={each}>
            {word}
          </option>
        ))}
      </select>
      <select
        aria-label="Time"
        value={age?.days ?? 0}
        onChange={({ target }) => {
          const days = Number(target.value);
          set({ since: days === 0 ? undefined : ago(days) });
        }}
      >
        {AGES.map(({ label, days }) => (
          <option key={days} value={days}>
            {label}
          </option>
        ))}
      </select>
      <label>
        <input
          type="checkbox"
          checked={named === true}
          onChange={({ target }) => set({ named: target.checked || undefined })}
        />
        Named only
      </label>
      {filter.element === undefined ? null : (
        <button type="button" onClick={() => set({ element: undefined })}>
          One component only ×
        </button>
      )}
    </div>
  );
}

/** The start of the day `days - 1` days back: the same all day long, so that the filter stands still. */
function ago(days: number): number {
  return new Date().setHours(0, 0, 0, 0) - (days - 1) * DAY_MS;
}

export function when(time: number): string {
  return since(time, Date.now());
}
