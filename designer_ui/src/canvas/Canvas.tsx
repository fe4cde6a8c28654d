import {
  dropTargetForElements,
  monitorForElements,
} from "@atlaskit/pragmatic-drag-and-drop/element/adapter";
import type { Input } from "@atlaskit/pragmatic-drag-and-drop/types";
import { Plus } from "lucide-react";
import {
  type CSSProperties,
  type KeyboardEvent,
  type MouseEvent,
  type PointerEvent,
  useEffect,
  useRef,
  useState,
} from "react";
import { Button } from "../components/Button";
import { RightClick } from "../components/Menu";
import { PAGE_SLOT } from "../model/document";
import { type Dragged, draggedOf, forbiddenOwners, land, mayLand } from "../workspace/drag";
import { componentMenu } from "../workspace/menu";
import type { Box, Drop } from "../workspace/ui";
import {
  useChildren,
  useCurrentPage,
  usePage,
  useTheme,
  useUi,
  useWorkspace,
} from "../workspace/workspace";
import css from "./Canvas.module.css";
import { Slot } from "./CanvasNode";
import { findLanding } from "./landing";
import { boxBetween, enclosed } from "./marquee";
import { Overlay } from "./Overlay";

const WALK: { [key: string]: "next" | "previous" | "parent" | "child" } = {
  ArrowDown: "next",
  ArrowUp: "previous",
  ArrowLeft: "parent",
  ArrowRight: "child",
};

/** A pointer that moves less than this between down and up has clicked (px). */
const DRAWN_FROM = 4;

/** The page as its users will see it, with everyone's selections over it. */
export function Canvas() {
  const workspace = useWorkspace();
  const { commands, ui } = workspace;
  const page = useCurrentPage();
  const scroller = useRef<HTMLDivElement>(null);
  const content = useRef<HTMLDivElement>(null);
  const [hovered, setHovered] = useState<string | null>(null);

  useEffect(() => {
    const surface = scroller.current;
    const inner = content.current;
    if (!surface || !inner) return;
    const landingAt = (dragged: Dragged, { clientX, clientY }: Input): Drop | null => {
      const forbidden = forbiddenOwners(workspace, dragged);
      const landing = findLanding(
        surface,
        clientX,
        clientY,
        (owner, slot) => !forbidden.has(owner) && mayLand(workspace, dragged, owner, slot),
        new Set(dragged.kind === "components" ? dragged.ids : []),
      );
      if (!landing) return null;
      const { target, line } = landing;
      const origin = inner.getBoundingClientRect();
      const left = line.left - origin.left;
      return { surface: "canvas", target, line: { ...line, left, top: line.top - origin.top } };
    };
    const watch = monitorForElements({
      onDragStart: ({ source }) => ui.setState({ dragging: draggedOf(source.data) !== undefined }),
      onDrop: () => ui.setState({ dragging: false }),
    });
    const target = dropTargetForElements({
      element: surface,
      canDrop: ({ source }) => draggedOf(source.data) !== undefined,
      onDrag({ source, location }) {
        const dragged = draggedOf(source.data);
        if (dragged) ui.setState({ drop: landingAt(dragged, location.current.input) });
      },
      onDragLeave: () => ui.setState({ drop: null }),
      onDrop({ source, location }) {
        const dragged = draggedOf(source.data);
        // Measured anew: the last move may not have been drawn yet.
        const drop = dragged && landingAt(dragged, location.current.input);
        ui.setState({ drop: null });
        if (dragged && drop) land(commands, dragged, drop.target);
      },
    });
    return () => {
      watch();
      target();
    };
  }, [workspace, commands, ui]);

  useEffect(() => {
    const surface = scroller.current;
    const onWheel = (event: WheelEvent) => {
      if (!event.ctrlKey && !event.metaKey) return;
      // The browser would zoom the whole designer.
      event.preventDefault();
      if (event.deltaY !== 0) commands.zoom(event.deltaY < 0 ? "in" : "out");
    };
    surface?.addEventListener("wheel", onWheel, { passive: false });
    return () => surface?.removeEventListener("wheel", onWheel);
  }, [commands]);

  const dragging = useUi((state) => state.dragging);
  const selected = useUi((state) => state.selection).at(-1);
  useEffect(() => {
    if (selected === undefined) return;
    const node = scroller.current?.querySelector(`[data-component="${CSS.escape(selected)}"]`);
    node?.scrollIntoView({ block: "nearest", inline: "nearest" });
  }, [selected]);

  const idAt = (event: MouseEvent) =>
    (event.target as Element).closest<HTMLElement>("[data-component]")?.dataset.component;

  // A rectangle drawn from an empty spot selects what it encloses.
  const [area, setArea] = useState<Box | null>(null);
  const drawing = useRef<{ x: number; y: number; drawn: boolean } | null>(null);
  const pointIn = (event: MouseEvent) => {
    const origin = content.current?.getBoundingClientRect();
    return { x: event.clientX - (origin?.left ?? 0), y: event.clientY - (origin?.top ?? 0) };
  };
  const onPointerDown = (event: PointerEvent) => {
    drawing.current = null;
    if (event.button !== 0 || event.pointerType !== "mouse" || idAt(event) !== undefined) return;
    if ((event.target as Element).closest("button")) return;
    drawing.current = { ...pointIn(event), drawn: false };
  };
  const onPointerMove = (event: PointerEvent) => {
    const start = drawing.current;
    if (!start || (event.buttons & 1) === 0) return;
    const drawn = boxBetween(start, pointIn(event));
    if (!start.drawn) {
      if (Math.max(drawn.width, drawn.height) < DRAWN_FROM) return;
      start.drawn = true;
      event.currentTarget.setPointerCapture(event.pointerId);
    }
    setArea(drawn);
  };
  const onPointerUp = (event: PointerEvent) => {
    const start = drawing.current;
    setArea(null);
    if (!start?.drawn || page === undefined) return;
    const found = enclosed(
      workspace.session.mirror,
      page,
      boxBetween(start, pointIn(event)),
      (id) => boxOf(content.current, id),
    );
    const before = event.shiftKey || event.ctrlKey || event.metaKey ? commands.selection() : [];
    commands.select([...new Set([...before, ...found])]);
    commands.say(`${found.length} selected`);
  };

  const onClick = (event: MouseEvent) => {
    if (drawing.current?.drawn) {
      // The end of a drawn rectangle, which has selected already.
      drawing.current = null;
      scroller.current?.focus({ preventScroll: true });
      return;
    }
    const id = idAt(event);
    scroller.current?.focus({ preventScroll: true });
    if (id === undefined) commands.select([]);
    else if (event.shiftKey || event.ctrlKey || event.metaKey) commands.toggle(id);
    else commands.select([id]);
  };

  const onContextMenu = (event: MouseEvent) => {
    const id = idAt(event);
    if (id === undefined) commands.select([]);
    else if (!commands.selection().includes(id)) commands.select([id]);
  };

  const onKeyDown = (event: KeyboardEvent) => {
    const to = WALK[event.key];
    if (!to || event.altKey || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    commands.walk(to);
  };

  return (
    <RightClick entries={componentMenu(commands)}>
      <section
        ref={scroller}
        className={css.canvas}
        aria-label="Canvas"
        data-dragging={dragging}
        // biome-ignore lint/a11y/noNoninteractiveTabindex: arrow keys walk the components here
        tabIndex={0}
        onClick={onClick}
        onContextMenu={onContextMenu}
        onKeyDown={onKeyDown}
        onPointerDown={onPointerDown}
        onPointerMove={onPointerMove}
        onPointerUp={onPointerUp}
        onPointerCancel={() => {
          drawing.current = null;
          setArea(null);
        }}
        onPointerOver={(event) => setHovered(idAt(event) ?? null)}
        onPointerLeave={() => setHovered(null)}
      >
        <div ref={content} className={css.content}>
          {page === undefined ? null : <PageSurface key={page} page={page} />}
          <Overlay content={content} hovered={hovered} />
          {area ? <div className={css.area} style={{ ...area }} /> : null}
        </div>
      </section>
    </RightClick>
  );
}

function boxOf(root: HTMLElement | null, id: string): Box | undefined {
  const rect = root?.querySelector(`[data-component="${CSS.escape(id)}"]`)?.getBoundingClientRect();
  const origin = root?.getBoundingClientRect();
  if (!rect || !origin) return undefined;
  const { width, height } = rect;
  return { left: rect.left - origin.left, top: rect.top - origin.top, width, height };
}

function PageSurface({ page }: { page: string }) {
  const { commands } = useWorkspace();
  const theme = useTheme();
  const title = usePage(page)?.name ?? "";
  const zoom = useUi((state) => state.zoom);
  const empty = useChildren(`pages/${page}`).length === 0;
  const primary = [theme?.primary, theme?.primaryColor].find(
    (each) => typeof each === "string" && /^#[0-9a-f]{6}$/i.test(each),
  );
  return (
    <div
      className={css.page}
      role="group"
      aria-label={`Page ${title}`}
      style={{ "--app-primary": primary ?? "#0b6b5f", zoom } as CSSProperties}
    >
      <Slot owner={`pages/${page}`} slot={PAGE_SLOT} depth={0} />
      {empty ? (
        <div className={css.empty}>
          <p>This page is empty.</p>
          <p>Drag a component here, or choose one to add.</p>
          <Button
            icon={<Plus />}
            onClick={(event) => {
              event.stopPropagation();
              commands.showPanel("insert");
            }}
          >
            Show components
          </Button>
        </div>
      ) : null}
    </div>
  );
}
