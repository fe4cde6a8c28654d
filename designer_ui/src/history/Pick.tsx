import { type KeyboardEvent, type ReactNode, useId } from "react";
import css from "./History.module.css";

interface PickProps<T> {
  label: string;
  items: readonly T[];
  keyOf(item: T): string;
  picked: T | null;
  onPick(item: T): void;
  /** Said when there is nothing to pick. */
  none: string;
  children(item: T): ReactNode;
}

/** A list of which one is looked at; arrows walk it. */
export function Pick<T>({ label, items, keyOf, picked, onPick, none, children }: PickProps<T>) {
  const prefix = useId();
  const at = items.findIndex((item) => picked !== null && keyOf(item) === keyOf(picked));
  const onKeyDown = (event: KeyboardEvent) => {
    const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: items.length - 1 }[event.key];
    const item = to === undefined ? undefined : items[to];
    if (!item) return;
    event.preventDefault();
    onPick(item);
  };
  return (
    <div className={css.list}>
      {items.length === 0 ? <p>{none}</p> : null}
      <div
        role="listbox"
        aria-label={label}
        tabIndex={0}
        aria-activedescendant={at < 0 ? undefined : `${prefix}${at}`}
        onKeyDown={onKeyDown}
      >
        {items.map((item, i) => (
          // biome-ignore lint/a11y/useKeyWithClickEvents: the list takes the keys
          // biome-ignore lint/a11y/useFocusableInteractive: the list holds the focus and names the active one
          <div
            key={keyOf(item)}
            id={`${prefix}${i}`}
            role="option"
            aria-selected={i === at}
            className={css.choice}
            onClick={() => onPick(item)}
          >
            {children(item)}
          </div>
        ))}
      </div>
    </div>
  );
}
