import { Search } from "lucide-react";
import type { Json, JsonObject } from "../../model/document";
import { isExpression } from "../../model/schema";
import { Bound } from "./Bound";
import css from "./looks.module.css";
import { useRows } from "./useRows";
import { heightOf, type LookProps, objects } from "./values";

const SHOWN_ROWS = 5;
const SHOWN_COLUMNS = 8;

interface Column {
  key: string;
  label: string;
  align: "start" | "center" | "end";
}

/** Rows from the design itself, or from the sample of the query that the data is bound to. */
export function TableLook({ component }: Pick<LookProps, "component">) {
  const { props } = component;
  const rows = useRows(props.data);
  const columns = columnsOf(props.columns, rows);
  return (
    <div className={css.tableFrame} style={{ height: heightOf(component) }}>
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

function columnsOf(declared: Json | undefined, rows: JsonObject[]): Column[] {
  const listed = objects(declared);
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
