import { type ReactNode, useMemo, useState } from "react";
import { Code } from "../../code/Code";
import type { Element, Json } from "../../model/document";
import type { Parsed } from "../../model/draft";
import { expressionFault } from "../../model/expression";
import type { Path } from "../../model/op";
import { pageOf } from "../../model/view";
import { useFieldPresence, useUnkept } from "../../workspace/field";
import { useOutline, useWorkspace } from "../../workspace/workspace";
import { FieldFrame } from "./FieldFrame";
import css from "./fields.module.css";

interface CodeControlProps {
  /** The component whose property it is. */
  id: string;
  element: Element;
  path: Path;
  label: string;
  description?: string;
  placeholder?: string;
  extra?: ReactNode;
  edits: string;
}

/** An expression that is right at every keystroke, as text is: it goes key by key. */
export function LiveCodeControl(props: CodeControlProps) {
  const page = usePageOf(props.id);
  return (
    <FieldFrame {...props} wide>
      {({ invalid }) => (
        <div className={`${css.input} ${css.code}`} data-invalid={invalid}>
          <Code {...props} language="expression" page={page} invalid={invalid} />
        </div>
      )}
    </FieldFrame>
  );
}

interface DraftCodeControlProps extends Omit<CodeControlProps, "id"> {
  /** The component whose property it is; JSON needs to know no names. */
  id?: string;
  language?: "expression" | "json";
  text: string;
  parse(text: string): Parsed;
  commit(value: Json | undefined): void;
}

/**
 * An expression or JSON that is sent when the field is left, if it is whole by then: on Enter too, and
 * where there are lines on Ctrl+Enter.
 */
export function DraftCodeControl(props: DraftCodeControlProps) {
  const { element, path, text, parse, commit, language = "expression" } = props;
  const presence = useFieldPresence(element, path);
  const page = usePageOf(props.id);
  const [draft, setDraft] = useState<string | null>(null);
  const [tried, setTried] = useState(false);
  const wrong = draft === null ? undefined : faultOf(draft, parse);
  const fault = tried ? wrong : undefined;
  useUnkept(element, props.label, draft ?? "", wrong);

  const close = () => {
    setDraft(null);
    setTried(false);
    presence.draft(null);
  };
  const finish = () => {
    if (draft === null) return;
    const parsed = parse(draft);
    if (faultOf(draft, parse) !== undefined || "fault" in parsed) {
      setTried(true);
      return;
    }
    close();
    if (draft !== text) commit(parsed.value);
  };
  return (
    <FieldFrame {...props} fault={fault} wide>
      {({ invalid }) => (
        <div
          className={`${css.input} ${css.code}`}
          data-draft={draft === null ? undefined : "open"}
          data-invalid={invalid}
        >
          <Code
            {...props}
            language={language}
            page={page}
            invalid={invalid}
            draft={{
              text: draft ?? text,
              onChange(next) {
                setDraft(next);
                presence.draft(next);
              },
              onEnter: finish,
              onEscape() {
                if (draft === null) return false;
                close();
                return true;
              },
              onLeave: finish,
            }}
          />
        </div>
      )}
    </FieldFrame>
  );
}

function faultOf(text: string, parse: (text: string) => Parsed): string | undefined {
  const open = expressionFault(text);
  if (open) return open.message;
  const parsed = parse(text);
  return "fault" in parsed ? parsed.fault : undefined;
}

/** The page whose names the component's expressions may call. */
function usePageOf(id: string | undefined): string | null {
  const { mirror } = useWorkspace().session;
  const outline = useOutline();
  // biome-ignore lint/correctness/useExhaustiveDependencies: the outline says when it moves
  return useMemo(
    () => (id === undefined ? null : (pageOf(mirror, id) ?? null)),
    [mirror, id, outline],
  );
}
