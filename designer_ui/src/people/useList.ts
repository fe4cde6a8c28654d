import { useCallback, useEffect, useState } from "react";

/** A list from the server: loaded, changed, and loaded again; what went wrong in words. */
export function useList<T>(load: () => Promise<T[]>) {
  const [rows, setRows] = useState<T[] | null>(null);
  const [fault, setFault] = useState<string | null>(null);
  const run = useCallback(
    async (change: () => Promise<unknown>) => {
      setFault(null);
      try {
        await change();
        setRows(await load());
      } catch (error) {
        setFault((error as Error).message);
      }
    },
    [load],
  );
  useEffect(() => {
    run(async () => undefined);
  }, [run]);
  return { rows, fault, run };
}
