import { Bookmark, FileDown, History as HistoryIcon, RotateCcw, Undo2 } from "lucide-react";
import { useEffect, useMemo, useState } from "react";
import { Button } from "../components/Button";
import { treeOf } from "../model/compare";
import type { Element } from "../model/document";
import type { TypesAnswer } from "../model/types";
import { pageOf } from "../model/view";
import { capital } from "../model/words";
import { asPerson, type User } from "../sync/rest";
import type { Change, Entry } from "../sync/versions";
import { type Back, BackDialog } from "./BackDialog";
import { Canvases } from "./Canvases";
import { ChangeTree } from "./ChangeTree";
import { Details } from "./Details";
import css from "./History.module.css";
import { LabelDialog } from "./LabelDialog";
import { KIND_WORDS, titleOf, when } from "./Timeline";
import { useComparison } from "./useComparison";

interface VersionViewProps {
  id: string;
  entry: Entry;
  head: number;
  types: TypesAnswer;
  me: User;
  /** Something was restored, named …: the list is to be read anew. */
  onChanged(said: string): Promise<void>;
  onElement(element: Element): void;
}

type Against = "before" | "now";
type Look = "changes" | "canvas";

const NOTHING: readonly Change[] = [];

/** One entry of the timeline: what it changed, or what has changed since, and what can be done about it. */
export function VersionView(props: VersionViewProps) {
  const { id, entry, head, types, me, onChanged, onElement } = props;
  const [wanted, setAgainst] = useState<Against>("before");
  const [look, setLook] = useState<Look>("changes");
  const [element, setElement] = useState<Element | null>(null);
  const [page, setPage] = useState<string | null>(null);
  const [asking, setAsking] = useState<"label" | Back | null>(null);
  // The first version has nothing before it to compare with.
  const against = entry.base === 0 ? "now" : wanted;
  const [from, to] =
    against === "before"
      ? [entry.base, entry.version]
      : [entry.version, Math.max(head, entry.version)];
  const { comparison, fault } = useComparison(id, from, to, types, me);

  // biome-ignore lint/correctness/useExhaustiveDependencies: another version is looked at from its start
  useEffect(() => {
    setElement(null);
    setPage(null);
  }, [entry.version, against]);

  const changes = comparison?.diff.changes ?? NOTHING;
  const rows = useMemo(
    () =>
      comparison
        ? treeOf(
            (comparison.before ?? comparison.after).session.mirror,
            comparison.after.session.mirror,
            comparison.diff.changes,
          )
        : [],
    [comparison],
  );
  const shownPage = page ?? pageFor(comparison?.after.session.mirror, changes);
  const pick = (next: Element | null) => {
    setElement(next);
    const mirror = comparison?.after.session.mirror;
    const [section, key] = next?.split("/") ?? [];
    if (!mirror || key === undefined) return;
    const on =
      section === "pages" ? key : section === "components" ? pageOf(mirror, key) : undefined;
    if (on !== undefined) setPage(on);
  };
  const [label] = entry.labels;
  const names = entry.authors.map((each) => each.name).join(", ") || "The server";
  return (
    <>
      <div className={css.head}>
        <div className={css.title}>
          <h2>{label?.name ?? titleOf(entry)}</h2>
          <p>
            {KIND_WORDS[entry.kind]} by {names} {when(entry.endedAt)} · version {entry.version} ·{" "}
            {entry.edits} {entry.edits === 1 ? "edit" : "edits"}
          </p>
          {label?.note ? <p className={css.note}>{label.note}</p> : null}
        </div>
        <div className={css.actions}>
          <Button icon={<Bookmark />} onClick={() => setAsking("label")}>
            {label ? "Rename…" : "Name…"}
          </Button>
          {entry.kind === "create" ? null : (
            <Button icon={<Undo2 />} onClick={() => setAsking({ kind: "revert", entry })}>
              Take back…
            </Button>
          )}
          <Button
            look="primary"
            icon={<RotateCcw />}
            disabled={entry.version >= head}
            onClick={() =>
              setAsking({
                kind: "restore",
                version: entry.version,
                part: {},
                what: "the whole design",
              })
            }
          >
            Restore…
          </Button>
        </div>
      </div>
      <div className={css.tools}>
        <Segments<Against>
          label="Compare"
          value={against}
          choices={[
            ...(entry.base === 0 ? [] : [{ value: "before" as const, label: "What it changed" }]),
            { value: "now", label: "Changed since" },
          ]}
          onChoose={setAgainst}
        />
        <Segments<Look>
          label="Show"
          value={look}
          choices={[
            { value: "changes", label: "Changes" },
            { value: "canvas", label: "Both canvases" },
          ]}
          onChoose={setLook}
        />
        <span className={css.space}>
          {against === "now" && comparison ? capital(comparison.diff.summary) : ""}
        </span>
        <a
          className={css.link}
          href={asPerson(`/api/designs/${id}/export?version=${entry.version}`)}
          download
        >
          <FileDown aria-hidden="true" /> File
        </a>
        {element === null ? null : (
          <button type="button" className={css.link} onClick={() => onElement(element)}>
            <HistoryIcon aria-hidden="true" /> Its history
          </button>
        )}
      </div>
      {fault === null ? null : <p role="alert">{fault}</p>}
      <div className={css.body} aria-busy={comparison?.to !== to || comparison?.from !== from}>
        <ChangeTree rows={rows} picked={element} onPick={pick} />
        {!comparison ? null : look === "changes" ? (
          <Details
            id={id}
            comparison={comparison}
            element={element}
            onRestore={(part, what) =>
              setAsking({
                kind: "restore",
                version: from === 0 ? to : against === "before" ? from : entry.version,
                part,
                what,
              })
            }
          />
        ) : (
          <Canvases
            id={id}
            comparison={comparison}
            page={shownPage}
            onPage={setPage}
            element={element}
            onPick={pick}
          />
        )}
      </div>
      {asking === "label" ? (
        <LabelDialog id={id} entry={entry} onDone={onChanged} onClose={() => setAsking(null)} />
      ) : asking ? (
        <BackDialog id={id} back={asking} onDone={onChanged} onClose={() => setAsking(null)} />
      ) : null}
    </>
  );
}

/** The page to look at first: that of the first change, else the first there is. */
function pageFor(
  mirror: { pages(): readonly string[] } | undefined,
  changes: readonly Change[],
): string | null {
  const there = mirror?.pages() ?? [];
  const changed = changes.find(({ page }) => page !== null && there.includes(page))?.page;
  return changed ?? there[0] ?? null;
}

interface SegmentsProps<T extends string> {
  label: string;
  value: T;
  choices: readonly { value: T; label: string }[];
  onChoose(value: T): void;
}

function Segments<T extends string>({ label, value, choices, onChoose }: SegmentsProps<T>) {
  return (
    <div className={css.segments} role="group" aria-label={label}>
      {choices.map((each) => (
        <button
          key={each.value}
          type="button"
          aria-pressed={each.value === value}
          onClick={() => onChoose(each.value)}
        >
          {each.label}
        </button>
      ))}
    </div>
  );
}
