import { useMemo, useState } from "react";
import { type Mark, sumsOf } from "../model/compare";
import type { Element } from "../model/document";
import { words } from "../model/words";
import { useBlame } from "./blame";
import css from "./History.module.css";
import { Still } from "./still";
import { when } from "./Timeline";
import type { Comparison } from "./useComparison";

interface CanvasesProps {
  comparison: Comparison;
  page: string | null;
  onPage(page: string): void;
  element: Element | null;
  onPick(element: Element | null): void;
}

const BOTH = 0.62;

/** The page before and after, with what changed outlined; pointing at a component says who changed it last. */
export function Canvases({ comparison, page, onPage, element, onPick }: CanvasesProps) {
  const { before, after, diff } = comparison;
  const [hovered, setHovered] = useState<string | null>(null);
  const marks = useMemo(() => {
    const old = new Map<string, Mark>();
    const fresh = new Map<string, Mark>();
    for (const [each, { mark }] of sumsOf(diff.changes)) {
      const key = each.startsWith("components/") ? each.slice("components/".length) : undefined;
      if (key === undefined) continue;
      if (mark !== "added") old.set(key, mark);
      if (mark !== "removed") fresh.set(key, mark);
    }
    return { old, fresh };
  }, [diff]);
  const pages = [
    ...after.session.mirror.pages(),
    ...(before?.session.mirror.pages() ?? []).filter(
      (each) => !after.session.mirror.get("pages", each),
    ),
  ];
  const pointed = hovered ?? (element?.startsWith("components/") ? element.slice(11) : null);
  const picked = element?.startsWith("components/") ? element.slice(11) : null;
  const common = {
    page: page ?? "",
    picked,
    zoom: BOTH,
    onPick: (key: string | null) => onPick(key === null ? null : `components/${key}`),
    onHover: setHovered,
  };
  return (
    <div className={css.canvases}>
      <div className={css.pages}>
        <select
          aria-label="Page"
          value={page ?? ""}
          onChange={({ target }) => onPage(target.value)}
        >
          {pages.map((each) => (
            <option key={each} value={each}>
              {
                (
                  after.session.mirror.get("pages", each) ??
                  before?.session.mirror.get("pages", each)
                )?.name
              }
            </option>
          ))}
        </select>
        <Who component={pointed} comparison={comparison} />
      </div>
      <div className={css.both}>
        {before ? (
          <figure>
            <figcaption>{comparison.names[0]}</figcaption>
            <Still {...common} workspace={before} label="Canvas before" marks={marks.old} />
          </figure>
        ) : null}
        <figure>
          <figcaption>{comparison.names[1]}</figcaption>
          <Still {...common} workspace={after} label="Canvas after" marks={marks.fresh} />
        </figure>
      </div>
    </div>
  );
}

interface WhoProps {
  component: string | null;
  comparison: Comparison;
}

/** Who changed the component that the pointer is on, and what of it. */
function Who({ component, comparison }: WhoProps) {
  const { after, design, to } = comparison;
  const there = component !== null && after.session.mirror.get("components", component);
  const blame = useBlame(design, there ? `components/${component}` : null, to);
  if (!there) return <p className={css.who}>Point at a component to see who changed it last.</p>;
  const by = blame([]);
  return (
    <p className={css.who}>
      <b>{there.name}</b>
      {by
        ? `: ${by.name} set ${words(String(by.path.at(-1) ?? "it")).toLowerCase()} ${when(by.at)}, version ${by.version}`
        : null}
    </p>
  );
}
