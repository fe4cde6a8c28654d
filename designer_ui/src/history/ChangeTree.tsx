import { type KeyboardEvent, useId, useRef } from "react";
import type { Mark, Row } from "../model/compare";
import type { Element } from "../model/document";
import css from "./History.module.css";

const SIGNS: { [mark in Mark]: { sign: string; word: string } } = {
  added: { sign: "+", word: "added" },
  removed: { sign: "−", word: "removed" },
  moved: { sign: "→", word: "moved" },
  renamed: { sign: "Aa", word: "renamed" },
  retyped: { sign: "T", word: "another type" },
  changed: { sign: "•", word: "changed" },
};

interface ChangeTreeProps {
  rows: readonly Row[];
  picked: Element | null;
  onPick(element: Element | null): void;
}

/** The layers that changed, under what they stand in. Arrows walk it, Escape shows all changes again. */
export function ChangeTree({ rows, picked, onPick }: ChangeTreeProps) {
  const list = useRef<HTMLDivElement>(null);
  const prefix = useId();
  const idOf = (row: Row | undefined) =>
    row?.element ? prefix + row.element.replace("/", "-") : undefined;
  const chosen = rows.find((row) => row.element !== null && row.element === picked);

  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key === "Escape") return onPick(null);
    const able = rows.filter((row) => row.element !== null);
    const at = chosen ? able.indexOf(chosen) : -1;
    const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: able.length - 1 }[event.key];
    const row = to === undefined ? undefined : able[to];
    if (!row) return;
    event.preventDefault();
    onPick(row.element);
    document.getElementById(idOf(row) ?? "")?.scrollIntoView({ block: "nearest" });
  };
  return (
    <div className={css.tree}>
      <div
        ref={list}
        role="tree"
        aria-label="Changed"
        tabIndex={0}
        aria-activedescendant={idOf(chosen)}
        onKeyDown={onKeyDown}
      >
        {rows.map((row) => (
          // biome-ignore lint/a11y/useKeyWithClickEvents: the tree takes the keys
          // biome-ignore lint/a11y/useFocusableInteractive: the tree holds the focus and names the active one
          <div
            key={row.key}
            id={idOf(row)}
            role="treeitem"
            aria-level={row.depth + 1}
            aria-selected={row === chosen}
            aria-label={row.mark === null ? row.name : `${row.name}, ${SIGNS[row.mark].word}`}
            className={css.row}
            data-mark={row.mark}
            style={{ paddingLeft: 12 + row.depth * 14 }}
            onClick={() => onPick(row.element === picked ? null : row.element)}
          >
            <span>{row.name}</span>
            {row.mark === null ? null : (
              // Drawn by the style sheet: the row's name says it in words.
              <i
                aria-hidden="true"
                data-count={row.count > 1 ? row.count : undefined}
                data-sign={SIGNS[row.mark].sign}
              />
            )}
          </div>
        ))}
      </div>
    </div>
  );
}
