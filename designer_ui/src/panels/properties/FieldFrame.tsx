import { Copy } from "lucide-react";
import { type ReactNode, useId } from "react";
import { IconButton } from "../../components/Button";
import { useClosed } from "../../leases/useLease";
import type { Element } from "../../model/document";
import type { Path } from "../../model/op";
import { useAuthor } from "../../workspace/blame";
import { usePeopleAt, useRefusal, useWorkspace } from "../../workspace/workspace";
import css from "./fields.module.css";

export interface FieldIds {
  id: string;
  /** For aria-describedby: the description, and what is wrong. */
  describedBy: string;
  invalid: boolean;
}

interface FrameProps {
  element: Element;
  path: Path;
  label: string;
  description?: string;
  /** What is wrong with the text as it stands in the field. */
  fault?: string | undefined;
  /** Label above a control that takes the whole width. */
  wide?: boolean;
  /** Beside the label, as the switch between value and expression. */
  extra?: ReactNode;
  children(ids: FieldIds): ReactNode;
}

/** Label, control, who else is in it, and what was wrong or refused. */
export function FieldFrame(props: FrameProps) {
  const { element, path, label, description, fault, wide, extra, children } = props;
  const { session, ui } = useWorkspace();
  const id = useId();
  const author = useAuthor(element, path);
  const people = usePeopleAt(element, path);
  const refusal = useRefusal(element, path);
  const person = people[0];
  const closed = useClosed(element);
  return (
    <div
      className={`${css.field} ${wide ? css.wide : ""}`}
      data-property={path.join("/")}
      style={person ? ({ "--person": person.color } as React.CSSProperties) : undefined}
      data-person={person !== undefined}
    >
      <div className={css.labelRow}>
        <label
          htmlFor={id}
          title={[description, author.said].filter(Boolean).join("\n")}
          id={`${id}-label`}
          onPointerEnter={author.ask}
        >
          {label}
        </label>
        <fieldset className={css.bare} disabled={closed}>
          {extra}
        </fieldset>
      </div>
      <div className={css.control}>
        <fieldset className={css.bare} disabled={closed}>
          {children({
            id,
            describedBy: `${id}-description ${id}-fault`,
            invalid: fault !== undefined || refusal !== undefined,
          })}
        </fieldset>
        {person ? (
          <span className={css.person}>
            {people.map((each) => each.user.name).join(", ")}
            {person.draft ? <q>{person.draft}</q> : null}
          </span>
        ) : null}
      </div>
      <span className="hidden-visually" id={`${id}-description`}>
        {description}
      </span>
      <div id={`${id}-fault`}>
        {fault === undefined ? null : (
          <p className={css.fault} role="alert">
            {fault}
          </p>
        )}
        {refusal ? (
          <div className={css.refusal} role="alert">
            <p>Refused: {refusal.message}</p>
            {refusal.text === null ? null : (
              <p className={css.refused}>
                <q>{refusal.text}</q>
                <IconButton
                  label="Copy what was refused"
                  size="s"
                  onClick={() => navigator.clipboard?.writeText(refusal.text ?? "").catch(() => {})}
                >
                  <Copy />
                </IconButton>
              </p>
            )}
            {refusal.code === "ERR_DESIGN_LOCKED" && closed ? (
              <button
                type="button"
                onClick={() => ui.setState({ leaseDialog: { kind: "ask", element } })}
              >
                Ask for it
              </button>
            ) : null}
            <button type="button" onClick={() => session.dismissRefusal(refusal.id)}>
              Dismiss
            </button>
          </div>
        ) : null}
      </div>
    </div>
  );
}
