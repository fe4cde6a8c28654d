import { useEffect, useState } from "react";
import type { Element } from "../model/document";
import { type Blamed, versions } from "../sync/versions";
import { newest } from "../workspace/blame";

export interface By {
  name: string;
  at: number;
  version: number;
  path: readonly (string | number)[];
}

/** Who wrote what stands at a path of `element`: the newest of the values there. */
export function useBlame(
  id: string,
  element: Element | null,
  version: number,
): (path: readonly (string | number)[]) => By | undefined {
  const [rows, setRows] = useState<readonly Blamed[]>([]);
  useEffect(() => {
    let current = true;
    setRows([]);
    if (element === null) return;
    // Who made it is a courtesy beside what it is: without it the comparison stands.
    versions.blame(id, element, version).then(
      (found) => {
        if (current) setRows(found);
      },
      () => {},
    );
    return () => {
      current = false;
    };
  }, [id, element, version]);
  return (path) => {
    const row = newest(rows, path);
    return row && { name: row.author.name, at: row.at, version: row.version, path: row.path };
  };
}
