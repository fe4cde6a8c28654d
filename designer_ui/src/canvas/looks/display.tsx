import {
  CircleAlert,
  CircleCheck,
  Image as ImageIcon,
  Info,
  LoaderCircle,
  TrendingDown,
  TrendingUp,
  TriangleAlert,
} from "lucide-react";
import { Bound } from "./Bound";
import css from "./looks.module.css";
import { dim, heightOf, ink, type Look, text } from "./values";

export const Heading: Look = ({ component }) => (
  <div
    className={`${css.heading} ${css[`h${Number(component.props.level ?? 2)}`] ?? ""}`}
    style={ink(component)}
  >
    <Bound value={component.props.text} empty="Heading" />
  </div>
);

export const Text: Look = ({ component }) => (
  <div
    className={`${css.text} ${css[`text-${text(component.props.variant, "body")}`] ?? ""}`}
    style={ink(component)}
  >
    <Bound value={component.props.text} empty="Text" />
  </div>
);

export const Button: Look = ({ component: { props } }) => (
  <span
    className={`${css.button} ${css[`button-${text(props.variant, "primary")}`] ?? ""} ${dim(props.disabled)}`}
  >
    {props.loading === true ? <LoaderCircle /> : null}
    <Bound value={props.label} empty="Button" />
  </span>
);

export const Link: Look = ({ component }) => (
  <span className={css.link} style={ink(component)}>
    <Bound value={component.props.text} empty="Link" />
  </span>
);

export const Badge: Look = ({ component: { props } }) => (
  <span className={css.badge} data-tone={text(props.tone, "neutral")}>
    {/* Version 1 called it `text`. */}
    <Bound value={props.label ?? props.text} empty="Badge" />
  </span>
);

const ALERTS: { [tone: string]: typeof Info } = {
  success: CircleCheck,
  warning: TriangleAlert,
  danger: CircleAlert,
};

export const Alert: Look = ({ component: { props } }) => {
  const tone = text(props.tone, "info");
  const Icon = ALERTS[tone] ?? Info;
  return (
    <div className={css.alert} data-tone={tone}>
      <Icon />
      <div>
        {props.title ? (
          <strong>
            <Bound value={props.title} />
          </strong>
        ) : null}
        {props.text ? (
          <p>
            <Bound value={props.text} />
          </p>
        ) : null}
      </div>
    </div>
  );
};

export const Stat: Look = ({ component: { props } }) => {
  const trend = typeof props.trend === "number" ? props.trend : undefined;
  const Icon = trend !== undefined && trend < 0 ? TrendingDown : TrendingUp;
  return (
    <div className={css.stat}>
      <span className={css.statLabel}>
        <Bound value={props.label} empty="Number" />
      </span>
      <span className={css.statValue}>
        <Bound value={props.value} empty="0" />
        {props.unit ? (
          <small>
            <Bound value={props.unit} />
          </small>
        ) : null}
      </span>
      {props.trend === undefined ? null : (
        <span className={css.trend} data-down={trend !== undefined && trend < 0}>
          {trend === undefined ? <Bound value={props.trend} /> : <Icon />}
          {trend === undefined ? null : `${Math.abs(trend)} %`}
        </span>
      )}
      {props.helpText ? (
        <span className={css.help}>
          <Bound value={props.helpText} />
        </span>
      ) : null}
    </div>
  );
};

export const Image: Look = ({ component }) => {
  const { props } = component;
  const source = text(props.src, "");
  const height = heightOf(component);
  if (!/^https:\/\//.test(source)) {
    return (
      <div className={css.noPicture} style={{ height }}>
        <ImageIcon />
        <Bound value={source || props.alt} empty="Image" />
      </div>
    );
  }
  return (
    <img
      className={css.picture}
      src={source}
      alt={text(props.alt, "")}
      loading="lazy"
      referrerPolicy="no-referrer"
      draggable={false}
      style={{ height, objectFit: props.fit === "cover" ? "cover" : "contain" }}
    />
  );
};
