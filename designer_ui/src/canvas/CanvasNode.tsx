import { draggable } from "@atlaskit/pragmatic-drag-and-drop/element/adapter";
import { Box as BoxIcon } from "lucide-react";
import { memo, useEffect, useRef } from "react";
import type { Component, Owner } from "../model/document";
import { effective } from "../model/schema";
import { slotsOf } from "../model/view";
import { carry } from "../workspace/drag";
import { useChildren, useComponent, useOutline, useWorkspace } from "../workspace/workspace";
import css from "./CanvasNode.module.css";
import { seen } from "./looks";
import { Bound } from "./looks/Bound";

/** Properties that other tools keep a component's visible text in. */
const TELLING = ["text", "label", "labelText", "title", "placeholderText", "tableData", "image"];
/** Inputs whose label stands beside them, not above. */
const BESIDE = ["Checkbox", "Switch"];
const WIDTHS = ["auto", "quarter", "third", "half", "twoThirds", "full"];
/** Deeper than any real design; a guard against a parent cycle in a damaged one. */
const MAX_DEPTH = 60;

interface NodeProps {
  id: string;
  depth: number;
}

/** One component on the canvas. Rendered again only when the component itself changes. */
export const CanvasNode = memo(function CanvasNode({ id, depth }: NodeProps) {
  const component = useComponent(id);
  const { types, commands, ui } = useWorkspace();
  const ref = useRef<HTMLDivElement>(null);
  const there = component !== undefined;

  useEffect(() => {
    const element = ref.current;
    if (!element || !there || ui.getState().still) return;
    return draggable({
      element,
      canDrag: () => {
        const selection = commands.selection();
        return commands.leasing.mayMove(selection.includes(id) ? selection : [id]);
      },
      getInitialData: () => {
        const selection = commands.selection();
        return carry({ kind: "components", ids: selection.includes(id) ? selection : [id] });
      },
    });
  }, [id, commands, ui, there]);

  if (!component || depth > MAX_DEPTH) return null;
  const type = types.of(component);
  const view = seen(component, type?.pack);
  const { props } = component;
  const wanted = effective(type, view?.component ?? component, "style", "width");
  const width = WIDTHS.includes(String(wanted)) ? String(wanted) : "auto";
  const leaf = type && Object.keys(type.slots).length === 0;
  const align = leaf ? String(component.style?.align ?? "") : "";
  const owner: Owner = `components/${id}`;
  const slot = (name: string, hint?: string) => (
    <Slot key={name} owner={owner} slot={name} depth={depth} component={component} hint={hint} />
  );
  return (
    <div
      ref={ref}
      role="group"
      aria-label={`${component.name}, ${type?.title ?? component.type}`}
      data-component={id}
      data-name={component.name}
      data-width={view ? width : "full"}
      data-type={component.type}
      data-holds={type !== undefined && !leaf}
      data-labelled={
        Boolean(props.label) && type?.category === "Inputs" && !BESIDE.includes(type.type)
      }
      data-align={align || undefined}
      className={`${css.node} ${props.visible === false ? css.invisible : ""}`}
    >
      {view ? (
        view.look({ component: view.component, slot })
      ) : (
        <Unknown component={component} owner={owner} slot={slot} />
      )}
    </div>
  );
});

interface SlotProps {
  owner: Owner;
  slot: string;
  depth: number;
  component?: Component;
  hint?: string | undefined;
}

/** The children of one slot, in the flow that the owner's style asks for. */
export function Slot({ owner, slot, depth, component, hint }: SlotProps) {
  const { mirror } = useWorkspace().session;
  const children = useChildren(owner).filter(
    (id) => mirror.get("components", id)?.place.slot === slot,
  );
  const style = component?.style;
  const row = style?.direction === "row" || slot === "footer" || slot === "header";
  return (
    <div
      className={css.slot}
      data-owner={owner}
      data-slot={slot}
      data-flow={row ? "row" : "column"}
      data-gap={String(style?.gap ?? "medium")}
      data-padding={slot === "content" ? String(style?.padding ?? "none") : "slim"}
      data-items={String(style?.align ?? "")}
    >
      {children.map((id) => (
        <CanvasNode key={id} id={id} depth={depth + 1} />
      ))}
      {children.length === 0 && hint !== undefined ? (
        <span className={css.hint}>{hint}</span>
      ) : null}
    </div>
  );
}

interface UnknownProps {
  component: Component;
  owner: Owner;
  slot(name: string, hint?: string): React.ReactNode;
}

/** A type that is not known here: kept and named, and what is inside it still shows. */
function Unknown({ component, owner, slot }: UnknownProps) {
  const { session, types } = useWorkspace();
  useOutline();
  const summary = TELLING.map((name) => component.props[name]).find(
    (value) => typeof value === "string" && value !== "",
  );
  return (
    <div className={css.unknown}>
      <span className={css.unknownTitle}>
        <BoxIcon aria-hidden="true" />
        <span>{component.name}</span>
        <code>{component.type}</code>
      </span>
      {summary === undefined ? null : (
        <div className={css.summary}>
          <Bound value={summary} />
        </div>
      )}
      {slotsOf(session.mirror, types, owner).map((name) => slot(name))}
    </div>
  );
}
