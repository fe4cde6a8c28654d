import { RotateCcw } from "lucide-react";
import { useMemo } from "react";
import { IconButton } from "../components/Button";
import { piecesOf } from "../model/compare";
import type { Element, Json } from "../model/document";
import { words } from "../model/words";
import type { Change, RestorePart } from "../sync/versions";
import { useBlame } from "./blame";
import css from "./History.module.css";
import { when } from "./Timeline";
import type { Comparison } from "./useComparison";

interface DetailsProps {
  comparison: Comparison;
  /** Only this element's changes; null for all. */
  element: Element | null;
  onRestore?(part: RestorePart, what: string): void;
}

const KIND_SAYS: { [kind: string]: string } = {
  added: "Added",
  removed: "Removed",
  moved: "Moved",
  renamed: "Renamed",
  retyped: "Another type",
};
/** Beyond this one chooses in the tree. */
const MOST_SHOWN = 200;

/** Every changed property, old beside new, texts with their edits marked. */
export function Details({ comparison, element, onRestore }: DetailsProps) {
  const { diff, before, after } = comparison;
  const groups = useMemo(() => {
    const found = new Map<Element, Change[]>();
    for (const change of diff.changes) {
      if (element !== null && change.element !== element) continue;
      const group = found.get(change.element);
      if (group) group.push(change);
      else found.set(change.element, [change]);
    }
    return [...found];
  }, [diff, element]);
  const nameOf = (mirror: Comparison["after"] | null, key: string) =>
    mirror?.session.mirror.get("components", key)?.name ??
    mirror?.session.mirror.get("pages", key)?.name;
  const name = (key: string) => nameOf(after, key) ?? nameOf(before, key) ?? key;

  return (
    <div className={css.details}>
      {groups.length === 0 ? <p>Nothing differs between these versions.</p> : null}
      {groups.slice(0, MOST_SHOWN).map(([each, changes]) => (
        <ElementChanges
          key={each}
          id={comparison.design}
          element={each}
          changes={changes}
          version={comparison.to}
          withBlame={groups.length === 1}
          nameOf={name}
          {...(onRestore ? { onRestore } : {})}
        />
      ))}
      {groups.length > MOST_SHOWN ? (
        <p>{groups.length - MOST_SHOWN} more: choose one in the list beside.</p>
      ) : null}
    </div>
  );
}

interface ElementChangesProps {
  id: string;
  element: Element;
  changes: readonly Change[];
  version: number;
  withBlame: boolean;
  nameOf(key: string): string;
  onRestore?: DetailsProps["onRestore"];
}

function ElementChanges(props: ElementChangesProps) {
  const { id, element, changes, version, withBlame, nameOf, onRestore } = props;
  const [first] = changes;
  const blame = useBlame(id, withBlame ? element : null, version);
  const whole = changes.find(({ kind }) => kind === "added" || kind === "removed");
  const title = first?.name || words(element);
  return (
    <section className={css.element} aria-label={title}>
      <header>
        <h3>{title}</h3>
        {first?.type ? <span>{first.type}</span> : null}
        {whole ? <b data-mark={whole.kind}>{KIND_SAYS[whole.kind]}</b> : null}
        {whole?.kind === "added" || !onRestore ? null : (
          <IconButton
            label={`Restore ${title}`}
            size="s"
            onClick={() => onRestore({ element }, title)}
          >
            <RotateCcw />
          </IconButton>
        )}
      </header>
      {whole ? null : (
        <table>
          <thead>
            <tr>
              <th scope="col">Property</th>
              <th scope="col">Before</th>
              <th scope="col">After</th>
              <th scope="col">{withBlame ? "Last by" : ""}</th>
            </tr>
          </thead>
          <tbody>
            {changes.map((change) => (
              <PropertyRow
                key={JSON.stringify([change.kind, change.path])}
                change={change}
                by={blame(change.path)}
                nameOf={nameOf}
                {...(onRestore
                  ? {
                      onRestore: () =>
                        onRestore(
                          { element, path: change.path },
                          `${pathWords(change)} of ${title}`,
                        ),
                    }
                  : {})}
              />
            ))}
          </tbody>
        </table>
      )}
    </section>
  );
}

interface PropertyRowProps {
  change: Change;
  by: { name: string; at: number; version: number } | undefined;
  nameOf(key: string): string;
  onRestore?(): void;
}

function PropertyRow({ change, by, nameOf, onRestore }: PropertyRowProps) {
  const { edits, kind } = change;
  const label = pathWords(change);
  const isText = edits !== undefined && typeof change.old === "string";
  return (
    <tr>
      <th scope="row" title={change.path.join(" › ")}>
        {label}
      </th>
      {isText ? (
        <td colSpan={2} className={css.text}>
          {piecesOf(change.old as string, edits).map((piece, i) => {
            const key = `${i}`;
            if (piece.kind === "removed") return <del key={key}>{piece.text}</del>;
            if (piece.kind === "inserted") return <ins key={key}>{piece.text}</ins>;
            return <span key={key}>{piece.text}</span>;
          })}
        </td>
      ) : (
        <>
          <td className={css.old}>
            {kind === "moved" ? placeWords(change.old, nameOf) : show(change.old)}
          </td>
          <td className={css.new}>
            {kind === "moved" ? placeWords(change.new, nameOf) : show(change.new)}
          </td>
        </>
      )}
      <td className={css.by}>
        {by ? (
          <small title={`Version ${by.version}`}>
            {by.name} {when(by.at)}
          </small>
        ) : null}
        {onRestore ? (
          <IconButton label={`Restore ${label}`} size="s" onClick={onRestore}>
            <RotateCcw />
          </IconButton>
        ) : null}
      </td>
    </tr>
  );
}

function pathWords({ kind, path }: Change): string {
  if (kind === "moved") return "Place";
  if (kind === "retyped") return "Type";
  const [first, ...rest] = path;
  const inside = first === "props" || first === "style" ? rest : path;
  return inside.map((step) => words(String(step))).join(" › ") || "All of it";
}

function show(value: Json | undefined) {
  if (value === undefined) return <em>nothing</em>;
  const text = typeof value === "string" ? value : JSON.stringify(value, null, 1);
  return text === "" ? <em>empty</em> : text;
}

function placeWords(value: Json | undefined, nameOf: (key: string) => string) {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return show(value);
  const { page, parent, slot } = value;
  const owner = String(parent ?? page ?? "");
  return `${nameOf(owner)}${slot === "content" || slot === undefined ? "" : `, ${slot}`}`;
}
