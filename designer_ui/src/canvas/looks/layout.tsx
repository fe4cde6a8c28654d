import { X } from "lucide-react";
import type { ReactNode } from "react";
import type { Component } from "../../model/document";
import { Bound } from "./Bound";
import css from "./looks.module.css";
import { type Look, objects, surface, text } from "./values";

interface PanelProps {
  component: Component;
  children: ReactNode;
}

function Panel({ component, children }: PanelProps) {
  const bordered = component.style?.border === true ? css.bordered : "";
  return (
    <div className={`${css.panel} ${bordered}`} style={surface(component)}>
      {children}
    </div>
  );
}

export const Container: Look = ({ component, slot }) => (
  <Panel component={component}>{slot("content", "Container")}</Panel>
);

export const Form: Look = ({ component, slot }) => (
  <Panel component={component}>
    {component.props.title ? (
      <strong className={css.formTitle} data-padding={text(component.style?.padding, "none")}>
        <Bound value={component.props.title} />
      </strong>
    ) : null}
    {slot("content", "Form fields")}
  </Panel>
);

export const Card: Look = ({ component, slot }) => {
  const variant = css[`card-${text(component.props.variant, "outlined")}`] ?? "";
  return (
    <section className={`${css.card} ${variant}`} style={surface(component)}>
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
  );
};

/** All tabs at once, one below the other: what is in a hidden tab could not be worked on. */
export const Tabs: Look = ({ component, slot }) => {
  const tabs = objects(component.props.tabs);
  const first = text(component.props.defaultTab, text(tabs[0]?.slot, ""));
  return (
    <div className={css.tabs}>
      {tabs.map((tab, i) => {
        const name = text(tab.slot, `tab${i + 1}`);
        return (
          <section key={name} className={css.tabPanel}>
            <span className={css.tab} data-first={name === first}>
              <Bound value={tab.label} empty={name} />
            </span>
            {slot(name, "Tab content")}
          </section>
        );
      })}
    </div>
  );
};

export const Modal: Look = ({ component, slot }) => (
  <section className={css.modal} data-size={text(component.props.size, "medium")}>
    <header className={css.modalHeader}>
      <strong>
        <Bound value={component.props.title} empty="Modal" />
      </strong>
      {component.props.closable === false ? null : <X />}
    </header>
    {slot("content", "Modal content")}
    <footer className={css.cardFooter}>{slot("footer", "Footer")}</footer>
  </section>
);

export const Divider: Look = ({ component }) => {
  const color = component.style?.color;
  return (
    <div
      className={css.divider}
      style={{
        color: typeof color === "string" && /^#[0-9a-f]{6}$/i.test(color) ? color : undefined,
      }}
    >
      {component.props.label ? (
        <span>
          <Bound value={component.props.label} />
        </span>
      ) : null}
    </div>
  );
};
