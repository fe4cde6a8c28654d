import { useEffect, useState } from "react";
import type { TypesAnswer } from "../model/types";
import { rest, type User } from "../sync/rest";
import { type Diff, versions } from "../sync/versions";
import type { Workspace } from "../workspace/workspace";
import { stillWorkspace } from "./still";

export interface Comparison {
  /** Whose versions: it is asked who wrote what. */
  design: string;
  from: number;
  to: number;
  diff: Pick<Diff, "summary" | "changes">;
  /** null before the design was there. */
  names: [string, string];
  before: Workspace | null;
  after: Workspace;
}

const NOTHING = { summary: "", changes: [] };

/** Two versions and what differs between them; the former answer until the next one is there. */
export function useComparison(
  id: string,
  from: number,
  to: number,
  types: TypesAnswer,
  me: User,
): { comparison: Comparison | null; fault: string | null } {
  const [comparison, setComparison] = useState<Comparison | null>(null);
  const [fault, setFault] = useState<string | null>(null);
  useEffect(() => {
    let current = true;
    // Version 0 is before the design was made: it has no document to compare with.
    const older = from > 0 ? rest.snapshot(id, from) : null;
    const diff = from > 0 && from !== to ? versions.diff(id, from, to) : NOTHING;
    Promise.all([older, rest.snapshot(id, to), diff]).then(
      ([before, after, found]) => {
        if (!current) return;
        setFault(null);
        setComparison({
          design: id,
          names: [`Version ${from}`, `Version ${to}`],
          from,
          to,
          diff: found,
          before: before && stillWorkspace(id, before, types, me),
          after: stillWorkspace(id, after, types, me),
        });
      },
      (error: Error) => {
        if (current) setFault(error.message);
      },
    );
    return () => {
      current = false;
    };
  }, [id, from, to, types, me]);
  return { comparison, fault };
}
