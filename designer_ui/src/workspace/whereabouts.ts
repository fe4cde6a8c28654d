/** Keeps presence and selection true to what is there, and says who deleted what one was at. */
import { misses, type Removed, removedBy } from "../model/removals";
import { words } from "../model/words";
import { brief } from "../sync/refusals";
import type { Workspace } from "./workspace";

export function tellWhereWeAre(workspace: Workspace): () => void {
  const { ui, session, presence, commands } = workspace;
  let lost: string[] = [];
  const tell = () =>
    presence.update({ page: commands.page() ?? null, selection: commands.selection() });
  const prune = () => {
    const { selection } = ui.getState();
    const there = commands.selection();
    if (there.length < selection.length) {
      lost = selection.filter((id) => !there.includes(id));
      ui.setState({ selection: there });
    }
    tell();
  };
  tell();
  const stops = [
    ui.subscribe(tell),
    session.mirror.subscribe("outline", prune),
    session.onRemote((op, src) => {
      const removed = removedBy(op);
      const mine = lost.filter((id) => removed.has(id));
      lost = [];
      if (mine.length > 0) tellOfRemoval(workspace, removed, mine, presence.nameOf(src));
    }),
  ];
  return () => {
    for (const stop of stops) stop();
  };
}

function tellOfRemoval(
  { session, presence }: Workspace,
  removed: Removed,
  selected: readonly string[],
  who = "Somebody",
): void {
  const { field, draft } = presence.mine;
  const typedIn = selected.find((id) => field?.element === `components/${id}`);
  const id = typedIn ?? (selected[0] as string);
  const element = `components/${id}`;
  const name = removed.get(id)?.name ?? "a component";
  const rest = removed.size > 1 ? ` and ${removed.size - 1} more` : "";
  if (!field || typedIn === undefined) {
    const what = selected.length > 1 ? `${selected.length} components you had selected` : name;
    const more = selected.length > 1 ? "" : `${rest}, which you had selected`;
    session.tellOfRemoval(`${who} deleted ${what}${more}.`, element, removed, null);
    return;
  }
  const label = words(String(field.path.at(-1) ?? "")).toLowerCase();
  const message = `${who} deleted ${name}${rest} while you were in its ${label}.`;
  const written = draft ?? session.writtenAt(element, field.path);
  const path = [...field.path];
  // A draft may be no value yet: it is offered as text, and not put back.
  const mine =
    written === undefined
      ? null
      : {
          path,
          value: written,
          sent: draft === null && misses(removed, { element, path, value: written }),
        };
  const lost = mine ? ` You had written ${brief(mine.value)}.` : "";
  session.tellOfRemoval(`${message}${lost}`, element, removed, mine);
}
