import { type ReactNode, useMemo, useState } from "react";
import { treeOf } from "../model/compare";
import type { Element } from "../model/document";
import { pageOf } from "../model/view";
import type { Change, RestorePart } from "../sync/versions";
import { Canvases } from "./Canvases";
import { ChangeTree } from "./ChangeTree";
import { Details } from "./Details";
import css from "./History.module.css";
import { Segments } from "./Segments";
import type { Comparison } from "./useComparison";

type Look = "changes" | "canvas";

interface CompareBodyProps {
  comparison: Comparison | null;
  /** Beside the choice of the look. */
  lead?: ReactNode;
  /** What can be done with the picked element. */
  trail?(element: Element | null): ReactNode;
  onRestore?(part: RestorePart, what: string): void;
}

/** What differs, as a tree of changes with a table, or on both canvases. */
export function CompareBody({ comparison, lead, trail, onRestore }: CompareBodyProps) {
  const [look, setLook] = useState<Look>("changes");
  const [element, setElement] = useState<Element | null>(null);
  const [page, setPage] = useState<string | null>(null);
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
  const picked = rows.some((row) => row.element === element) || look === "canvas" ? element : null;
  const mirror = comparison?.after.session.mirror;
  const shown =
    page !== null && mirror?.get("pages", page)
      ? page
      : pageFor(mirror, comparison?.diff.changes ?? []);
  const pick = (next: Element | null) => {
    setElement(next);
    const [section, key] = next?.split("/") ?? [];
    if (!mirror || key === undefined) return;
    const on =
      section === "pages" ? key : section === "components" ? pageOf(mirror, key) : undefined;
    if (on !== undefined) setPage(on);
  };
  return (
    <>
      <div className={css.tools}>
        {lead}
        <Segments<Look>
          label="Show"
          value={look}
          choices={[
            { value: "changes", label: "Changes" },
            { value: "canvas", label: "Both canvases" },
          ]}
          onChoose={setLook}
        />
        {trail?.(picked)}
      </div>
      <div className={css.body}>
        <ChangeTree rows={rows} picked={picked} onPick={pick} />
        {!comparison ? null : look === "changes" ? (
          <Details comparison={comparison} element={picked} {...(onRestore ? { onRestore } : {})} />
        ) : (
          <Canvases
            comparison={comparison}
            page={shown}
            onPage={setPage}
            element={picked}
            onPick={pick}
          />
        )}
      </div>
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
