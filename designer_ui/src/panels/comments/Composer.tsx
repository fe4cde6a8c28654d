import { type FormEvent, type KeyboardEvent, useId, useRef, useState } from "react";
import { Button } from "../../components/Button";
import { mentionAt, mentionedIn } from "../../model/threads";
import type { User } from "../../sync/rest";
import css from "./Comments.module.css";

interface ComposerProps {
  label: string;
  people: readonly User[];
  autoFocus?: boolean;
  action?: string;
  onSubmit(text: string, mentions: string[]): Promise<void>;
  onCancel?(): void;
}

const OFFERED = 6;

/** A text with "@name" offered from those who can be called. Ctrl+Enter sends it. */
export function Composer(props: ComposerProps) {
  const { label, people, autoFocus, action = "Comment", onSubmit, onCancel } = props;
  const [text, setText] = useState("");
  const [caret, setCaret] = useState(0);
  const [at, setAt] = useState(0);
  const [fault, setFault] = useState<string | null>(null);
  const [busy, setBusy] = useState(false);
  const area = useRef<HTMLTextAreaElement>(null);
  const id = useId();
  const typed = mentionAt(text, caret);
  const offered =
    typed === undefined
      ? []
      : people
          .filter(({ name }) => name.toLowerCase().startsWith(typed.toLowerCase()))
          .slice(0, OFFERED);
  const chosen = offered[Math.min(at, offered.length - 1)];

  const take = (person: User) => {
    const before = text.slice(0, caret - (typed?.length ?? 0));
    const after = text.slice(caret).replace(/^\s*/, " ");
    setText(`${before}${person.name}${after}`);
    const next = before.length + person.name.length + 1;
    setCaret(next);
    requestAnimationFrame(() => area.current?.setSelectionRange(next, next));
  };
  const submit = async (event?: FormEvent) => {
    event?.preventDefault();
    if (text.trim() === "" || busy) return;
    setBusy(true);
    try {
      await onSubmit(
        text.trim(),
        mentionedIn(text, people).map((each) => each.id),
      );
      setText("");
      setFault(null);
    } catch (error) {
      setFault((error as Error).message);
    } finally {
      setBusy(false);
    }
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
      submit();
    } else if (chosen && (event.key === "Enter" || event.key === "Tab")) {
      take(chosen);
    } else if (chosen && (event.key === "ArrowDown" || event.key === "ArrowUp")) {
      setAt((now) => (now + (event.key === "ArrowDown" ? 1 : offered.length - 1)) % offered.length);
    } else if (event.key === "Escape") {
      if (offered.length > 0) setCaret(0);
      else if (onCancel) onCancel();
      else event.currentTarget instanceof HTMLElement && event.currentTarget.blur();
      event.stopPropagation();
    } else {
      return;
    }
    event.preventDefault();
  };
  return (
    <form className={css.composer} onSubmit={submit}>
      <textarea
        ref={area}
        aria-label={label}
        placeholder={`${label}. @ calls somebody`}
        rows={2}
        value={text}
        // biome-ignore lint/a11y/noAutofocus: it opens because somebody wants to write
        autoFocus={autoFocus}
        aria-controls={offered.length > 0 ? `${id}-people` : undefined}
        aria-activedescendant={chosen ? `${id}-${chosen.id}` : undefined}
        onChange={({ target }) => {
          setText(target.value);
          setCaret(target.selectionStart);
          setAt(0);
        }}
        onSelect={({ currentTarget }) => setCaret(currentTarget.selectionStart)}
        onKeyDown={onKeyDown}
      />
      {offered.length > 0 ? (
        <div role="listbox" id={`${id}-people`} aria-label="People" className={css.people}>
          {offered.map((person) => (
            // biome-ignore lint/a11y/useFocusableInteractive: the text field keeps the focus and takes the keys
            <div
              key={person.id}
              id={`${id}-${person.id}`}
              role="option"
              aria-selected={person === chosen}
              onPointerDown={(event) => {
                event.preventDefault();
                take(person);
              }}
            >
              {person.name}
            </div>
          ))}
        </div>
      ) : null}
      {fault === null ? null : <p role="alert">{fault}</p>}
      {text.trim() === "" && !onCancel ? null : (
        <div className={css.send}>
          {onCancel ? (
            <Button look="plain" onClick={onCancel}>
              Cancel
            </Button>
          ) : null}
          <Button look="primary" type="submit" disabled={busy || text.trim() === ""}>
            {action}
          </Button>
        </div>
      )}
    </form>
  );
}
