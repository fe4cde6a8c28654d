import { Bookmark, FileDown, History as HistoryIcon, RotateCcw, Undo2 } from "lucide-react";
import { useState } from "react";
import { Button } from "../components/Button";
import type { Element } from "../model/document";
import type { TypesAnswer } from "../model/types";
import { capital } from "../model/words";
import { asPerson, type User } from "../sync/rest";
import type { Entry } from "../sync/versions";
import { type Back, BackDialog } from "./BackDialog";
import { CompareBody } from "./CompareBody";
import css from "./History.module.css";
import { LabelDialog } from "./LabelDialog";
import { Segments } from "./Segments";
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

/** One entry of the timeline: what it changed, or what has changed since, and what can be done about it. */
export function VersionView(props: VersionViewProps) {
  const { id, entry, head, types, me, onChanged, onElement } = props;
  const [wanted, setAgainst] = useState<Against>("before");
  const [asking, setAsking] = useState<"label" | Back | null>(null);
  // The first version has nothing before it to compare with.
  const against = entry.base === 0 ? "now" : wanted;
  const [from, to] =
    against === "before"
      ? [entry.base, entry.version]
      : [entry.version, Math.max(head, entry.version)];
  const { comparison, fault } = useComparison(id, from, to, types, me);

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
      {fault === null ? null : <p role="alert">{fault}</p>}
      <CompareBody
        comparison={comparison}
        lead={
          <Segments<Against>
            label="Compare"
            value={against}
            choices={[
              ...(entry.base === 0 ? [] : [{ value: "before" as const, label: "What it changed" }]),
              { value: "now", label: "Changed since" },
            ]}
            onChoose={setAgainst}
          />
        }
        trail={(element) => (
          <>
            <span className={css.space}>
              {against === "now" && comparison ? capital(comparison.diff.summary) : ""}
            </span>
            <a
              className={css.link}
              href={asPerson(
                `/api/designs/${encodeURIComponent(id)}/export?version=${entry.version}`,
              )}
              download
            >
              <FileDown aria-hidden="true" /> File
            </a>
            {element === null ? null : (
              <button type="button" className={css.link} onClick={() => onElement(element)}>
                <HistoryIcon aria-hidden="true" /> Its history
              </button>
            )}
          </>
        )}
        onRestore={(part, what) =>
          setAsking({
            kind: "restore",
            version: against === "before" ? from : entry.version,
            part,
            what,
          })
        }
      />
      {asking === "label" ? (
        <LabelDialog id={id} entry={entry} onDone={onChanged} onClose={() => setAsking(null)} />
      ) : asking ? (
        <BackDialog id={id} back={asking} onDone={onChanged} onClose={() => setAsking(null)} />
      ) : null}
    </>
  );
}
