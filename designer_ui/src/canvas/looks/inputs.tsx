import { Calendar, ChevronDown, Upload } from "lucide-react";
import type { ReactNode } from "react";
import type { Json, JsonObject } from "../../model/document";
import { isExpression } from "../../model/schema";
import { Bound } from "./Bound";
import css from "./looks.module.css";
import { dim, type Look, objects } from "./values";

function Required({ props }: { props: JsonObject }) {
  return props.required === true ? <span className={css.required}> *</span> : null;
}

function Help({ props }: { props: JsonObject }) {
  return props.helpText ? (
    <span className={css.help}>
      <Bound value={props.helpText} />
    </span>
  ) : null;
}

function Labelled({ props, children }: { props: JsonObject; children: ReactNode }) {
  return (
    <div className={`${css.labelled} ${dim(props.disabled)}`}>
      {props.label ? (
        <span className={css.label}>
          <Bound value={props.label} />
          <Required props={props} />
        </span>
      ) : null}
      {children}
      <Help props={props} />
    </div>
  );
}

interface BoxProps {
  props: JsonObject;
  shown?: Json | undefined;
  placeholder?: string;
  after?: ReactNode;
  rows?: number;
}

const LINE = 20;

function Box({ props, shown = props.defaultValue, placeholder, after, rows = 1 }: BoxProps) {
  const filled = shown !== undefined && shown !== "" && shown !== null;
  return (
    <span
      className={`${css.box} ${rows > 1 ? css.tall : ""}`}
      style={rows > 1 ? { minHeight: rows * LINE + 16 } : undefined}
    >
      <span className={filled ? css.boxValue : css.boxEmpty}>
        <Bound value={filled ? shown : (props.placeholder ?? placeholder)} />
      </span>
      {after}
    </span>
  );
}

function chosen(props: JsonObject): Json | undefined {
  if (isExpression(props.options)) return props.defaultValue ?? props.options;
  const option = objects(props.options).find((each) => each.value === props.defaultValue);
  return option?.label ?? props.defaultValue;
}

interface ChoicesProps {
  props: JsonObject;
  round?: boolean;
  isOn(value: Json | undefined): boolean;
}

function Choices({ props, round, isOn }: ChoicesProps) {
  return (
    <Labelled props={props}>
      <span className={css.choices} data-inline={props.inline === true}>
        {isExpression(props.options) ? <Bound value={props.options} /> : null}
        {objects(props.options).map((option, i) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: options are known by their place in the list
          <span key={i} className={css.check}>
            <span className={css.tick} data-round={round} data-on={isOn(option.value)} />
            <Bound value={option.label} />
          </span>
        ))}
      </span>
    </Labelled>
  );
}

export const TextInput: Look = ({ component: { props } }) => (
  <Labelled props={props}>
    <Box props={props} rows={props.multiline === true ? 3 : 1} />
  </Labelled>
);

export const TextArea: Look = ({ component: { props } }) => (
  <Labelled props={props}>
    <Box props={props} rows={Math.min(20, Math.max(2, Number(props.rows) || 4))} />
  </Labelled>
);

export const NumberInput: Look = ({ component: { props } }) => (
  <Labelled props={props}>
    <Box props={props} after={props.unit ? <Bound value={props.unit} /> : null} />
  </Labelled>
);

export const Select: Look = ({ component: { props } }) => (
  <Labelled props={props}>
    <Box props={props} shown={chosen(props)} after={<ChevronDown />} />
  </Labelled>
);

export const DatePicker: Look = ({ component: { props } }) => (
  <Labelled props={props}>
    <Box props={props} placeholder="yyyy-mm-dd" after={<Calendar />} />
  </Labelled>
);

export const RadioGroup: Look = ({ component: { props } }) => (
  <Choices props={props} round isOn={(value) => value === props.defaultValue} />
);

export const CheckboxGroup: Look = ({ component: { props } }) => (
  <Choices
    props={props}
    isOn={(value) =>
      value !== undefined &&
      Array.isArray(props.defaultValues) &&
      props.defaultValues.includes(value)
    }
  />
);

export const Checkbox: Look = ({ component: { props } }) => (
  <div className={`${css.check} ${dim(props.disabled)}`}>
    <span className={css.tick} data-on={props.defaultValue === true} />
    <span>
      <Bound value={props.label} empty="Checkbox" />
      <Required props={props} />
      <Help props={props} />
    </span>
  </div>
);

export const Switch: Look = ({ component: { props } }) => (
  <div className={`${css.check} ${dim(props.disabled)}`}>
    <span className={css.toggle} data-on={props.defaultValue === true} />
    <span>
      <Bound value={props.label} empty="Switch" />
      <Help props={props} />
    </span>
  </div>
);

export const FileUpload: Look = ({ component: { props } }) => (
  <Labelled props={props}>
    <span className={css.upload}>
      <Upload />
      {props.multiple === true ? "Choose files" : "Choose a file"}
    </span>
  </Labelled>
);
