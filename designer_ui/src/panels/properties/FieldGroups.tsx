import type { ReactNode } from "react";
import type { Field, FieldGroup } from "../../model/schema";
import css from "./fields.module.css";

interface FieldGroupsProps {
  groups: readonly FieldGroup[];
  children(field: Field): ReactNode;
}

/** Fields under the headings that their schemas name. */
export function FieldGroups({ groups, children }: FieldGroupsProps) {
  return groups.map((group) => (
    <div key={group.name} className={css.group} role="group" aria-label={group.name}>
      <h3>{group.name}</h3>
      {group.fields.map(children)}
    </div>
  ));
}
