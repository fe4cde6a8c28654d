import { ArrowRight, File, Plus } from "lucide-react";
import type { ReactNode } from "react";
import { TypeIcon } from "../components/TypeIcon";
import { DATA_SECTIONS, DATA_WORDS } from "../model/data";
import type { Findable } from "../model/find";
import { componentsOfPage } from "../model/view";
import { DataIcon } from "../panels/data/icons";
import type { Workspace } from "../workspace/workspace";

export interface FinderEntry extends Findable {
  key: string;
  icon: ReactNode;
  run(): void;
}

/** Commands that make sense now, pages, queries and their like, component types, components. */
export function finderEntries(workspace: Workspace): FinderEntry[] {
  return [
    ...commandEntries(workspace),
    ...placeEntries(workspace),
    ...typeEntries(workspace),
    ...componentEntries(workspace),
  ];
}

function commandEntries({ commands, session }: Workspace): FinderEntry[] {
  const entry = (title: string, keys: string, run: () => void): FinderEntry => ({
    key: `command:${title}`,
    title,
    detail: keys,
    icon: <ArrowRight aria-hidden="true" />,
    run,
  });
  const { undo, redo } = session.history.labels();
  const found: FinderEntry[] = [];
  if (undo !== null) found.push(entry(`Undo: ${undo}`, "Ctrl+Z", () => commands.undo()));
  if (redo !== null) found.push(entry(`Redo: ${redo}`, "Ctrl+Shift+Z", () => commands.redo()));
  const chosen = commands.selection();
  if (chosen.length > 0) {
    const name = commands.label(chosen);
    found.push(entry(`Duplicate ${name}`, "Ctrl+D", () => commands.duplicate()));
    const isOwn = chosen.every((id) => commands.leasing.isOwn(`components/${id}`));
    const title = isOwn ? `Release ${name}` : `Lock ${name}`;
    found.push(entry(title, "Shift+L", () => commands.leasing.toggle(chosen)));
    found.push(entry(`Delete ${name}`, "Delete", () => commands.remove()));
  }
  found.push(entry("Add page", "", () => commands.addPage()));
  for (const section of DATA_SECTIONS) {
    found.push(entry(`Add ${DATA_WORDS[section].one}`, "", () => commands.addData(section)));
  }
  found.push(entry("Check", "", () => commands.check()));
  found.push(entry("Export", "", () => commands.exportFile(null)));
  found.push(entry("Keyboard shortcuts", "?", () => commands.showSheet("keys")));
  return found;
}

function placeEntries({ commands, session }: Workspace): FinderEntry[] {
  const { mirror } = session;
  const found = mirror.pages().map(
    (id): FinderEntry => ({
      key: `pages/${id}`,
      title: mirror.get("pages", id)?.name ?? "",
      detail: "Page",
      icon: <File aria-hidden="true" />,
      run: () => commands.showPage(id),
    }),
  );
  for (const section of DATA_SECTIONS) {
    const { one } = DATA_WORDS[section];
    for (const id of mirror.ids(section)) {
      found.push({
        key: `${section}/${id}`,
        title: mirror.get(section, id)?.name ?? "",
        detail: `${one.charAt(0).toUpperCase()}${one.slice(1)}`,
        icon: <DataIcon section={section} />,
        run: () => commands.open(`${section}/${id}`),
      });
    }
  }
  return found;
}

function typeEntries({ commands, types }: Workspace): FinderEntry[] {
  return types.palette().flatMap((group) =>
    group.types.map((type) => ({
      key: `type:${type.type}`,
      title: `Add ${type.title}`,
      detail: group.category,
      icon: <Plus aria-hidden="true" />,
      run: () => commands.insert(type.type),
    })),
  );
}

function componentEntries({ commands, session, types }: Workspace): FinderEntry[] {
  const { mirror } = session;
  return mirror.pages().flatMap((page) => {
    const name = mirror.get("pages", page)?.name ?? "";
    return componentsOfPage(mirror, page).flatMap((id): FinderEntry[] => {
      const component = mirror.get("components", id);
      if (!component) return [];
      const type = types.of(component);
      return [
        {
          key: `components/${id}`,
          title: component.name,
          detail: `${type?.title ?? component.type}, ${name}`,
          icon: <TypeIcon icon={type?.icon} />,
          run: () => commands.select([id]),
        },
      ];
    });
  });
}
