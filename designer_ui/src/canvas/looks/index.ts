/** How each type looks on the canvas. Content only: selection and drags belong to the node around it. */
import type { Component } from "../../model/document";
import * as data from "./data";
import * as display from "./display";
import { familiar } from "./familiar";
import * as inputs from "./inputs";
import * as layout from "./layout";
import type { Look } from "./values";

const LOOKS: { [type: string]: Look } = { ...layout, ...inputs, ...display, ...data };

export interface Seen {
  look: Look;
  /** The component as the look reads it: another tool's properties under our names. */
  component: Component;
}

/** The look of a component of our own, or of another tool's type of the same kind. */
export function seen(component: Component, pack: string | undefined): Seen | undefined {
  if (pack === "core") {
    const look = LOOKS[component.type];
    return look && { look, component };
  }
  const known = familiar(component);
  const look = known && LOOKS[known.type];
  return look && { look, component: known };
}
