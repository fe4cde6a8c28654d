import { ChevronDown, X } from "lucide-react";
import { useId, useMemo } from "react";
import { Code } from "../../code/Code";
import { IconButton } from "../../components/Button";
import { LeaseLine } from "../../leases/LeaseLine";
import { DATA_WORDS, type DataSection, isSql, kindFor, takenNames } from "../../model/data";
import type { DataSource, Json, Query, Script } from "../../model/document";
import { elementPath } from "../../model/document";
import { type Parsed, parseJson } from "../../model/draft";
import { setValue } from "../../model/intents";
import { identifierFault, titleFault } from "../../model/names";
import { CHECK } from "../../workspace/ui";
import {
  useDataOn,
  useElement,
  usePages,
  useUi,
  useWatched,
  useWorkspace,
} from "../../workspace/workspace";
import { DraftCodeControl } from "../properties/CodeControl";
import { DraftControl } from "../properties/DraftControl";
import fields from "../properties/fields.module.css";
import css from "./DataPane.module.css";
import { DataIcon } from "./icons";

const NAME = ["name"];
const KIND = ["kind"];
const BODY = ["body"];
const CONFIG = ["config"];
const SAMPLE = ["sample"];

/** The query, script or data source that is open: its code, and what belongs to it. */
export function DataPane() {
  const element = useUi((ui) => ui.open);
  if (element === null || element === CHECK) return null;
  return <OpenPane key={element} element={element} />;
}

function OpenPane({ element }: { element: string }) {
  const { commands } = useWorkspace();
  const item = useElement(element) as Query | Script | DataSource | undefined;
  const [section] = elementPath(element) as [DataSection, string];
  if (!item) return null;
  const word = DATA_WORDS[section].one;
  return (
    <section
      className={css.pane}
      aria-label={`${word.charAt(0).toUpperCase()}${word.slice(1)} ${item.name}`}
    >
      <header className={css.head}>
        <DataIcon section={section} />
        <h2>{item.name}</h2>
        <span className={css.kind}>{word}</span>
        <IconButton label="Close" size="s" onClick={() => commands.open(null)}>
          <X />
        </IconButton>
      </header>
      <LeaseLine element={element} />
      {section === "dataSources" ? (
        <SourceForm element={element} source={item as DataSource} />
      ) : (
        <CodeForm element={element} item={item as Query | Script} />
      )}
    </section>
  );
}

function CodeForm({ element, item }: { element: string; item: Query | Script }) {
  const { session } = useWorkspace();
  const query = "dataSource" in item ? item : undefined;
  const source =
    query && query.dataSource !== null
      ? session.mirror.get("dataSources", query.dataSource)
      : undefined;
  return (
    <div className={css.body}>
      <div className={css.code}>
        <Code
          element={element}
          path={BODY}
          label={`Body of ${item.name}`}
          language={!query ? "javascript" : isSql(query.kind) ? "sql" : "text"}
          dialect={source?.kind ?? query?.kind ?? ""}
          page={item.page}
          placeholder={query && isSql(query.kind) ? "SELECT …" : ""}
          edits={`Edit the body of ${item.name}`}
        />
      </div>
      <div className={`${fields.group} ${css.settings}`} role="group" aria-label="Settings">
        <ElementRefusal element={element} />
        <IdentifierField element={element} item={item} />
        <ScopeField element={element} item={item} />
        {query ? (
          <>
            <SourceField element={element} query={query} />
            <KindField element={element} item={query} />
            <JsonField
              element={element}
              path={CONFIG}
              label="Settings"
              item={item}
              value={query.config}
              description="As JSON: method, path, headers, when it runs"
              objectOnly
            />
            <JsonField
              element={element}
              path={SAMPLE}
              label="Sample result"
              item={item}
              value={query.sample}
              description="JSON to design with: tables and lists on the canvas show it"
            />
          </>
        ) : null}
      </div>
    </div>
  );
}

function SourceForm({ element, source }: { element: string; source: DataSource }) {
  const { commands } = useWorkspace();
  return (
    <div className={css.source}>
      <div className={fields.group} role="group" aria-label="Data source">
        <ElementRefusal element={element} />
        <DraftControl
          element={element}
          path={NAME}
          label="Name"
          text={source.name}
          parse={(text) => {
            const fault = titleFault(text);
            return fault === undefined ? { value: text.trim() } : { fault };
          }}
          commit={(name) => commands.set(element, NAME, name, `Rename ${source.name}`)}
        />
        <KindField element={element} item={source} />
      </div>
      <div className={fields.group} role="group" aria-label="Connection">
        <JsonField
          element={element}
          path={CONFIG}
          label="Connection"
          item={source}
          value={source.config}
          description='As JSON. A secret is named, never written: "password": {"$secret": "name"}'
          objectOnly
        />
      </div>
    </div>
  );
}

function IdentifierField({ element, item }: { element: string; item: Query | Script }) {
  const { commands, session } = useWorkspace();
  const parse = (text: string): Parsed => {
    const name = text.trim();
    const fault = identifierFault(name);
    if (fault !== undefined) return { fault };
    return takenNames(session.mirror, item.page, element).has(name)
      ? { fault: `${name} is taken ${item.page === null ? "in this app" : "on this page"}.` }
      : { value: name };
  };
  return (
    <DraftControl
      element={element}
      path={NAME}
      label="Name"
      description="What expressions call it"
      text={item.name}
      parse={parse}
      commit={(name) => commands.rename(element, String(name))}
    />
  );
}

function KindField({ element, item }: { element: string; item: Query | DataSource }) {
  const { commands } = useWorkspace();
  return (
    <DraftControl
      element={element}
      path={KIND}
      label="Kind"
      description="Such as sql, postgres, rest, graphql"
      text={item.kind}
      parse={(text) =>
        text.trim() === "" || text.trim().length > 64
          ? { fault: "1 to 64 characters." }
          : { value: text.trim() }
      }
      commit={(kind) => commands.set(element, KIND, kind, `Set the kind of ${item.name}`)}
    />
  );
}

function ScopeField({ element, item }: { element: string; item: Query | Script }) {
  const { commands, session } = useWorkspace();
  const pages = usePages();
  return (
    <Choice
      label="Used on"
      value={item.page ?? ""}
      choices={[
        { value: "", label: "Whole app" },
        ...pages.map((id) => ({ value: id, label: session.mirror.get("pages", id)?.name ?? id })),
      ]}
      onChoose={(page) =>
        commands.set(element, ["page"], page === "" ? null : page, `Move ${item.name}`)
      }
    />
  );
}

function SourceField({ element, query }: { element: string; query: Query }) {
  const { commands, session } = useWorkspace();
  const sources = useDataOn("dataSources");
  const choose = (id: string) => {
    const { mirror } = session;
    const source = mirror.get("dataSources", id);
    const before =
      query.dataSource === null ? undefined : mirror.get("dataSources", query.dataSource);
    const op = setValue(mirror, element, ["dataSource"], id === "" ? null : id);
    // The kind follows its source while it is the one that the source before gave it.
    if (source && query.kind === kindFor(before)) {
      op.push(...setValue(mirror, element, KIND, kindFor(source)));
    }
    commands.edit(op, `Set the data source of ${query.name}`);
  };
  return (
    <Choice
      label="Data source"
      value={query.dataSource ?? ""}
      choices={[
        { value: "", label: "None" },
        ...sources.map((id) => ({
          value: id,
          label: session.mirror.get("dataSources", id)?.name ?? id,
        })),
      ]}
      onChoose={choose}
    />
  );
}

interface ChoiceProps {
  label: string;
  value: string;
  choices: readonly { value: string; label: string }[];
  onChoose(value: string): void;
}

function Choice({ label, value, choices, onChoose }: ChoiceProps) {
  const id = useId();
  const known = choices.some((choice) => choice.value === value);
  return (
    <div className={fields.field}>
      <div className={fields.labelRow}>
        <label htmlFor={id}>{label}</label>
      </div>
      <div className={fields.control}>
        <select
          id={id}
          className={fields.input}
          value={value}
          onChange={(event) => onChoose(event.target.value)}
        >
          {known ? null : <option value={value}>Missing ({value})</option>}
          {choices.map((choice) => (
            <option key={choice.value} value={choice.value}>
              {choice.label}
            </option>
          ))}
        </select>
        <ChevronDown className={fields.chevron} aria-hidden="true" />
      </div>
    </div>
  );
}

interface JsonFieldProps {
  element: string;
  path: string[];
  label: string;
  description: string;
  item: { name: string };
  value: Json | undefined;
  objectOnly?: boolean;
}

function JsonField(props: JsonFieldProps) {
  const { element, path, label, description, item, value, objectOnly } = props;
  const { commands } = useWorkspace();
  const text = useMemo(() => (value === undefined ? "" : JSON.stringify(value, null, 2)), [value]);
  const parse = (typed: string): Parsed => {
    if (typed.trim() === "") return { value: objectOnly ? {} : undefined };
    const read = parseJson(typed);
    if ("fault" in read) return read;
    const { value: next } = read;
    const isObject = typeof next === "object" && next !== null && !Array.isArray(next);
    return objectOnly && !isObject ? { fault: "This must be an object: { … }" } : read;
  };
  return (
    <DraftCodeControl
      element={element}
      path={path}
      label={label}
      description={description}
      text={text}
      placeholder={description}
      language="json"
      edits={`Edit ${label.toLowerCase()} of ${item.name}`}
      parse={parse}
      commit={(next) =>
        commands.set(element, path, next, `Edit ${label.toLowerCase()} of ${item.name}`)
      }
    />
  );
}

/** Refusals that no field below shows: of the whole, of its page or data source. */
function ElementRefusal({ element }: { element: string }) {
  const { session } = useWorkspace();
  const refusal = useWatched(session.refusals).findLast(
    (each) =>
      each.element === element &&
      (each.path.length === 0 || ["page", "dataSource", "body"].includes(String(each.path[0]))),
  );
  if (!refusal) return null;
  return (
    <div className={fields.refusal} role="alert">
      <p>
        {refusal.label} was refused: {refusal.message}
      </p>
      <button type="button" onClick={() => session.dismissRefusal(refusal.id)}>
        Dismiss
      </button>
    </div>
  );
}
