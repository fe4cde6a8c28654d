import { useEffect, useLayoutEffect, useRef, useState } from "react";
import type { Element, Json } from "../../model/document";
import { elementPath } from "../../model/document";
import type { Path } from "../../model/op";
import { moveOffset } from "../../model/text";
import type { JsonSchema } from "../../model/types";
import { useFieldPresence, useGesture, useUnkept } from "../../workspace/field";
import { useWorkspace } from "../../workspace/workspace";
import { FieldFrame } from "./FieldFrame";
import css from "./fields.module.css";

interface TextControlProps {
  element: Element;
  path: Path;
  label: string;
  description?: string;
  value: Json | undefined;
  placeholder?: string;
  schema: JsonSchema;
  multiline?: boolean;
  mono?: boolean;
  /** What undo calls an edit here. */
  edits: string;
}

type TextField = HTMLInputElement | HTMLTextAreaElement;

/** Free text: every keystroke goes to the others at once, and theirs come in around the cursor. */
export function TextControl(props: TextControlProps) {
  const { element, path, schema, edits, multiline } = props;
  const { commands, checker, session } = useWorkspace();
  const presence = useFieldPresence(element, path);
  const gesture = useGesture(element, path);
  const ref = useRef<TextField>(null);
  const caret = useRef<[number, number] | null>(null);
  /** Text that the schema does not allow (too long): kept here, not sent. */
  const [over, setOver] = useState<string | null>(null);
  const value = typeof props.value === "string" ? props.value : "";
  const fault = over === null ? undefined : checker.fault(schema, over);
  useUnkept(element, props.label, over ?? "", fault);

  useEffect(() => {
    const full = [...elementPath(element), ...path];
    return session.onRemote((op) => {
      const field = ref.current;
      if (!field || document.activeElement !== field) return;
      let [start, end] = caret.current ?? [field.selectionStart ?? 0, field.selectionEnd ?? 0];
      for (const component of op) {
        if (component.p.length !== full.length + 1) continue;
        if (!full.every((step, i) => component.p[i] === step)) continue;
        start = moveOffset(start, component);
        end = moveOffset(end, component);
      }
      caret.current = [start, end];
    });
  }, [session, element, path]);

  // biome-ignore lint/correctness/useExhaustiveDependencies: a new value is what moves the cursor
  useLayoutEffect(() => {
    const field = ref.current;
    if (field && caret.current && document.activeElement === field) {
      field.setSelectionRange(...caret.current);
    }
    caret.current = null;
  }, [value]);

  const onChange = (event: React.ChangeEvent<TextField>) => {
    const text = event.target.value;
    if (checker.fault(schema, text) !== undefined) {
      setOver(text);
      return;
    }
    setOver(null);
    commands.type(
      element,
      path,
      text,
      event.target.selectionStart ?? undefined,
      gesture.name(),
      edits,
    );
  };
  const common = {
    className: `${css.input} ${props.mono ? css.mono : ""}`,
    value: over ?? value,
    placeholder: props.placeholder,
    spellCheck: false,
    autoComplete: "off",
    onChange,
    onFocus: presence.onFocus,
    onSelect: presence.onSelect,
    onBlur: () => {
      gesture.end();
      presence.leave();
    },
  };
  return (
    <FieldFrame {...props} fault={fault} wide={multiline === true}>
      {({ id, describedBy, invalid }) =>
        multiline ? (
          <textarea
            {...common}
            id={id}
            ref={ref as React.Ref<HTMLTextAreaElement>}
            className={`${common.className} ${css.area}`}
            rows={3}
            aria-describedby={describedBy}
            aria-invalid={invalid}
          />
        ) : (
          <input
            {...common}
            id={id}
            ref={ref as React.Ref<HTMLInputElement>}
            type="text"
            aria-describedby={describedBy}
            aria-invalid={invalid}
          />
        )
      }
    </FieldFrame>
  );
}
