import type { Json } from "../model/document";
import { words } from "../model/words";
import type { Conflict, Resolution } from "../sync/reviews";
import css from "./History.module.css";

export type Choices = ReadonlyMap<string, Resolution["take"]>;

export function keyOf({ path }: { path: readonly (string | number)[] }): string {
  return JSON.stringify(path);
}

/** The answers to all conflicts, or null while one is open. */
export function resolved(conflicts: readonly Conflict[], choices: Choices): Resolution[] | null {
  const found = conflicts.flatMap((conflict) => {
    const take = choices.get(keyOf(conflict));
    return take === undefined ? [] : [{ path: conflict.path, take }];
  });
  return found.length === conflicts.length ? found : null;
}

interface ConflictsProps {
  conflicts: readonly Conflict[];
  choices: Choices;
  nameOf(element: string): string;
  onChoose(key: string, take: Resolution["take"]): void;
}

/** Places that both sides changed differently: for each, which one is to stay. */
export function Conflicts({ conflicts, choices, nameOf, onChoose }: ConflictsProps) {
  if (conflicts.length === 0) return null;
  return (
    <section className={css.conflicts} aria-label="Conflicts">
      <h3>
        {conflicts.length === 1 ? "One place was" : `${conflicts.length} places were`} changed on
        both sides
      </h3>
      {conflicts.map((conflict) => {
        const key = keyOf(conflict);
        const title = `${nameOf(conflict.path.slice(0, 2).join("/"))}, ${words(String(conflict.path.at(-1)))}`;
        return (
          <fieldset key={key}>
            <legend>{title}</legend>
            {(["main", "branch"] as const).map((side) => (
              <label key={side}>
                <input
                  type="radio"
                  name={key}
                  checked={choices.get(key) === side}
                  onChange={() => onChoose(key, side)}
                />
                <b>{side === "main" ? "Main" : "Branch"}</b>
                <code>{show(conflict[side])}</code>
              </label>
            ))}
          </fieldset>
        );
      })}
    </section>
  );
}

function show(value: Json | undefined): string {
  if (value === undefined) return "deleted";
  return typeof value === "string" ? value : JSON.stringify(value);
}
