import { type KeyboardEvent, type ReactNode, useState } from "react";
import type { Element, Json } from "../../model/document";
import type { Parsed } from "../../model/draft";
import type { Path } from "../../model/op";
import { useFieldPresence, useUnkept } from "../../workspace/field";
import { FieldFrame } from "./FieldFrame";
import css from "./fields.module.css";

interface DraftControlProps {
  element: Element;
  path: Path;
  label: string;
  description?: string;
  /** The value as text. */
  text: string;
  placeholder?: string;
  multiline?: boolean;
  mono?: boolean;
  numeric?: boolean;
  extra?: ReactNode;
  /** Before the input, as a colour's swatch. */
  lead?: ReactNode;
  parse(text: string): Parsed;
  commit(value: Json | undefined): void;
  /** For the name field, which keys and other panels look for. */
  name?: string;
}

/** A value that is wrong while half typed: sent on Enter or when the field is left, if it is right then. */
export function DraftControl(props: DraftControlProps) {
  const { element, path, text, parse, commit, multiline } = props;
  const presence = useFieldPresence(element, path);
  const [draft, setDraft] = useState<string | null>(null);
  /** Nobody is told that "1." is wrong while still typing; only from the first try on. */
  const [tried, setTried] = useState(false);
  const parsed = draft === null ? undefined : parse(draft);
  const wrong = parsed && "fault" in parsed ? parsed.fault : undefined;
  const fault = tried ? wrong : undefined;
  useUnkept(element, props.label, draft ?? "", wrong);

  const close = () => {
    setDraft(null);
    setTried(false);
    presence.draft(null);
  };
  const finish = () => {
    if (draft === null || !parsed) return;
    if ("fault" in parsed) {
      setTried(true);
      return;
    }
    close();
    if (draft !== text) commit(parsed.value);
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key === "Enter" && (!multiline || event.ctrlKey || event.metaKey)) {
      event.preventDefault();
      finish();
    } else if (event.key === "Escape" && draft !== null) {
      event.preventDefault();
      event.stopPropagation();
      close();
    }
  };
  const common = {
    className: `${css.input} ${props.mono ? css.mono : ""}`,
    value: draft ?? text,
    placeholder: props.placeholder,
    spellCheck: false,
    autoComplete: "off",
    "data-draft": draft === null ? undefined : "open",
    "data-field": props.name,
    onChange: (event: React.ChangeEvent<HTMLInputElement | HTMLTextAreaElement>) => {
      setDraft(event.target.value);
      presence.draft(event.target.value);
    },
    onFocus: presence.onFocus,
    onSelect: presence.onSelect,
    onBlur: () => {
      finish();
      presence.leave();
    },
    onKeyDown,
  };
  return (
    <FieldFrame {...props} fault={fault} wide={multiline === true}>
      {({ id, describedBy, invalid }) => (
        <>
          {props.lead}
          {multiline ? (
            <textarea
              {...common}
              id={id}
              className={`${common.className} ${css.area}`}
              rows={Math.min(12, Math.max(2, (draft ?? text).split("\n").length))}
              aria-describedby={describedBy}
              aria-invalid={invalid}
            />
          ) : (
            <input
              {...common}
              id={id}
              type="text"
              inputMode={props.numeric ? "decimal" : undefined}
              aria-describedby={describedBy}
              aria-invalid={invalid}
            />
          )}
        </>
      )}
    </FieldFrame>
  );
}
