/** Who wrote a value, asked for when somebody points at its field. */
import { useState } from "react";
import { since } from "../components/time";
import type { Element } from "../model/document";
import type { Path } from "../model/op";
import { type Blamed, versions } from "../sync/versions";
import { useWorkspace } from "./workspace";

/** The newest of the values at or below `path`. */
export function newest(rows: readonly Blamed[], path: Path): Blamed | undefined {
  const touching = rows.filter((row) =>
    row.path.slice(0, path.length).every((step, i) => step === path[i]),
  );
  return touching.reduce<Blamed | undefined>(
    (best, each) => (best && best.version >= each.version ? best : each),
    undefined,
  );
}

/** "Ada, 3 hours ago, version 12", once `ask` has been called; undefined where nobody knows. */
export function useAuthor(element: Element, path: Path): { said: string | undefined; ask(): void } {
  const { session } = useWorkspace();
  const [said, setSaid] = useState<string>();
  const ask = () => {
    if (session.status.get().line !== "live") return;
    versions.blame(session.id, element).then(
      (rows) => {
        const row = newest(rows, path);
        setSaid(row && `${row.author.name}, ${since(row.at, Date.now())}, version ${row.version}`);
      },
      // A courtesy: without it the field is what it was.
      () => setSaid(undefined),
    );
  };
  return { said, ask };
}
