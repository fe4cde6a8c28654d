import type { ReactNode } from "react";
import type { Element } from "../../model/document";
import type { Path } from "../../model/op";
import { useFieldPresence } from "../../workspace/field";
import { FieldFrame } from "./FieldFrame";
import css from "./fields.module.css";

export const MIXED = "Mixed";

interface SwitchControlProps {
  element: Element;
  path: Path;
  label: string;
  description?: string;
  extra?: ReactNode;
  on: boolean;
  /** Several components, and not all have the same. */
  mixed?: boolean;
  onToggle(): void;
}

/** True or false. */
export function SwitchControl(props: SwitchControlProps) {
  const { element, path, on, mixed = false, onToggle } = props;
  const presence = useFieldPresence(element, path);
  return (
    <FieldFrame {...props}>
      {({ id, describedBy }) => (
        <>
          <button
            type="button"
            id={id}
            role="switch"
            aria-checked={on && !mixed}
            aria-describedby={describedBy}
            className={css.switch}
            data-mixed={mixed}
            onFocus={presence.onFocus}
            onBlur={presence.leave}
            onClick={onToggle}
          >
            <i />
          </button>
          {mixed ? <span className={css.mixed}>{MIXED}</span> : null}
        </>
      )}
    </FieldFrame>
  );
}
