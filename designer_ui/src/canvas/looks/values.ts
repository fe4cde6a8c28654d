/** Reading property values for show: nothing from a design is trusted to have its right type. */
import type { Component, Json, JsonObject } from "../../model/document";
import css from "./looks.module.css";

export function text(value: Json | undefined, fallback: string): string {
  return typeof value === "string" ? value : fallback;
}

/** A colour from the design: only the form the schema allows reaches the page. */
export function color(value: Json | undefined): string | undefined {
  return typeof value === "string" && /^#[0-9a-f]{6}$/i.test(value) ? value : undefined;
}

export function ink({ style }: Component) {
  return { color: color(style?.color), textAlign: style?.align as "start" | undefined };
}

export function surface({ style }: Component) {
  return { backgroundColor: color(style?.background) };
}

export function heightOf({ style }: Component): number | undefined {
  return typeof style?.height === "number" ? style.height : undefined;
}

export function dim(disabled: Json | undefined): string {
  return disabled === true ? (css.disabled ?? "") : "";
}

/** The objects of a list, whatever else is in it. */
export function objects(value: Json | undefined): JsonObject[] {
  if (!Array.isArray(value)) return [];
  return value.filter(
    (each): each is JsonObject => typeof each === "object" && each !== null && !Array.isArray(each),
  );
}

export interface LookProps {
  component: Component;
  /** The children of a slot, flowing as the component's style says. */
  slot(name: string, hint?: string): React.ReactNode;
}

export type Look = (props: LookProps) => React.ReactNode;
