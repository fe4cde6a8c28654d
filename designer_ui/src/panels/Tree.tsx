import {
  draggable,
  dropTargetForElements,
} from "@atlaskit/pragmatic-drag-and-drop/element/adapter";
import type { Input } from "@atlaskit/pragmatic-drag-and-drop/types";
import {
  hotkeysCoreFeature,
  type ItemInstance,
  selectionFeature,
  syncDataLoaderFeature,
  type TreeInstance,
} from "@headless-tree/core";
import { useTree } from "@headless-tree/react";
import { useVirtualizer } from "@tanstack/react-virtual";
import { ChevronRight, Search } from "lucide-react";
import { useEffect, useLayoutEffect, useMemo, useRef, useState } from "react";
import { RightClick } from "../components/Menu";
import { TypeIcon } from "../components/TypeIcon";
import { LeaseBadge } from "../leases/LeaseBadge";
import { useLease } from "../leases/useLease";
import type { Component, Owner } from "../model/document";
import { ancestors, slotsOf } from "../model/view";
import { carry, type Dragged, draggedOf, forbiddenOwners, land, mayLand } from "../workspace/drag";
import { componentMenu } from "../workspace/menu";
import { focusField } from "../workspace/shortcuts";
import type { Drop } from "../workspace/ui";
import {
  useComponent,
  useCurrentPage,
  useOutline,
  usePeople,
  useUi,
  useWorkspace,
} from "../workspace/workspace";
import panel from "./panel.module.css";
import css from "./Tree.module.css";
import { landingInTree } from "./treeLanding";

const ROW = 26;
const INDENT = 14;
const ARROW = { canRepeat: true, preventDefault: true };

/** The components of the page as an outline. */
export function Tree() {
  const page = useCurrentPage();
  const [search, setSearch] = useState("");
  return (
    <section className={css.panel} aria-label="Layers">
      <div className={panel.head}>
        <h2>Layers</h2>
      </div>
      <div className={css.tools}>
        <label className={panel.search}>
          <Search aria-hidden="true" />
          <input
            type="search"
            placeholder="Search layers"
            aria-label="Search layers"
            value={search}
            onChange={(event) => setSearch(event.target.value)}
          />
        </label>
      </div>
      {page === undefined ? null : <TreeOf key={page} page={page} search={search} />}
    </section>
  );
}

function TreeOf({ page, search }: { page: string; search: string }) {
  const workspace = useWorkspace();
  const { commands, types, ui } = workspace;
  const { mirror } = workspace.session;
  const outline = useOutline();
  const selection = useUi((state) => state.selection);
  const [closed, setClosed] = useState<ReadonlySet<string>>(new Set());
  const [focused, setFocused] = useState<string | null>(null);
  const scroller = useRef<HTMLDivElement>(null);
  const root: Owner = `pages/${page}`;

  // While searching, only what matches and what it is in is shown.
  // biome-ignore lint/correctness/useExhaustiveDependencies: the outline says when names move
  const matching = useMemo(() => {
    const wanted = search.trim().toLowerCase();
    if (wanted === "") return null;
    const shown = new Set<string>();
    for (const id of mirror.ids("components")) {
      const component = mirror.get("components", id) as Component;
      const title = types.of(component)?.title ?? component.type;
      if (`${component.name} ${title}`.toLowerCase().includes(wanted)) {
        for (const each of [id, ...ancestors(mirror, id)]) shown.add(each);
      }
    }
    return shown;
  }, [search, mirror, types, outline]);

  const childrenOf = (item: string): string[] => {
    const owner: Owner = item === root ? root : `components/${item}`;
    const slots = slotsOf(mirror, types, owner);
    const rank = (id: string) => slots.indexOf(mirror.get("components", id)?.place.slot ?? "");
    const list = mirror.children(owner).filter((id) => matching?.has(id) ?? true);
    return slots.length > 1 ? list.sort((a, b) => rank(a) - rank(b)) : list;
  };

  // biome-ignore lint/correctness/useExhaustiveDependencies: the outline says when children move
  const expanded = useMemo(() => {
    const open: string[] = [root];
    for (const id of mirror.ids("components")) {
      if (mirror.children(`components/${id}`).length > 0 && (matching || !closed.has(id)))
        open.push(id);
    }
    return open;
  }, [root, mirror, closed, matching, outline]);

  const tree = useTree<string>({
    rootItemId: root,
    getItemName: (item) => mirror.get("components", item.getId())?.name ?? "",
    isItemFolder: (item) =>
      item.getId() === root || mirror.children(`components/${item.getId()}`).length > 0,
    dataLoader: { getItem: (id) => id, getChildren: childrenOf },
    state: { expandedItems: expanded, selectedItems: [...selection], focusedItem: focused },
    setExpandedItems: (update) => {
      const next = new Set(typeof update === "function" ? update(expanded) : update);
      setClosed((before) => {
        const after = new Set(before);
        for (const id of expanded) if (!next.has(id)) after.add(id);
        for (const id of next) after.delete(id);
        return after;
      });
    },
    setSelectedItems: (update) => {
      const before = [...ui.getState().selection];
      commands.select(typeof update === "function" ? update(before) : update);
    },
    setFocusedItem: (update) =>
      setFocused((before) => (typeof update === "function" ? update(before) : update)),
    onPrimaryAction: () => {},
    scrollToItem: (item) => virtual.scrollToIndex(item.getItemMeta().index),
    features: [syncDataLoaderFeature, selectionFeature, hotkeysCoreFeature],
    hotkeys: {
      // The selection follows the focus, as people know it from layer lists elsewhere.
      focusNextItem: { ...ARROW, hotkey: "ArrowDown", handler: (_event, each) => step(each, 1) },
      focusPreviousItem: { ...ARROW, hotkey: "ArrowUp", handler: (_event, each) => step(each, -1) },
      customEdit: { hotkey: "Enter", handler: () => focusField("first") },
    },
  });

  const step = (each: TreeInstance<string>, by: number) => {
    const list = each.getItems();
    const next = list[list.indexOf(each.getFocusedItem()) + by];
    if (!next) return;
    next.setFocused();
    commands.select([next.getId()]);
    // At once where the row is there: a focus that comes later is taken from where one went meanwhile.
    const row = next.getElement();
    if (row) row.focus();
    else each.updateDomFocus();
  };

  // The tree keeps its own list of rows and must be told when the design changed it.
  // biome-ignore lint/correctness/useExhaustiveDependencies: rows depend on all of these
  useLayoutEffect(() => tree.rebuildTree(), [tree, outline, matching, expanded]);

  const items = tree.getItems();
  const virtual = useVirtualizer({
    count: items.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => ROW,
    overscan: 12,
  });

  // What is selected elsewhere comes into view here.
  const latest = selection.at(-1);
  // biome-ignore lint/correctness/useExhaustiveDependencies: only a new selection moves the view
  useEffect(() => {
    if (latest === undefined) return;
    const hidden = ancestors(mirror, latest).filter((id) => closed.has(id));
    if (hidden.length > 0) {
      setClosed((before) => new Set([...before].filter((id) => !hidden.includes(id))));
    }
    setFocused(latest);
    const index = tree.getItems().findIndex((item) => item.getId() === latest);
    if (index >= 0) virtual.scrollToIndex(index, { align: "auto" });
  }, [latest]);

  useEffect(() => {
    const element = scroller.current;
    if (!element) return;
    const landingAt = (dragged: Dragged, { clientY }: Input): Drop | null => {
      const forbidden = forbiddenOwners(workspace, dragged);
      const area = element.getBoundingClientRect();
      const landing = landingInTree({
        view: mirror,
        types,
        root,
        rows: tree.getItems().map((item) => ({
          id: item.getId(),
          level: item.getItemMeta().level,
          open: item.isExpanded(),
        })),
        y: clientY - area.top + element.scrollTop,
        width: area.width,
        row: ROW,
        indent: INDENT,
        ignore: new Set(dragged.kind === "components" ? dragged.ids : []),
        may: (owner, slot) => !forbidden.has(owner) && mayLand(workspace, dragged, owner, slot),
      });
      return landing && { surface: "tree", ...landing };
    };
    return dropTargetForElements({
      element,
      canDrop: ({ source }) => draggedOf(source.data) !== undefined,
      onDrag({ source, location }) {
        const dragged = draggedOf(source.data);
        if (dragged) ui.setState({ drop: landingAt(dragged, location.current.input) });
      },
      onDragLeave: () => ui.setState({ drop: null }),
      onDrop({ source, location }) {
        const dragged = draggedOf(source.data);
        const drop = dragged && landingAt(dragged, location.current.input);
        ui.setState({ drop: null });
        if (dragged && drop) land(commands, dragged, drop.target);
      },
    });
  }, [workspace, commands, ui, mirror, types, root, tree]);

  const drop = useUi((state) => state.drop);
  return (
    <RightClick entries={componentMenu(commands)}>
      <div ref={scroller} className={css.scroller}>
        <div
          {...tree.getContainerProps("Layers")}
          className={css.rows}
          style={{ height: virtual.getTotalSize() }}
        >
          {virtual.getVirtualItems().map(({ index, start }) => {
            const item = items[index];
            return item ? <Row key={item.getId()} item={item} top={start} /> : null;
          })}
          {drop?.surface === "tree" ? <div className={css.line} style={drop.line} /> : null}
        </div>
        {items.length === 0 ? (
          <p className={css.none}>
            {matching ? "No layer is called that." : "Nothing on this page yet."}
          </p>
        ) : null}
      </div>
    </RightClick>
  );
}

function Row({ item, top }: { item: ItemInstance<string>; top: number }) {
  const id = item.getId();
  const { commands, types } = useWorkspace();
  const component = useComponent(id);
  const showPeople = useUi((state) => state.showPeople);
  const people = usePeople().filter((person) => showPeople && person.selection.includes(id));
  const { lease, mine } = useLease(`components/${id}`);
  const holder = mine ? "you" : lease?.holder.name || "somebody else";
  const held = lease && `${lease.kind === "hard" ? "Locked" : "Being edited"} by ${holder}`;
  const ref = useRef<HTMLDivElement>(null);

  useEffect(() => {
    const element = ref.current;
    if (!element) return;
    return draggable({
      element,
      canDrag: () => {
        const selection = commands.selection();
        return commands.leasing.mayMove(selection.includes(id) ? selection : [id]);
      },
      getInitialData: () => {
        const selection = commands.selection();
        return carry({ kind: "components", ids: selection.includes(id) ? selection : [id] });
      },
    });
  }, [id, commands]);

  if (!component) return null;
  const type = types.of(component);
  const { level, posInSet, setSize } = item.getItemMeta();
  const slot = component.place.slot;
  const props = item.getProps();
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: role and keys come with the tree's props
    // biome-ignore lint/a11y/useKeyWithClickEvents: as above
    // biome-ignore lint/a11y/useAriaPropsSupportedByRole: as above
    <div
      {...props}
      ref={(element: HTMLDivElement | null) => {
        ref.current = element;
        item.registerElement(element);
      }}
      className={css.row}
      data-selected={item.isSelected()}
      data-quiet={component.props.visible === false}
      aria-label={component.name}
      aria-description={held}
      aria-level={level + 1}
      aria-posinset={posInSet + 1}
      aria-setsize={setSize}
      style={{ transform: `translateY(${top}px)`, paddingLeft: 4 + level * INDENT }}
      // Not the tree's own click, which would also open and close containers.
      onClick={(event) => {
        if (event.shiftKey) item.selectUpTo(event.ctrlKey || event.metaKey);
        else if (event.ctrlKey || event.metaKey) commands.toggle(id);
        else commands.select([id]);
        const anchor = item.getTree().getDataRef<{ selectUpToAnchorId?: string | null }>();
        if (!event.shiftKey) anchor.current.selectUpToAnchorId = id;
        item.setFocused();
      }}
      onContextMenu={() => {
        if (!item.isSelected()) commands.select([id]);
      }}
      onDoubleClick={() => focusField("name")}
    >
      <span
        className={css.arrow}
        data-open={item.isExpanded()}
        aria-hidden="true"
        onClick={(event) => {
          event.stopPropagation();
          if (item.isExpanded()) item.collapse();
          else item.expand();
        }}
      >
        {item.isFolder() ? <ChevronRight /> : null}
      </span>
      <TypeIcon icon={type?.icon} />
      <span className={css.name}>{component.name}</span>
      {slot === "content" ? null : <span className={css.slot} data-slot-name={slot} />}
      <LeaseBadge id={id} />
      {people.slice(0, 3).map((person) => (
        <i
          key={person.id}
          className={css.dot}
          style={{ backgroundColor: person.color }}
          title={`Selected by ${person.user.name}`}
        />
      ))}
    </div>
  );
}
