/** A page as it was, with what changed marked on it. */
import { type CSSProperties, useEffect, useMemo, useRef } from "react";
import canvas from "../canvas/Canvas.module.css";
import { Slot } from "../canvas/CanvasNode";
import type { Mark } from "../model/compare";
import { PAGE_SLOT } from "../model/document";
import { PropertyChecker } from "../model/schema";
import { TypeCatalog, type TypesAnswer } from "../model/types";
import type { Snapshot, User } from "../sync/rest";
import { stillDesign } from "../sync/still";
import { Commands } from "../workspace/commands";
import { createUi } from "../workspace/ui";
import { useTheme, type Workspace, WorkspaceProvider } from "../workspace/workspace";
import css from "./still.module.css";

export function stillWorkspace(
  id: string,
  snapshot: Snapshot,
  types: TypesAnswer,
  me: User,
): Workspace {
  const workspace = {
    ...stillDesign(id, snapshot, me),
    types: new TypeCatalog(types),
    checker: new PropertyChecker(types.shared),
    ui: createUi(true),
    me,
  } as Workspace;
  workspace.commands = new Commands(workspace);
  return workspace;
}

interface StillProps {
  workspace: Workspace;
  page: string;
  label: string;
  marks: ReadonlyMap<string, Mark>;
  picked: string | null;
  zoom: number;
  onPick(id: string | null): void;
  onHover?(id: string | null): void;
}

export function Still(props: StillProps) {
  const { workspace, page, label, marks, picked, zoom, onPick, onHover } = props;
  const ref = useRef<HTMLDivElement>(null);
  const there = workspace.session.mirror.get("pages", page) !== undefined;
  const rules = useMemo(() => [...marks], [marks]);

  // biome-ignore lint/correctness/useExhaustiveDependencies: another page has other nodes
  useEffect(() => {
    const root = ref.current;
    if (!root) return;
    const nodes = new Map(
      [...root.querySelectorAll<HTMLElement>("[data-component]")].map((node) => [
        node.dataset.component ?? "",
        node,
      ]),
    );
    for (const [id, mark] of rules) nodes.get(id)?.setAttribute("data-mark", mark);
    const node = picked === null ? undefined : nodes.get(picked);
    node?.setAttribute("data-picked", "true");
    node?.scrollIntoView({ block: "nearest", inline: "nearest" });
    return () => {
      for (const [, each] of nodes) {
        each.removeAttribute("data-mark");
        each.removeAttribute("data-picked");
      }
    };
  }, [rules, picked, page, workspace]);

  const idAt = (event: React.SyntheticEvent) =>
    (event.target as Element).closest<HTMLElement>("[data-component]")?.dataset.component ?? null;
  return (
    <WorkspaceProvider value={workspace}>
      {/* biome-ignore lint/a11y/useKeyWithClickEvents: the tree beside it does the same by keyboard */}
      <section
        ref={ref}
        className={css.still}
        aria-label={label}
        // biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls
        tabIndex={0}
        onClick={(event) => onPick(idAt(event))}
        onPointerOver={(event) => onHover?.(idAt(event))}
        onPointerLeave={() => onHover?.(null)}
      >
        {there ? <StillPage page={page} zoom={zoom} /> : <p>This page is not in this version.</p>}
      </section>
    </WorkspaceProvider>
  );
}

function StillPage({ page, zoom }: { page: string; zoom: number }) {
  const theme = useTheme();
  const primary = [theme?.primary, theme?.primaryColor].find(
    (each) => typeof each === "string" && /^#[0-9a-f]{6}$/i.test(each),
  );
  return (
    <div
      className={`${canvas.page} ${css.page}`}
      style={{ "--app-primary": primary ?? "#0b6b5f", zoom } as CSSProperties}
    >
      <Slot owner={`pages/${page}`} slot={PAGE_SLOT} depth={0} />
    </div>
  );
}
