import { Search } from "lucide-react";
import { useMemo } from "react";
import type { Component, Json, JsonObject } from "../model/document";
import { isExpression } from "../model/schema";
import { useElement, useOutline, useWorkspace } from "../workspace/workspace";
import { Bound } from "./Bound";
import css from "./looks.module.css";

const SHOWN_ROWS = 5;
const SHOWN_COLUMNS = 8;

interface Column {
  key: string;
  label: string;
  align: "start" | "center" | "end";
}

/** Rows from the design itself, or from the sample of the query that the data is bound to. */
export function TableLook({ component: { props, style } }: { component: Component }) {
  const sample = useSample(props.data);
  const rows = rowsOf(Array.isArray(props.data) ? props.data : sample);
  const columns = columnsOf(props.columns, rows);
  const height = typeof style?.height === "number" ? style.height : undefined;
  return (
    <div className={css.tableFrame} style={{ height }}>
      {props.label || props.searchable === true ? (
        <div className={css.tableHead}>
          <strong>
            <Bound value={props.label} />
          </strong>
          {props.searchable === true ? (
            <span className={css.tableSearch}>
              <Search /> Search
            </span>
          ) : null}
        </div>
      ) : null}
      <table className={css.table}>
        {columns.length > 0 ? (
          <thead>
            <tr>
              {columns.map(({ key, label, align }) => (
                <th key={key} style={{ textAlign: align }}>
                  {label}
                </th>
              ))}
            </tr>
          </thead>
        ) : null}
        <tbody>
          {rows.slice(0, SHOWN_ROWS).map((row, i) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: sample rows have no other identity
            <tr key={i}>
              {columns.map(({ key, align }) => (
                <td key={key} style={{ textAlign: align }}>
                  <Bound value={row[key]} />
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
      {rows.length === 0 ? (
        <div className={css.tableEmpty}>
          {isExpression(props.data) ? (
            <>
              Rows of <Bound value={props.data} />
            </>
          ) : (
            <Bound value={props.emptyText} empty="Nothing here yet" />
          )}
        </div>
      ) : null}
      {rows.length > SHOWN_ROWS ? (
        <div className={css.tableMore}>{rows.length - SHOWN_ROWS} more rows</div>
      ) : null}
    </div>
  );
}

function useSample(data: Json | undefined): Json | undefined {
  const { mirror } = useWorkspace().session;
  const outline = useOutline();
  const name =
    typeof data === "string" ? /\{\{\s*([A-Za-z_$][\w$]*)\s*\./.exec(data)?.[1] : undefined;
  // biome-ignore lint/correctness/useExhaustiveDependencies: names move with the outline
  const id = useMemo(() => {
    if (name === undefined) return "";
    for (const each of mirror.ids("queries"))
      if (mirror.get("queries", each)?.name === name) return each;
    return "";
  }, [name, mirror, outline]);
  const query = useElement(`queries/${id}`) as { sample?: Json } | undefined;
  return query?.sample;
}

function rowsOf(value: Json | undefined): JsonObject[] {
  const list = Array.isArray(value)
    ? value
    : typeof value === "object" && value !== null && Array.isArray(value.data)
      ? value.data
      : [];
  return list.filter(
    (row): row is JsonObject => typeof row === "object" && row !== null && !Array.isArray(row),
  );
}

function columnsOf(declared: Json | undefined, rows: JsonObject[]): Column[] {
  const listed = Array.isArray(declared) ? (declared as JsonObject[]) : [];
  if (listed.length > 0) {
    return listed.map((column, i) => ({
      key: String(column.key ?? i),
      label: String(column.label ?? column.key ?? ""),
      align: column.align === "end" || column.align === "center" ? column.align : "start",
    }));
  }
  return Object.keys(rows[0] ?? {})
    .slice(0, SHOWN_COLUMNS)
    .map((key) => ({ key, label: key, align: "start" }));
}
