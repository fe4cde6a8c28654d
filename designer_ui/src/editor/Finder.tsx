import { type KeyboardEvent, useEffect, useId, useMemo, useRef, useState } from "react";
import { ranked } from "../model/find";
import { useWorkspace } from "../workspace/workspace";
import css from "./Finder.module.css";
import { type FinderEntry, finderEntries } from "./finderEntries";

const SHOWN = 40;

/** Finds anything in the design, and every command, by a few letters. */
export function Finder({ onClose }: { onClose(): void }) {
  const workspace = useWorkspace();
  const entries = useMemo(() => finderEntries(workspace), [workspace]);
  const [text, setText] = useState("");
  const [at, setAt] = useState(0);
  const dialog = useRef<HTMLDialogElement>(null);
  const list = useRef<HTMLDivElement>(null);
  const id = useId();
  const found = useMemo(() => ranked(entries, text, SHOWN), [entries, text]);

  useEffect(() => {
    if (dialog.current && !dialog.current.open) dialog.current.showModal();
  }, []);
  // biome-ignore lint/correctness/useExhaustiveDependencies: the chosen row comes into view
  useEffect(() => {
    list.current?.querySelector("[aria-selected=true]")?.scrollIntoView({ block: "nearest" });
  }, [at, found]);

  const run = (entry: FinderEntry | undefined) => {
    if (!entry) return;
    onClose();
    entry.run();
  };
  const onKeyDown = (event: KeyboardEvent) => {
    event.stopPropagation();
    if (event.key === "Enter") {
      event.preventDefault();
      run(found[at]);
    } else if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      const by = event.key === "ArrowDown" ? 1 : found.length - 1;
      setAt((at + by) % Math.max(1, found.length));
    }
  };
  return (
    <dialog
      ref={dialog}
      className={css.dialog}
      aria-label="Find anything"
      onClose={onClose}
      onKeyDown={onKeyDown}
      onClick={(event) => {
        if (event.target === event.currentTarget) onClose();
      }}
    >
      <input
        className={css.input}
        role="combobox"
        aria-label="Find anything"
        aria-expanded="true"
        aria-controls={`${id}-list`}
        aria-activedescendant={found[at] ? `${id}-${at}` : undefined}
        placeholder="Find a component, page, query or command"
        value={text}
        onChange={(event) => {
          setText(event.target.value);
          setAt(0);
        }}
        spellCheck={false}
        autoComplete="off"
        autoFocus
      />
      <div ref={list} id={`${id}-list`} className={css.list} role="listbox" aria-label="Found">
        {found.map((entry, i) => (
          // biome-ignore lint/a11y/useKeyWithClickEvents: keys are the combobox's
          // biome-ignore lint/a11y/useFocusableInteractive: the focus stays in the combobox
          <div
            key={entry.key}
            id={`${id}-${i}`}
            role="option"
            aria-selected={i === at}
            onPointerMove={() => setAt(i)}
            onClick={() => run(entry)}
          >
            {entry.icon}
            <span>{entry.title}</span>
            <small>{entry.detail}</small>
          </div>
        ))}
      </div>
      {found.length === 0 ? <p className={css.none}>Nothing is called that.</p> : null}
    </dialog>
  );
}
