/** How each core type looks on the canvas. Content only: selection and drags belong to the node around it. */
import { Calendar, ChevronDown, Image as ImageIcon, LoaderCircle } from "lucide-react";
import type { ReactNode } from "react";
import type { Component, Json, JsonObject } from "../model/document";
import { isExpression } from "../model/schema";
import { Bound } from "./Bound";
import css from "./looks.module.css";
import { TableLook } from "./TableLook";

export interface LookProps {
  component: Component;
  /** The children of a slot, flowing as the component's style says. */
  slot(name: string, hint?: string): ReactNode;
}

type Look = (props: LookProps) => ReactNode;

export const LOOKS: { [type: string]: Look } = {
  Container: ({ component, slot }) => (
    <Panel component={component} className={component.style?.border === true ? css.bordered : ""}>
      {slot("content", "Container")}
    </Panel>
  ),
  Card: ({ component, slot }) => (
    <section
      className={`${css.card} ${css[`card-${text(component.props.variant, "outlined")}`] ?? ""}`}
      style={surface(component)}
    >
      <header className={css.cardHeader}>
        {component.props.title ? (
          <strong className={css.cardTitle}>
            <Bound value={component.props.title} />
          </strong>
        ) : null}
        {slot("header", "Header")}
      </header>
      {slot("content", "Card content")}
      <footer className={css.cardFooter}>{slot("footer", "Footer")}</footer>
    </section>
  ),
  Form: ({ component, slot }) => (
    <Panel component={component} className={component.style?.border === true ? css.bordered : ""}>
      {component.props.title ? (
        <strong className={css.formTitle} data-padding={String(component.style?.padding ?? "none")}>
          <Bound value={component.props.title} />
        </strong>
      ) : null}
      {slot("content", "Form fields")}
    </Panel>
  ),
  Heading: ({ component }) => (
    <div
      className={`${css.heading} ${css[`h${Number(component.props.level ?? 2)}`] ?? ""}`}
      style={ink(component)}
    >
      <Bound value={component.props.text} empty="Heading" />
    </div>
  ),
  Text: ({ component }) => (
    <div
      className={`${css.text} ${css[`text-${text(component.props.variant, "body")}`] ?? ""}`}
      style={ink(component)}
    >
      <Bound value={component.props.text} empty="Text" />
    </div>
  ),
  Button: ({ component: { props } }) => (
    <span
      className={`${css.button} ${css[`button-${text(props.variant, "primary")}`] ?? ""} ${dim(props.disabled)}`}
    >
      {props.loading === true ? <LoaderCircle /> : null}
      <Bound value={props.label} empty="Button" />
    </span>
  ),
  Link: ({ component }) => (
    <span className={css.link} style={ink(component)}>
      <Bound value={component.props.text} empty="Link" />
    </span>
  ),
  TextInput: ({ component: { props } }) => (
    <Labelled props={props}>
      <Box props={props} className={props.multiline === true ? css.tall : ""} />
    </Labelled>
  ),
  NumberInput: ({ component: { props } }) => (
    <Labelled props={props}>
      <Box props={props} after={props.unit ? <Bound value={props.unit} /> : null} />
    </Labelled>
  ),
  Select: ({ component: { props } }) => (
    <Labelled props={props}>
      <Box props={props} shown={chosen(props)} after={<ChevronDown />} />
    </Labelled>
  ),
  DatePicker: ({ component: { props } }) => (
    <Labelled props={props}>
      <Box props={props} placeholder="yyyy-mm-dd" after={<Calendar />} />
    </Labelled>
  ),
  Checkbox: ({ component: { props } }) => (
    <div className={`${css.check} ${dim(props.disabled)}`}>
      <span className={css.tick} data-on={props.defaultValue === true} />
      <span>
        <Bound value={props.label} empty="Checkbox" />
        <Required props={props} />
        <Help props={props} />
      </span>
    </div>
  ),
  Table: ({ component }) => <TableLook component={component} />,
  Image: ({ component }) => <Picture component={component} />,
  Divider: ({ component }) => (
    <div className={css.divider} style={ink(component)}>
      {component.props.label ? (
        <span>
          <Bound value={component.props.label} />
        </span>
      ) : null}
    </div>
  ),
};

function text(value: Json | undefined, fallback: string): string {
  return typeof value === "string" ? value : fallback;
}

/** A colour from the design: only the form the schema allows reaches the page. */
function color(value: Json | undefined): string | undefined {
  return typeof value === "string" && /^#[0-9a-f]{6}$/i.test(value) ? value : undefined;
}

function ink({ style }: Component) {
  return { color: color(style?.color), textAlign: style?.align as "start" | undefined };
}

function surface({ style }: Component) {
  return { backgroundColor: color(style?.background) };
}

function dim(disabled: Json | undefined): string {
  return disabled === true ? (css.disabled ?? "") : "";
}

function Panel(props: {
  component: Component;
  className: string | undefined;
  children: ReactNode;
}) {
  return (
    <div className={`${css.panel} ${props.className ?? ""}`} style={surface(props.component)}>
      {props.children}
    </div>
  );
}

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
  className?: string | undefined;
}

function Box({ props, shown = props.defaultValue, placeholder, after, className }: BoxProps) {
  const filled = shown !== undefined && shown !== "" && shown !== null;
  return (
    <span className={`${css.box} ${className ?? ""}`}>
      <span className={filled ? css.boxValue : css.boxEmpty}>
        <Bound value={filled ? shown : (props.placeholder ?? placeholder)} />
      </span>
      {after}
    </span>
  );
}

function chosen(props: JsonObject): Json | undefined {
  if (isExpression(props.options)) return props.defaultValue ?? props.options;
  const options = Array.isArray(props.options) ? (props.options as JsonObject[]) : [];
  const option = options.find((each) => each.value === props.defaultValue);
  return option?.label ?? props.defaultValue;
}

function Picture({ component: { props, style } }: { component: Component }) {
  const source = text(props.src, "");
  const height = typeof style?.height === "number" ? style.height : undefined;
  if (!/^https:\/\//.test(source)) {
    return (
      <div className={css.noPicture} style={{ height }}>
        <ImageIcon />
        <Bound value={source || props.alt} empty="Image" />
      </div>
    );
  }
  return (
    <img
      className={css.picture}
      src={source}
      alt={text(props.alt, "")}
      loading="lazy"
      referrerPolicy="no-referrer"
      draggable={false}
      style={{ height, objectFit: props.fit === "cover" ? "cover" : "contain" }}
    />
  );
}
