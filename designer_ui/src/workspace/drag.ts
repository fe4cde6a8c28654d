/** What is dragged, by whichever surface it started on, and what it may land on. */
import type { Owner } from "../model/document";
import type { Target } from "../model/intents";
import { accepts, subtree } from "../model/view";
import type { Commands } from "./commands";
import type { Workspace } from "./workspace";

export type Dragged = { kind: "type"; type: string } | { kind: "components"; ids: string[] };

const KEY = Symbol("dragged");

/** The payload for a draggable. */
export function carry(dragged: Dragged): Record<string | symbol, unknown> {
  return { [KEY]: dragged };
}

export function draggedOf(data: Record<string | symbol, unknown>): Dragged | undefined {
  return data[KEY] as Dragged | undefined;
}

/** Whether all that is dragged may stand in that slot. */
export function mayLand(
  { session, types }: Workspace,
  dragged: Dragged,
  owner: Owner,
  slot: string,
): boolean {
  const { mirror } = session;
  if (dragged.kind === "type") return accepts(mirror, types, owner, slot, dragged.type);
  return dragged.ids.every((id) => {
    const component = mirror.get("components", id);
    return component !== undefined && accepts(mirror, types, owner, slot, component.type);
  });
}

/** Owners that the dragged components are or contain: nothing lands inside itself. */
export function forbiddenOwners({ session }: Workspace, dragged: Dragged): Set<string> {
  if (dragged.kind === "type") return new Set();
  const inside = dragged.ids.flatMap((id) => subtree(session.mirror, id));
  return new Set(inside.map((id) => `components/${id}`));
}

export function land(commands: Commands, dragged: Dragged, target: Target): void {
  if (dragged.kind === "type") commands.insert(dragged.type, target);
  else commands.move(dragged.ids, target);
}
