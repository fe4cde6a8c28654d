import {
  acceptCompletion,
  autocompletion,
  closeBrackets,
  closeBracketsKeymap,
} from "@codemirror/autocomplete";
import { defaultKeymap, history, historyKeymap, indentWithTab } from "@codemirror/commands";
import { javascript, localCompletionSource } from "@codemirror/lang-javascript";
import { json } from "@codemirror/lang-json";
import {
  keywordCompletionSource,
  MSSQL,
  MySQL,
  PostgreSQL,
  SQLite,
  StandardSQL,
  sql,
} from "@codemirror/lang-sql";
import { bracketMatching, indentOnInput } from "@codemirror/language";
import { Compartment, EditorState, type Extension } from "@codemirror/state";
import {
  drawSelection,
  EditorView,
  highlightActiveLineGutter,
  keymap,
  lineNumbers,
  placeholder,
} from "@codemirror/view";
import { useEffect, useMemo, useRef } from "react";
import { useClosed } from "../leases/useLease";
import { stepsOfOp } from "../model/changes";
import type { Element } from "../model/document";
import type { Path } from "../model/op";
import { textEdit } from "../model/text";
import { useGesture } from "../workspace/field";
import { usePeopleAt, useUi, useWorkspace, type Workspace } from "../workspace/workspace";
import { names } from "./completion";
import { changesOf, fromDesign, LiveText } from "./live";
import { colours, fieldLook, look } from "./look";
import { boundParts, carets, faultMark, jsonMark, setCarets } from "./marks";
import { typeOver } from "./typeOver";

export interface CodeProps {
  element: Element;
  path: Path;
  label: string;
  description?: string;
  /** "expression": text with `{{ }}`, and "json": fields of the form; the others fill their place. */
  language: "javascript" | "sql" | "text" | "expression" | "json";
  /** The kind of the data source, which says whose SQL it is. */
  dialect?: string;
  /** Whose names are offered: a page's, or with null those of all pages. */
  page: string | null;
  placeholder?: string;
  invalid?: boolean;
  /** What undo calls an edit here. */
  edits: string;
  /** Text that is kept beside the design until it is right; left out, every keystroke is an edit. */
  draft?: Draft;
}

export interface Draft {
  text: string;
  onChange(text: string): void;
  onEnter(): void;
  /** True when there was something to give up. */
  onEscape(): boolean;
  onLeave(): void;
}

const DIALECTS = [
  { pattern: /postgres|redshift|cockroach/i, dialect: PostgreSQL },
  { pattern: /mysql|maria/i, dialect: MySQL },
  { pattern: /mssql|sqlserver/i, dialect: MSSQL },
  { pattern: /sqlite/i, dialect: SQLite },
];

function languageOf(props: CodeProps, workspace: Workspace): Extension {
  const offered = names(workspace, props.page, props.language === "javascript");
  const sources = [offered];
  const parts: Extension[] = [];
  if (props.language === "javascript") {
    sources.push(localCompletionSource);
    parts.push(javascript());
  } else if (props.language === "json") {
    return [json(), jsonMark, boundParts];
  } else {
    parts.push(boundParts, faultMark);
  }
  if (props.language === "sql") {
    const dialect =
      DIALECTS.find(({ pattern }) => pattern.test(props.dialect ?? ""))?.dialect ?? StandardSQL;
    sources.push(keywordCompletionSource(dialect, true));
    parts.push(sql({ dialect, upperCaseKeywords: true }));
  }
  parts.push(autocompletion({ override: sources, icons: false, closeOnBlur: true }));
  return parts;
}

/** One code editor. It lives in a shadow tree: there its styles need no `<style>` element. */
export default function CodeEditor(props: CodeProps) {
  const workspace = useWorkspace();
  const { commands, presence, session } = workspace;
  const { element, path, label, description, invalid, language, draft } = props;
  const gesture = useGesture(element, path);
  const host = useRef<HTMLDivElement>(null);
  const view = useRef<EditorView | null>(null);
  const latest = useRef(props);
  latest.current = props;
  /** What was typed into a draft and has not come back as its text: React may be some keys behind. */
  const echoes = useRef(new Set<string>());
  const people = usePeopleAt(element, path);
  const showPeople = useUi((ui) => ui.showPeople);
  const dynamic = useMemo(
    () => ({
      language: new Compartment(),
      attributes: new Compartment(),
      closed: new Compartment(),
    }),
    [],
  );
  const closed = useClosed(element);
  const wasClosed = useRef(closed);
  wasClosed.current = closed;
  const isDraft = draft !== undefined;
  const isJson = language === "json";
  const isField = language === "expression" || isJson;

  useEffect(() => {
    const parent = host.current;
    if (!parent) return;
    const root = parent.shadowRoot ?? parent.attachShadow({ mode: "open" });
    const live = isDraft
      ? undefined
      : new LiveText(session, { element, path }, (op) =>
          commands.typed(op, gesture.name(), latest.current.edits),
        );

    // A cursor counts characters that are still on their way: it is told once they have arrived.
    // Until then others' copies of it move with the text as it comes in.
    const tell = (editor: EditorView) => {
      if (session.status.get().waiting > 0) return;
      const { anchor, head } = editor.state.selection.main;
      presence.update({ field: { element, path: [...path], range: [anchor, head] } });
    };
    const stopTelling = session.status.subscribe(() => {
      if (view.current?.hasFocus) tell(view.current);
    });
    const whereabouts = EditorView.updateListener.of((update) => {
      if (update.focusChanged && !update.view.hasFocus) {
        gesture.end();
        echoes.current.clear();
        latest.current.draft?.onLeave();
        presence.update({ field: null, draft: null });
      } else if (update.view.hasFocus && (update.selectionSet || update.focusChanged)) {
        tell(update.view);
      }
    });
    const drafted = EditorView.updateListener.of((update) => {
      if (!update.docChanged) return;
      if (update.transactions.some((each) => each.annotation(fromDesign))) return;
      const typed = update.state.doc.toString();
      echoes.current.add(typed);
      latest.current.draft?.onChange(typed);
    });
    const fieldKeys = keymap.of([
      {
        // Enter is for the next line where there can be several.
        key: isJson ? "Mod-Enter" : "Enter",
        run: () => {
          echoes.current.clear();
          latest.current.draft?.onEnter();
          return true;
        },
      },
      { key: "Tab", run: acceptCompletion },
      {
        key: "Escape",
        run: () => {
          echoes.current.clear();
          return latest.current.draft?.onEscape() ?? false;
        },
      },
    ]);

    const editor = new EditorView({
      root,
      parent: root,
      state: EditorState.create({
        doc: live ? live.text : (latest.current.draft?.text ?? ""),
        extensions: [
          // Offsets must count what is stored: a line ends at \n alone.
          EditorState.lineSeparator.of("\n"),
          EditorState.tabSize.of(2),
          drawSelection(),
          bracketMatching(),
          closeBrackets(),
          typeOver,
          indentOnInput(),
          EditorView.lineWrapping,
          look,
          colours,
          carets,
          dynamic.language.of(languageOf(latest.current, workspace)),
          dynamic.attributes.of(attributesOf(latest.current)),
          dynamic.closed.of(EditorState.readOnly.of(wasClosed.current)),
          latest.current.placeholder ? placeholder(latest.current.placeholder) : [],
          isField
            ? [fieldLook, fieldKeys]
            : [lineNumbers(), highlightActiveLineGutter(), keymap.of([indentWithTab])],
          keymap.of([...closeBracketsKeymap, ...defaultKeymap]),
          // A draft is not in the design's history yet.
          live ? live.extension : [drafted, history(), keymap.of(historyKeymap)],
          whereabouts,
        ],
      }),
    });
    view.current = editor;
    live?.attach(editor);
    return () => {
      if (editor.hasFocus) presence.update({ field: null, draft: null });
      view.current = null;
      stopTelling();
      live?.close();
      editor.destroy();
    };
  }, [
    workspace,
    commands,
    presence,
    session,
    element,
    path,
    gesture,
    dynamic,
    isDraft,
    isField,
    isJson,
  ]);

  const { dialect, page } = props;
  // biome-ignore lint/correctness/useExhaustiveDependencies: what the language is made of
  useEffect(() => {
    view.current?.dispatch({
      effects: dynamic.language.reconfigure(languageOf(latest.current, workspace)),
    });
  }, [language, dialect, page, workspace, dynamic]);

  // biome-ignore lint/correctness/useExhaustiveDependencies: what the attributes are made of
  useEffect(() => {
    view.current?.dispatch({
      effects: dynamic.attributes.reconfigure(attributesOf(latest.current)),
    });
  }, [label, description, invalid, dynamic]);

  useEffect(() => {
    view.current?.dispatch({
      effects: dynamic.closed.reconfigure(EditorState.readOnly.of(closed)),
    });
  }, [closed, dynamic]);

  // The draft was given up, or the value changed while nobody was typing.
  const text = draft?.text;
  useEffect(() => {
    const editor = view.current;
    const shown = editor?.state.doc.toString();
    if (!editor || text === undefined || shown === undefined) return;
    if (shown === text) echoes.current.clear();
    if (shown === text || echoes.current.has(text)) return;
    const changes = changesOf(stepsOfOp([], textEdit([], shown, text)) ?? [], editor.state.doc);
    if (changes) editor.dispatch({ changes, annotations: fromDesign.of(true) });
  }, [text]);

  const marks = JSON.stringify(
    showPeople && !isDraft
      ? people.map(({ id, user, color, field }) => ({
          id,
          name: user.name,
          color,
          offset: field?.range?.[1] ?? 0,
        }))
      : [],
  );
  useEffect(() => {
    view.current?.dispatch({ effects: setCarets.of(JSON.parse(marks)) });
  }, [marks]);

  return <div ref={host} style={{ height: isField ? "auto" : "100%" }} />;
}

function attributesOf({ label, description, invalid }: CodeProps): Extension {
  return EditorView.contentAttributes.of({
    "aria-label": label,
    ...(description ? { "aria-description": description } : {}),
    "aria-invalid": String(invalid ?? false),
    spellcheck: "false",
  });
}
