import { ChevronRight, Minus, Plus } from "lucide-react";
import { Fragment } from "react";
import { IconButton } from "../components/Button";
import { ancestors } from "../model/view";
import { useCurrentPage, useOutline, usePage, useUi, useWorkspace } from "../workspace/workspace";
import css from "./Trail.module.css";

/** Where the selection lies: the page, its containers, itself. */
export function Trail() {
  const { commands, session } = useWorkspace();
  const page = useCurrentPage();
  const name = usePage(page ?? "")?.name ?? "";
  useOutline();
  const selected = useUi((ui) => ui.selection).at(-1);
  const path =
    selected !== undefined && session.mirror.get("components", selected)
      ? [selected, ...ancestors(session.mirror, selected)].reverse()
      : [];
  return (
    <div className={css.bar}>
      <nav className={css.trail} aria-label="Where the selection is">
        <button type="button" onClick={() => commands.select([])}>
          {name}
        </button>
        {path.map((id) => (
          <Fragment key={id}>
            <ChevronRight aria-hidden="true" />
            <button
              type="button"
              aria-current={id === selected ? "true" : undefined}
              onClick={() => commands.select([id])}
            >
              {session.mirror.get("components", id)?.name}
            </button>
          </Fragment>
        ))}
      </nav>
      <Zoom />
    </div>
  );
}

function Zoom() {
  const { commands } = useWorkspace();
  const zoom = useUi((ui) => ui.zoom);
  return (
    <div className={css.zoom} role="group" aria-label="Zoom">
      <IconButton label="Zoom out" keys="-" size="s" onClick={() => commands.zoom("out")}>
        <Minus />
      </IconButton>
      <button
        type="button"
        aria-label={`Zoom ${Math.round(zoom * 100)}%: set to life size`}
        onClick={() => commands.zoom("reset")}
      >
        {Math.round(zoom * 100)}%
      </button>
      <IconButton label="Zoom in" keys="+" size="s" onClick={() => commands.zoom("in")}>
        <Plus />
      </IconButton>
    </div>
  );
}
