import { File, MoreHorizontal, Plus } from "lucide-react";
import { type KeyboardEvent, useState } from "react";
import { IconButton } from "../components/Button";
import { Menu } from "../components/Menu";
import { titleFault } from "../model/names";
import {
  useCurrentPage,
  usePage,
  usePages,
  usePeople,
  useRefusal,
  useWorkspace,
} from "../workspace/workspace";
import css from "./Pages.module.css";
import panel from "./panel.module.css";

/** The design's pages: choose, add, rename, reorder, delete. */
export function Pages() {
  const { commands } = useWorkspace();
  const pages = usePages();
  return (
    <section className={css.pages} aria-label="Pages">
      <div className={panel.head}>
        <h2>Pages</h2>
        <IconButton label="Add page" size="s" onClick={() => commands.addPage()}>
          <Plus />
        </IconButton>
      </div>
      <ul className={css.list}>
        {pages.map((id, index) => (
          <PageRow key={id} id={id} index={index} count={pages.length} />
        ))}
      </ul>
    </section>
  );
}

function PageRow({ id, index, count }: { id: string; index: number; count: number }) {
  const { commands } = useWorkspace();
  const page = usePage(id);
  const current = useCurrentPage() === id;
  const here = usePeople().filter((person) => person.page === id);
  const refusal = useRefusal(`pages/${id}`, ["name"]);
  const [draft, setDraft] = useState<string | null>(null);
  const name = page?.name ?? "";
  const fault = draft === null ? undefined : titleFault(draft);

  const finish = () => {
    if (draft !== null && fault === undefined && draft.trim() !== name) {
      commands.set(`pages/${id}`, ["name"], draft.trim(), `Rename ${name}`);
    }
    setDraft(null);
  };

  const onKeyDown = (event: KeyboardEvent) => {
    if (event.altKey && (event.key === "ArrowUp" || event.key === "ArrowDown")) {
      event.preventDefault();
      event.stopPropagation();
      const to = index + (event.key === "ArrowUp" ? -1 : 1);
      if (to >= 0 && to < count) commands.movePage(id, to);
    } else if (event.key === "F2") {
      event.preventDefault();
      event.stopPropagation();
      setDraft(name);
    }
  };

  return (
    <li className={css.row} data-current={current}>
      {draft === null ? (
        <button
          type="button"
          className={css.name}
          aria-current={current ? "page" : undefined}
          onClick={() => commands.showPage(id)}
          onDoubleClick={() => setDraft(name)}
          onKeyDown={onKeyDown}
        >
          <File aria-hidden="true" />
          <span>{name}</span>
          {here.slice(0, 3).map((person) => (
            <i
              key={person.id}
              className={css.dot}
              style={{ backgroundColor: person.color }}
              title={`${person.user.name} is on this page`}
            />
          ))}
        </button>
      ) : (
        <input
          className={css.input}
          aria-label={`New name of ${name}`}
          aria-invalid={fault !== undefined}
          data-draft="open"
          value={draft}
          onChange={(event) => setDraft(event.target.value)}
          onFocus={(event) => event.target.select()}
          onBlur={finish}
          onKeyDown={(event) => {
            event.stopPropagation();
            if (event.key === "Enter") finish();
            if (event.key === "Escape") setDraft(null);
          }}
          // biome-ignore lint/a11y/noAutofocus: the person just asked to rename
          autoFocus
        />
      )}
      <Menu
        entries={[
          { label: "Rename", keys: "F2", run: () => setTimeout(() => setDraft(name)) },
          {
            label: "Move up",
            keys: "Alt+↑",
            disabled: index === 0,
            run: () => commands.movePage(id, index - 1),
          },
          {
            label: "Move down",
            keys: "Alt+↓",
            disabled: index === count - 1,
            run: () => commands.movePage(id, index + 1),
          },
          null,
          {
            label: "Delete page",
            danger: true,
            disabled: count <= 1,
            run: () => commands.removePage(id),
          },
        ]}
      >
        <IconButton className={css.more ?? ""} label={`Actions for ${name}`} size="s" tip={false}>
          <MoreHorizontal />
        </IconButton>
      </Menu>
      {refusal ? (
        <p className={css.fault} role="alert">
          {refusal.message}
        </p>
      ) : null}
    </li>
  );
}
