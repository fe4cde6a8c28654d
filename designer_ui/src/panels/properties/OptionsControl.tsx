import { ArrowDown, ArrowUp, Plus, X } from "lucide-react";
import { IconButton } from "../../components/Button";
import type { Element, Json, JsonObject } from "../../model/document";
import { insertItem, moveItem, setValue } from "../../model/intents";
import type { Path } from "../../model/op";
import { useFieldPresence, useGesture } from "../../workspace/field";
import { useWorkspace } from "../../workspace/workspace";
import { FieldFrame } from "./FieldFrame";
import css from "./fields.module.css";

interface OptionsControlProps {
  element: Element;
  path: Path;
  label: string;
  description?: string;
  value: Json | undefined;
  extra?: React.ReactNode;
  edits: string;
}

/** A list of label and value, each edited in place so that two people can work on one list. */
export function OptionsControl(props: OptionsControlProps) {
  const { element, path, value, edits } = props;
  const { commands, session } = useWorkspace();
  const options = Array.isArray(value) ? (value as JsonObject[]) : [];

  const add = () => {
    const taken = new Set(options.map((option) => option.value));
    let n = options.length + 1;
    while (taken.has(`option${n}`)) n++;
    const option = { label: `Option ${n}`, value: `option${n}` };
    commands.edit(insertItem(session.mirror, element, path, options.length, option), edits);
  };
  const remove = (i: number) =>
    commands.edit(setValue(session.mirror, element, [...path, i], undefined), edits);
  const move = (i: number, by: number) => commands.edit(moveItem(element, path, i, i + by), edits);

  return (
    <FieldFrame {...props} wide>
      {({ id, describedBy }) => (
        <div
          className={css.options}
          role="group"
          aria-labelledby={`${id}-label`}
          aria-describedby={describedBy}
        >
          {options.map((option, i) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: options are known by their place in the list
            <div key={i} className={css.option}>
              <OptionText
                element={element}
                path={path}
                index={i}
                part="label"
                value={option.label}
                edits={edits}
              />
              <OptionText
                element={element}
                path={path}
                index={i}
                part="value"
                value={option.value}
                edits={edits}
              />
              <IconButton
                label={`Move option ${i + 1} up`}
                size="s"
                tip={false}
                disabled={i === 0}
                onClick={() => move(i, -1)}
              >
                <ArrowUp />
              </IconButton>
              <IconButton
                label={`Move option ${i + 1} down`}
                size="s"
                tip={false}
                disabled={i === options.length - 1}
                onClick={() => move(i, 1)}
              >
                <ArrowDown />
              </IconButton>
              <IconButton
                label={`Remove option ${i + 1}`}
                size="s"
                tip={false}
                onClick={() => remove(i)}
              >
                <X />
              </IconButton>
            </div>
          ))}
          <button type="button" className={css.add} onClick={add}>
            <Plus aria-hidden="true" /> Add option
          </button>
        </div>
      )}
    </FieldFrame>
  );
}

interface OptionTextProps {
  element: Element;
  path: Path;
  index: number;
  part: "label" | "value";
  value: Json | undefined;
  edits: string;
}

function OptionText({ element, path, index, part, value, edits }: OptionTextProps) {
  const { commands } = useWorkspace();
  const presence = useFieldPresence(element, path);
  const gesture = useGesture(element, [...path, index, part]);
  return (
    <input
      className={css.input}
      aria-label={`Option ${index + 1} ${part}`}
      value={value === undefined ? "" : String(value)}
      spellCheck={false}
      onFocus={presence.onFocus}
      onBlur={() => {
        gesture.end();
        presence.leave();
      }}
      onChange={(event) => {
        const { value: text, selectionStart } = event.target;
        commands.type(
          element,
          [...path, index, part],
          text,
          selectionStart ?? undefined,
          gesture.name(),
          edits,
        );
      }}
    />
  );
}
