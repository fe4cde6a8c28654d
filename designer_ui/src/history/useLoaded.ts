import { useCallback, useEffect, useRef, useState } from "react";

export interface Loaded<T> {
  value: T | null;
  fault: string | null;
  reload(): Promise<void>;
}

/** What `load` answers, again whenever it changes; the former answer stays until then. */
export function useLoaded<T>(load: () => Promise<T>): Loaded<T> {
  const [value, setValue] = useState<T | null>(null);
  const [fault, setFault] = useState<string | null>(null);
  const asked = useRef(0);
  const reload = useCallback(async () => {
    const own = ++asked.current;
    try {
      const answer = await load();
      if (own !== asked.current) return;
      setValue(answer);
      setFault(null);
    } catch (error) {
      if (own === asked.current) setFault((error as Error).message);
    }
  }, [load]);
  useEffect(() => {
    reload();
    return () => {
      asked.current++;
    };
  }, [reload]);
  return { value, fault, reload };
}
