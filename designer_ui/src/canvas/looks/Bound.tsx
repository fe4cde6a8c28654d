import type { Json } from "../../model/document";
import css from "./Bound.module.css";

const PARTS = /(\{\{[\s\S]*?\}\})/;

/** A text as people read it, with its expressions marked. */
export function Bound({ value, empty }: { value: Json | undefined; empty?: string }) {
  const text =
    value === undefined || value === null
      ? ""
      : typeof value === "string"
        ? value
        : JSON.stringify(value);
  if (text === "") return empty === undefined ? null : <span className={css.empty}>{empty}</span>;
  if (!text.includes("{{")) return text;
  return text.split(PARTS).map((part, i) =>
    part.startsWith("{{") ? (
      // biome-ignore lint/suspicious/noArrayIndexKey: parts of one string have no other identity
      <code key={i} className={css.expression} title={part}>
        {part.slice(2, -2).trim()}
      </code>
    ) : (
      part
    ),
  );
}
