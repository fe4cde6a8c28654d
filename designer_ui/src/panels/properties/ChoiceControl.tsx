import { ChevronDown } from "lucide-react";
import type { ReactNode } from "react";
import type { Element, Json } from "../../model/document";
import type { Path } from "../../model/op";
import { words } from "../../model/words";
import { useFieldPresence } from "../../workspace/field";
import { FieldFrame } from "./FieldFrame";
import css from "./fields.module.css";
import { MIXED } from "./SwitchControl";

interface ChoiceControlProps {
  element: Element;
  path: Path;
  label: string;
  description?: string;
  extra?: ReactNode;
  choices: readonly Json[];
  value: Json | undefined;
  /** Several components, and not all have the same. */
  mixed?: boolean;
  onChoose(value: Json | undefined): void;
}

/** One of the values that the schema lists; one that is none of them is shown until another is chosen. */
export function ChoiceControl(props: ChoiceControlProps) {
  const { element, path, choices, value, mixed = false, onChoose } = props;
  const presence = useFieldPresence(element, path);
  const known = !mixed && choices.some((choice) => choice === value);
  const shown = mixed ? "" : String(value ?? "");
  return (
    <FieldFrame {...props}>
      {({ id, describedBy, invalid }) => (
        <>
          <select
            id={id}
            className={css.input}
            aria-describedby={describedBy}
            aria-invalid={invalid}
            value={shown}
            onFocus={presence.onFocus}
            onBlur={presence.leave}
            onChange={({ target }) =>
              onChoose(choices.find((choice) => String(choice) === target.value))
            }
          >
            {known ? null : <option value={shown}>{mixed ? MIXED : shown}</option>}
            {choices.map((choice) => (
              <option key={String(choice)} value={String(choice)}>
                {words(String(choice))}
              </option>
            ))}
          </select>
          <ChevronDown className={css.chevron} aria-hidden="true" />
        </>
      )}
    </FieldFrame>
  );
}
