import { CopyPlus, MoreHorizontal, Plus, Trash2 } from "lucide-react";
import { IconButton } from "../../components/Button";
import { Menu } from "../../components/Menu";
import { DATA_SECTIONS, DATA_WORDS, type DataSection } from "../../model/data";
import type { DataSource, Query, Script } from "../../model/document";
import { useDataOn, useElement, usePeople, useUi, useWorkspace } from "../../workspace/workspace";
import rows from "../Pages.module.css";
import panel from "../panel.module.css";
import css from "./DataList.module.css";
import { DataIcon } from "./icons";

/** Queries and scripts of the page and of the whole app, and the data sources. */
export function DataList() {
  return (
    <div className={css.lists}>
      {DATA_SECTIONS.map((section) => (
        <DataSectionList key={section} section={section} />
      ))}
    </div>
  );
}

const NONE: { [S in DataSection]: string } = {
  queries: "A query reads or writes data. Expressions show what came back.",
  scripts: "A script holds functions that expressions call.",
  dataSources: "A data source says where queries go.",
};

function DataSectionList({ section }: { section: DataSection }) {
  const { commands } = useWorkspace();
  const ids = useDataOn(section);
  const { one, many } = DATA_WORDS[section];
  return (
    <section className={css.section} aria-label={many}>
      <div className={panel.head}>
        <h2>{many}</h2>
        <IconButton label={`Add ${one}`} size="s" onClick={() => commands.addData(section)}>
          <Plus />
        </IconButton>
      </div>
      {ids.length === 0 ? <p className={css.none}>{NONE[section]}</p> : null}
      <ul className={css.rows}>
        {ids.map((id) => (
          <DataRow key={id} section={section} id={id} />
        ))}
      </ul>
    </section>
  );
}

function DataRow({ section, id }: { section: DataSection; id: string }) {
  const { commands } = useWorkspace();
  const element = `${section}/${id}`;
  const item = useElement(element) as Query | Script | DataSource | undefined;
  const open = useUi((ui) => ui.open) === element;
  const here = usePeople().filter((person) => person.field?.element === element);
  if (!item) return null;
  const tag = section === "dataSources" ? (item as DataSource).kind : scopeOf(item);
  return (
    <li className={rows.row} data-current={open}>
      <button
        type="button"
        className={rows.name}
        aria-label={item.name}
        aria-description={[tag, ...here.map(({ user }) => `${user.name} is editing this`)].join(
          ", ",
        )}
        aria-current={open ? "true" : undefined}
        onClick={() => commands.open(element)}
      >
        <DataIcon section={section} />
        <span>{item.name}</span>
        <small className={css.tag} data-tag={tag} aria-hidden="true" />
        {here.slice(0, 3).map((person) => (
          <i
            key={person.id}
            className={rows.dot}
            style={{ backgroundColor: person.color }}
            title={`${person.user.name} is editing this`}
          />
        ))}
      </button>
      <Menu
        entries={[
          {
            label: "Duplicate",
            icon: <CopyPlus />,
            run: () => commands.duplicateData(element),
          },
          null,
          {
            label: `Delete ${DATA_WORDS[section].one}`,
            icon: <Trash2 />,
            danger: true,
            run: () => commands.removeData(element),
          },
        ]}
      >
        <IconButton
          className={rows.more ?? ""}
          label={`Actions for ${item.name}`}
          size="s"
          tip={false}
        >
          <MoreHorizontal />
        </IconButton>
      </Menu>
    </li>
  );
}

/** Nothing for what belongs to the page, as most do. */
function scopeOf(item: Query | Script | DataSource): string {
  return "page" in item && item.page === null ? "app" : "";
}
