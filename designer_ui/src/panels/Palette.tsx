import { draggable } from "@atlaskit/pragmatic-drag-and-drop/element/adapter";
import { Search } from "lucide-react";
import { useEffect, useRef, useState } from "react";
import { TypeIcon } from "../components/TypeIcon";
import type { ComponentType } from "../model/types";
import { carry } from "../workspace/drag";
import { useWorkspace } from "../workspace/workspace";
import css from "./Palette.module.css";
import panel from "./panel.module.css";

/** Every component that can be added: by a click or Enter, or by dragging it to its place. */
export function Palette() {
  const { types } = useWorkspace();
  const [search, setSearch] = useState("");
  const wanted = search.trim().toLowerCase();
  const groups = types
    .palette()
    .map((group) => ({
      ...group,
      types: group.types.filter(
        ({ title, category }) =>
          title.toLowerCase().includes(wanted) || category.toLowerCase().includes(wanted),
      ),
    }))
    .filter((group) => group.types.length > 0);

  return (
    <div className={css.palette}>
      <label className={panel.search}>
        <Search aria-hidden="true" />
        <input
          type="search"
          placeholder="Search components"
          aria-label="Search components"
          value={search}
          onChange={(event) => setSearch(event.target.value)}
        />
      </label>
      <div className={css.groups}>
        {groups.map(({ category, types: members }) => (
          <div key={category} role="group" aria-label={category}>
            <h3 className={css.category}>{category}</h3>
            <div className={css.tiles}>
              {members.map((type) => (
                <Tile key={type.type} type={type} />
              ))}
            </div>
          </div>
        ))}
        {groups.length === 0 ? <p className={css.none}>No component is called that.</p> : null}
      </div>
    </div>
  );
}

function Tile({ type }: { type: ComponentType }) {
  const { commands } = useWorkspace();
  const ref = useRef<HTMLButtonElement>(null);
  useEffect(() => {
    const element = ref.current;
    if (!element) return;
    return draggable({ element, getInitialData: () => carry({ kind: "type", type: type.type }) });
  }, [type]);
  return (
    <button
      ref={ref}
      type="button"
      className={css.tile}
      aria-label={`Add ${type.title}`}
      title={type.schema.description}
      onClick={() => commands.insert(type.type)}
    >
      <TypeIcon icon={type.icon} />
      <span>{type.title}</span>
    </button>
  );
}
