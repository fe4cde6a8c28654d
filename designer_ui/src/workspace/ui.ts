/** What only this tab knows: the page shown, the selection, the panel, what is being dragged. */
import { createStore } from "zustand/vanilla";
import type { Element } from "../model/document";
import type { Target } from "../model/intents";

export interface Box {
  left: number;
  top: number;
  width: number;
  height: number;
}

/** Where a drag would land, and the line that shows it, in the surface's own coordinates. */
export interface Drop {
  surface: "canvas" | "tree";
  target: Target;
  line: Box;
}

/** In place of an element: what the check found. */
export const CHECK = "check";

export type Panel = "insert" | "layers" | "data";
const PANELS: readonly Panel[] = ["insert", "layers", "data"];

export type Sheet = "find" | "keys";

/** A dialog about a lease. */
export interface LeaseAsk {
  kind: "take-over" | "ask";
  element: Element;
}

export interface Ui {
  page: string | null;
  selection: readonly string[];
  panel: Panel;
  /** What is open below the canvas: a query, script or data source, or what the check found. */
  open: Element | typeof CHECK | null;
  sheet: Sheet | null;
  /** Comments stand where the form does. */
  commenting: boolean;
  leaseDialog: LeaseAsk | null;
  /** Of the canvas; 1 is life size. */
  zoom: number;
  /** Others' selections and names on canvas and tree. */
  showPeople: boolean;
  /** Read out to people who cannot see the canvas. */
  said: string;
  drop: Drop | null;
  dragging: boolean;
  /** The design is only looked at. */
  still: boolean;
}

const PANEL_KEY = "coweave.panel";

function storedPanel(): Panel {
  try {
    const stored = localStorage.getItem(PANEL_KEY);
    return PANELS.find((panel) => panel === stored) ?? "layers";
  } catch {
    return "layers";
  }
}

export function createUi(still = false) {
  return createStore<Ui>()(() => ({
    still,
    page: null,
    selection: [],
    panel: storedPanel(),
    open: null,
    sheet: null,
    commenting: false,
    leaseDialog: null,
    zoom: 1,
    showPeople: true,
    said: "",
    drop: null,
    dragging: false,
  }));
}

export type UiStore = ReturnType<typeof createUi>;

export function showPanel(ui: UiStore, panel: Panel): void {
  ui.setState({ panel });
  try {
    localStorage.setItem(PANEL_KEY, panel);
  } catch {
    // Without storage the choice lasts for this page.
  }
}
