import { isExpression } from "../../model/schema";
import { Bound } from "./Bound";
import css from "./looks.module.css";
import { TableLook } from "./TableLook";
import { useRows } from "./useRows";
import { heightOf, type Look, type LookProps, objects, surface, text } from "./values";

export const Table: Look = ({ component }) => <TableLook component={component} />;

export const List: Look = ({ component, slot }) => (
  <div
    className={`${css.panel} ${component.style?.border === true ? css.bordered : ""}`}
    style={surface(component)}
  >
    <ListNote component={component} />
    {slot("content", "What each row shows")}
  </div>
);

function ListNote({ component: { props } }: Pick<LookProps, "component">) {
  const rows = useRows(props.data);
  return (
    <span className={css.note}>
      {isExpression(props.data) ? (
        <>
          Once for each row of <Bound value={props.data} />
        </>
      ) : (
        listWords(rows.length)
      )}
    </span>
  );
}

function listWords(rows: number): string {
  return rows === 0 ? "Repeats for each row of its data" : `Once for each of ${rows} rows`;
}

export const Chart: Look = ({ component }) => <ChartLook component={component} />;

const SHOWN_POINTS = 12;
const CHART_HEIGHT = 160;

/** The first series as it would be drawn; without numbers an outline of the kind of chart. */
function ChartLook({ component }: Pick<LookProps, "component">) {
  const { props } = component;
  const rows = useRows(props.data).slice(0, SHOWN_POINTS);
  const series = objects(props.series)[0];
  const key = text(series?.key, "") || firstNumber(rows[0]);
  const values = rows.map((row) => Number(row[key] ?? 0)).filter(Number.isFinite);
  const shown = values.length > 0 ? values : [3, 5, 4, 7, 6, 8];
  const kind = text(props.kind, "column");
  return (
    <div className={css.chart} style={{ height: heightOf(component) }}>
      {props.label ? (
        <strong>
          <Bound value={props.label} />
        </strong>
      ) : null}
      <svg
        viewBox={`0 0 320 ${CHART_HEIGHT}`}
        preserveAspectRatio={kind === "pie" ? "xMidYMid meet" : "none"}
        data-sketch={values.length === 0}
        aria-hidden="true"
      >
        {kind === "pie" ? <Pie values={shown} /> : <Plot values={shown} kind={kind} />}
      </svg>
      {values.length === 0 ? (
        <span className={css.note}>
          {isExpression(props.data) ? (
            <>
              Rows of <Bound value={props.data} />
            </>
          ) : (
            <Bound value={props.emptyText} empty="Nothing here yet" />
          )}
        </span>
      ) : null}
    </div>
  );
}

function firstNumber(row: { [key: string]: unknown } | undefined): string {
  return Object.entries(row ?? {}).find(([, value]) => typeof value === "number")?.[0] ?? "";
}

function Plot({ values, kind }: { values: number[]; kind: string }) {
  const most = Math.max(...values, 1);
  const step = 320 / values.length;
  const height = (value: number) => Math.max(2, (Math.max(0, value) / most) * (CHART_HEIGHT - 12));
  if (kind === "line" || kind === "area") {
    const points = values.map((value, i) => `${step * (i + 0.5)},${CHART_HEIGHT - height(value)}`);
    return kind === "line" ? (
      <polyline points={points.join(" ")} vectorEffect="non-scaling-stroke" />
    ) : (
      <polygon
        points={`${step / 2},${CHART_HEIGHT} ${points.join(" ")} ${320 - step / 2},${CHART_HEIGHT}`}
      />
    );
  }
  if (kind === "bar") {
    const thick = CHART_HEIGHT / values.length;
    return values.map((value, i) => (
      <rect
        // biome-ignore lint/suspicious/noArrayIndexKey: bars are known by their place
        key={i}
        x={0}
        y={i * thick + thick * 0.15}
        width={(Math.max(0, value) / most) * 316}
        height={thick * 0.7}
      />
    ));
  }
  return values.map((value, i) => (
    <rect
      // biome-ignore lint/suspicious/noArrayIndexKey: columns are known by their place
      key={i}
      x={i * step + step * 0.18}
      y={CHART_HEIGHT - height(value)}
      width={step * 0.64}
      height={height(value)}
    />
  ));
}

function Pie({ values }: { values: number[] }) {
  const total = values.reduce((sum, value) => sum + Math.max(0, value), 0) || 1;
  let from = 0;
  return values.map((value, i) => {
    const to = from + Math.max(0, value) / total;
    const path = slice(from, to);
    from = to;
    // biome-ignore lint/suspicious/noArrayIndexKey: slices are known by their place
    return <path key={i} d={path} opacity={1 - (0.7 * i) / values.length} />;
  });
}

function slice(from: number, to: number): string {
  const radius = CHART_HEIGHT / 2 - 4;
  const at = (part: number) => {
    const angle = 2 * Math.PI * part - Math.PI / 2;
    return `${160 + radius * Math.cos(angle)},${CHART_HEIGHT / 2 + radius * Math.sin(angle)}`;
  };
  const most = Math.min(to, from + 0.9999);
  return `M160,${CHART_HEIGHT / 2} L${at(from)} A${radius},${radius} 0 ${to - from > 0.5 ? 1 : 0} 1 ${at(most)} Z`;
}
