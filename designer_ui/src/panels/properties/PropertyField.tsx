import { SquareFunction } from "lucide-react";
import { useState } from "react";
import { IconButton } from "../../components/Button";
import type { Component, Json } from "../../model/document";
import { parseDraft, showValue } from "../../model/draft";
import { type Field, isExpression } from "../../model/schema";
import { useWorkspace } from "../../workspace/workspace";
import { ChoiceControl } from "./ChoiceControl";
import { DraftCodeControl, LiveCodeControl } from "./CodeControl";
import { DraftControl } from "./DraftControl";
import css from "./fields.module.css";
import { OptionsControl } from "./OptionsControl";
import { SwitchControl } from "./SwitchControl";
import { TextControl } from "./TextControl";

interface PropertyFieldProps {
  id: string;
  component: Component;
  field: Field;
}

/** The field that a property's schema asks for. */
export function PropertyField({ id, component, field }: PropertyFieldProps) {
  const { commands, checker } = useWorkspace();
  const element = `components/${id}`;
  const { path } = field;
  const [part, key] = path as ["props" | "style", string];
  const value = component[part]?.[key];
  const [wantsExpression, setWantsExpression] = useState(false);
  const expression = field.bindable && (wantsExpression || isExpression(value));
  const edits = `Edit ${field.label.toLowerCase()} of ${component.name}`;
  const set = (next: Json | undefined) => commands.set(element, path, next, edits);

  const plain =
    field.control === "text" || field.control === "textarea" || field.control === "expression";
  const extra =
    field.bindable && !plain ? (
      <IconButton
        label={expression ? "Set to a value" : "Bind to an expression"}
        size="s"
        className={css.bind ?? ""}
        aria-pressed={expression}
        onClick={() => {
          if (isExpression(value)) set(undefined);
          setWantsExpression(!expression);
        }}
      >
        <SquareFunction />
      </IconButton>
    ) : undefined;
  const common = {
    element,
    path,
    label: field.label,
    description: field.description,
    ...(extra ? { extra } : {}),
  };
  const fallback = field.fallback === undefined ? undefined : showValue(field, field.fallback);

  if (field.free && field.control === "expression" && isTextOrNothing(value)) {
    return <LiveCodeControl {...common} id={id} placeholder={fallback || "{{ }}"} edits={edits} />;
  }
  if (field.free && (value === undefined || typeof value === "string")) {
    return (
      <TextControl
        {...common}
        value={value}
        schema={field.schema}
        placeholder={fallback ?? ""}
        multiline={field.control !== "text"}
        edits={edits}
      />
    );
  }
  if (expression || field.control === "expression") {
    return (
      <DraftCodeControl
        {...common}
        id={id}
        text={showValue(expression ? { control: "text" } : field, value)}
        placeholder={expression ? "{{ }}" : (fallback ?? "{{ }}")}
        edits={edits}
        parse={(text) => parseDraft(field, text, checker)}
        commit={set}
      />
    );
  }
  if (field.control === "json") {
    return (
      <DraftCodeControl
        {...common}
        id={id}
        language="json"
        text={showValue(field, value)}
        placeholder={fallback ?? ""}
        edits={edits}
        parse={(text) => parseDraft(field, text, checker)}
        commit={set}
      />
    );
  }
  if (!(field.control in CONTROLS)) {
    return (
      <DraftControl
        {...common}
        text={showValue(field, value)}
        placeholder={fallback ?? ""}
        multiline={field.control === "textarea"}
        numeric={field.control === "number"}
        parse={(text) => parseDraft(field, text, checker)}
        commit={set}
      />
    );
  }
  const Control = CONTROLS[field.control as keyof typeof CONTROLS];
  return <Control {...common} field={field} value={value} set={set} edits={edits} />;
}

interface ControlProps {
  element: string;
  path: [string, string];
  label: string;
  description: string;
  extra?: React.ReactNode;
  field: Field;
  value: Json | undefined;
  set(value: Json | undefined): void;
  edits: string;
}

function BooleanControl(props: ControlProps) {
  const { field, value, set } = props;
  const on = value === undefined ? field.fallback === true : value === true;
  return <SwitchControl {...props} on={on} onToggle={() => set(!on)} />;
}

function EnumControl(props: ControlProps) {
  const { field, value, set } = props;
  return (
    <ChoiceControl
      {...props}
      choices={field.literal.enum ?? []}
      value={value ?? field.fallback}
      onChoose={set}
    />
  );
}

function ColorControl(props: ControlProps) {
  const { field, value, set } = props;
  const { checker } = useWorkspace();
  const color = typeof value === "string" && /^#[0-9a-f]{6}$/i.test(value) ? value : undefined;
  return (
    <DraftControl
      {...props}
      text={showValue(field, value)}
      placeholder="None"
      mono
      lead={
        <input
          type="color"
          className={css.swatch}
          aria-label="Pick a colour"
          data-empty={color === undefined}
          value={color ?? "#ffffff"}
          onChange={(event) => set(event.target.value)}
        />
      }
      parse={(text) => parseDraft(field, text.trim(), checker)}
      commit={set}
    />
  );
}

function ListControl(props: ControlProps) {
  return <OptionsControl {...props} />;
}

const CONTROLS = {
  boolean: BooleanControl,
  enum: EnumControl,
  color: ColorControl,
  options: ListControl,
};

function isTextOrNothing(value: Json | undefined): boolean {
  return value === undefined || typeof value === "string";
}
