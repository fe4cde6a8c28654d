import { Lock, PencilLine } from "lucide-react";
import { type CSSProperties, type RefObject, useLayoutEffect, useMemo, useState } from "react";
import { openOn, threadsOf } from "../model/threads";
import type { Box } from "../workspace/ui";
import { useOutline, usePeople, useUi, useWatched, useWorkspace } from "../workspace/workspace";
import css from "./Overlay.module.css";

interface OverlayProps {
  content: RefObject<HTMLDivElement | null>;
  hovered: string | null;
}

interface Outline {
  key: string;
  id: string;
  kind: "own" | "hover" | "person" | "lease";
  label: string;
  /** The field the person is in. */
  at?: string;
  color?: string;
  /** Of a lease: others may edit all the same. */
  soft?: boolean;
}

/** Outlines of selections, drawn over the page so that nothing on it moves or is clipped. */
export function Overlay({ content, hovered }: OverlayProps) {
  const workspace = useWorkspace();
  const { me, session, comments } = workspace;
  const { mirror } = session;
  const { known, leases } = useWatched(workspace.leases.state);
  const selection = useUi((ui) => ui.selection);
  const showPeople = useUi((ui) => ui.showPeople);
  const drop = useUi((ui) => ui.drop);
  const people = usePeople();
  useOutline();

  const outlines: Outline[] = [];
  if (hovered !== null && !selection.includes(hovered)) {
    outlines.push({ key: `h${hovered}`, id: hovered, kind: "hover", label: "" });
  }
  for (const person of showPeople ? people : []) {
    for (const id of person.selection) {
      const { field, user, color } = person;
      const at = field?.element === `components/${id}` ? String(field.path.at(-1)) : "";
      outlines.push({ key: person.id + id, id, kind: "person", label: user.name, at, color });
    }
  }
  for (const lease of leases) {
    if (!lease.element.startsWith("components/")) continue;
    const id = lease.element.slice("components/".length);
    const who = lease.holder.id === me.id ? "You" : lease.holder.name || "Somebody";
    const label = known ? who : `${who}?`;
    outlines.push({ key: `l${id}`, id, kind: "lease", label, soft: lease.kind === "soft" });
  }
  selection.forEach((id, i) => {
    const label = i === selection.length - 1 ? (mirror.get("components", id)?.name ?? "") : "";
    outlines.push({ key: `s${id}`, id, kind: "own", label });
  });
  const list = useWatched(comments.list);
  const talked = useMemo(() => openOn(threadsOf(list)), [list]);
  const wanted = [...outlines.map((outline) => outline.id), ...talked.keys()];
  const boxes = useBoxes(content, wanted.join(" "));

  return (
    <div className={css.overlay} aria-hidden="true">
      {outlines.map(({ key, id, kind, color }) => (
        <div key={key} className={css[kind]} style={placed(boxes[id], color)} />
      ))}
      {/* Names lie above all outlines, so that none is crossed out. */}
      {outlines.map(({ key, id, kind, label, at, color, soft }) =>
        label && boxes[id] ? (
          <div key={key} className={css[`${kind}Name`]} style={placed(boxes[id], color)}>
            <div className={boxes[id].top < 20 ? css.inside : css.tag}>
              {kind === "lease" ? soft ? <PencilLine /> : <Lock /> : null}
              <span>{label}</span>
              {at ? <i> · {at}</i> : null}
            </div>
          </div>
        ) : null,
      )}
      {[...talked].map(([id, count]) =>
        boxes[id] ? (
          <div key={`c${id}`} className={css.talk} style={placed(boxes[id], undefined)}>
            <span>{count}</span>
          </div>
        ) : null,
      )}
      {drop?.surface === "canvas" ? <div className={css.line} style={drop.line} /> : null}
    </div>
  );
}

function placed(box: Box | undefined, color: string | undefined): CSSProperties {
  return box ? ({ ...box, "--person": color } as CSSProperties) : { display: "none" };
}

/** Where components are, in the content's coordinates; measured anew whenever the page is laid out differently. */
function useBoxes(content: RefObject<HTMLDivElement | null>, ids: string): { [id: string]: Box } {
  const [boxes, setBoxes] = useState<{ [id: string]: Box }>({});
  useLayoutEffect(() => {
    const root = content.current;
    if (!root) return;
    const wanted = [...new Set(ids.split(" ").filter(Boolean))];
    let frame = 0;
    const measure = () => {
      frame = 0;
      const next = measureAll(root, wanted);
      setBoxes((before) => (same(before, next) ? before : next));
    };
    const soon = () => {
      if (frame === 0) frame = requestAnimationFrame(measure);
    };
    measure();
    if (wanted.length === 0) return;
    const page = root.firstElementChild;
    const resize = new ResizeObserver(soon);
    resize.observe(root);
    const change = new MutationObserver(soon);
    if (page) {
      resize.observe(page);
      change.observe(page, {
        subtree: true,
        childList: true,
        characterData: true,
        attributes: true,
      });
    }
    // Parts that were skipped while off screen get their real size when they are scrolled to.
    root.parentElement?.addEventListener("scroll", soon, { passive: true });
    return () => {
      cancelAnimationFrame(frame);
      resize.disconnect();
      change.disconnect();
      root.parentElement?.removeEventListener("scroll", soon);
    };
  }, [content, ids]);
  return boxes;
}

/** From here on one walk over the page is cheaper than a search for each. */
const MANY = 20;

function measureAll(root: HTMLElement, ids: readonly string[]): { [id: string]: Box } {
  const origin = root.getBoundingClientRect();
  const found: { [id: string]: Box } = {};
  const all = ids.length > MANY ? nodesById(root) : undefined;
  for (const id of ids) {
    const node = all ? all.get(id) : root.querySelector(`[data-component="${CSS.escape(id)}"]`);
    const rect = node?.getBoundingClientRect();
    if (!rect) continue;
    found[id] = {
      left: rect.left - origin.left,
      top: rect.top - origin.top,
      width: rect.width,
      height: rect.height,
    };
  }
  return found;
}

function nodesById(root: HTMLElement): Map<string, HTMLElement> {
  const nodes = root.querySelectorAll<HTMLElement>("[data-component]");
  return new Map([...nodes].map((node) => [node.dataset.component ?? "", node]));
}

function same(a: { [id: string]: Box }, b: { [id: string]: Box }): boolean {
  const ids = Object.keys(a);
  if (ids.length !== Object.keys(b).length) return false;
  return ids.every((id) => {
    const [x, y] = [a[id], b[id]];
    return (
      x !== undefined &&
      y !== undefined &&
      x.left === y.left &&
      x.top === y.top &&
      x.width === y.width &&
      x.height === y.height
    );
  });
}
