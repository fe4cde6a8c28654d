import { CopyPlus, Trash2 } from "lucide-react";
import { useMemo } from "react";
import { IconButton } from "../../components/Button";
import type { Component, Json } from "../../model/document";
import { parseDraft, showValue } from "../../model/draft";
import { equal } from "../../model/op";
import { effective, type Field, isExpression, sharedFields } from "../../model/schema";
import { useComponents, useWorkspace } from "../../workspace/workspace";
import { ChoiceControl } from "./ChoiceControl";
import { DraftControl } from "./DraftControl";
import { FieldGroups } from "./FieldGroups";
import css from "./fields.module.css";
import { MIXED, SwitchControl } from "./SwitchControl";

const LISTED = 8;

/** The form over several components: what all of them have, set in all of them as one edit. */
export function SeveralProperties({ ids }: { ids: readonly string[] }) {
  const { commands, types } = useWorkspace();
  const components = useComponents(ids);
  const known = components.map((each) => types.of(each));
  const kinds = [...new Set(known)].filter((type) => type !== undefined);
  const same = kinds.length === new Set(known).size;
  const key = kinds.map((type) => `${type.type}@${type.version}`).join(" ");
  // biome-ignore lint/correctness/useExhaustiveDependencies: the key names the kinds
  const groups = useMemo(() => (same ? sharedFields(kinds) : []), [key, same]);
  return (
    <>
      <header className={css.head}>
        <h2>{ids.length} components</h2>
        <IconButton label="Duplicate" keys="Ctrl+D" size="s" onClick={() => commands.duplicate()}>
          <CopyPlus />
        </IconButton>
        <IconButton label="Delete" keys="Del" size="s" onClick={() => commands.remove()}>
          <Trash2 />
        </IconButton>
      </header>
      <div className={css.body}>
        <ul className={css.several} aria-label="Selected">
          {components.slice(0, LISTED).map((component, i) => (
            <li key={ids[i]}>
              <button type="button" onClick={() => commands.select([ids[i] as string])}>
                {component.name}
              </button>
            </li>
          ))}
          {components.length > LISTED ? <li>{components.length - LISTED} more</li> : null}
        </ul>
        <FieldGroups groups={groups}>
          {(field) => (
            <SharedField
              key={field.path.join("/")}
              ids={ids}
              components={components}
              field={field}
            />
          )}
        </FieldGroups>
        {groups.length === 0 ? <p className={css.note}>These have no property in common.</p> : null}
      </div>
    </>
  );
}

interface SharedFieldProps {
  ids: readonly string[];
  components: readonly Component[];
  field: Field;
}

function SharedField({ ids, components, field }: SharedFieldProps) {
  const { commands, checker, types } = useWorkspace();
  const { path, label, description } = field;
  const [part, name] = path as ["props" | "style", string];
  const element = `components/${ids[0]}`;
  const values = components.map((each) => effective(types.of(each), each, part, name));
  const [value] = values;
  const mixed = !values.every((each) => equal(each, value));
  const set = (next: Json | undefined) =>
    commands.setInAll(
      ids,
      path,
      next,
      `Edit ${label.toLowerCase()} of ${components.length} components`,
    );
  const common = { element, path, label, description };
  const plain = mixed || !isExpression(value);

  if (field.control === "boolean" && plain) {
    const on = value === true;
    return <SwitchControl {...common} on={on} mixed={mixed} onToggle={() => set(mixed || !on)} />;
  }
  const choices = field.literal.enum;
  if (field.control === "enum" && choices && plain) {
    return (
      <ChoiceControl {...common} choices={choices} value={value} mixed={mixed} onChoose={set} />
    );
  }
  const structured = field.control === "json" || field.control === "options";
  return (
    <DraftControl
      {...common}
      text={mixed ? "" : showValue(plain ? field : { control: "text" }, value)}
      placeholder={mixed ? MIXED : ""}
      multiline={structured || field.control === "textarea"}
      mono={structured || !plain || field.control === "expression"}
      numeric={field.control === "number" && plain}
      parse={(text) => parseDraft(field, text, checker)}
      commit={set}
    />
  );
}
