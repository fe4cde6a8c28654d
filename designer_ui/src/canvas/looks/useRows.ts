import { useMemo } from "react";
import type { Json, JsonObject } from "../../model/document";
import { useElement, useOutline, useWorkspace } from "../../workspace/workspace";
import { objects } from "./values";

/** Rows to show for a bound list: those in the design itself, or the sample of the query it names. */
export function useRows(data: Json | undefined): JsonObject[] {
  const { mirror } = useWorkspace().session;
  const outline = useOutline();
  const name =
    typeof data === "string" ? /\{\{\s*([A-Za-z_$][\w$]*)\s*\./.exec(data)?.[1] : undefined;
  // biome-ignore lint/correctness/useExhaustiveDependencies: names move with the outline
  const id = useMemo(() => {
    if (name === undefined) return "";
    for (const each of mirror.ids("queries")) {
      if (mirror.get("queries", each)?.name === name) return each;
    }
    return "";
  }, [name, mirror, outline]);
  const query = useElement(`queries/${id}`) as { sample?: Json } | undefined;
  if (Array.isArray(data)) return objects(data);
  const sample = query?.sample;
  if (Array.isArray(sample)) return objects(sample);
  return typeof sample === "object" && sample !== null ? objects(sample.data) : [];
}
