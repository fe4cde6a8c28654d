/** Ties an editor's text to a string of the design: keystrokes out, everyone's edits in. */
import { Annotation, ChangeSet, type Text } from "@codemirror/state";
import { EditorView, type ViewUpdate } from "@codemirror/view";
import { opOfChanges, type Step, stepsOfOp, type TextChange } from "../model/changes";
import type { Element } from "../model/document";
import { elementPath } from "../model/document";
import { setValue } from "../model/intents";
import type { Op, Path } from "../model/op";
import { textEdit } from "../model/text";
import type { DesignSession } from "../sync/session";

/** Marks changes that came from the design and must not be sent back. */
export const fromDesign = Annotation.define<boolean>();

export interface Place {
  element: Element;
  path: Path;
}

export class LiveText {
  private readonly full: Path;
  private sending = false;
  private view: EditorView | null = null;
  private readonly stop: () => void;

  constructor(
    private readonly session: DesignSession,
    private readonly place: Place,
    /** Sends an op as part of the present typing gesture; false when it does not fit. */
    private readonly send: (op: Op) => boolean,
  ) {
    this.full = [...elementPath(place.element), ...place.path];
    this.stop = session.onOp(this.heard);
  }

  /** The string as it is, empty where there is none. */
  get text(): string {
    const value = this.session.mirror.at(this.full);
    return typeof value === "string" ? value : "";
  }

  attach(view: EditorView): void {
    this.view = view;
    this.reread();
  }

  close(): void {
    this.stop();
    this.view = null;
  }

  /** An update listener: what the person changed goes out. */
  readonly extension = EditorView.updateListener.of((update) => {
    if (!update.docChanged) return;
    if (update.transactions.some((each) => each.annotation(fromDesign))) return;
    this.sending = true;
    let taken: boolean;
    try {
      taken = this.send(this.opOf(update));
    } finally {
      this.sending = false;
    }
    if (!taken) this.reread();
  });

  private opOf(update: ViewUpdate): Op {
    const after = update.state.doc.toString();
    const value = this.session.mirror.at(this.full);
    if (typeof value !== "string") {
      return setValue(this.session.mirror, this.place.element, this.place.path, after);
    }
    const changes: TextChange[] = [];
    update.changes.iterChanges((from, to, at, _end, inserted) => {
      changes.push({ from, to, at, insert: inserted.toString() });
    });
    return value === update.startState.doc.toString()
      ? opOfChanges(this.full, value, after, changes)
      : textEdit(this.full, value, after);
  }

  private heard = (op: Op | null): void => {
    if (this.sending || !this.view) return;
    const steps = op === null ? undefined : stepsOfOp(this.full, op);
    if (!steps) this.reread();
    else if (steps.length > 0 && !this.show(steps)) this.reread();
  };

  /** Makes the editor show what the design says. */
  private reread(): void {
    const shown = this.view?.state.doc.toString();
    if (shown === undefined || shown === this.text) return;
    this.show(stepsOfOp([], textEdit([], shown, this.text)) ?? []);
  }

  private show(steps: readonly Step[]): boolean {
    const { view } = this;
    const changes = view && changesOf(steps, view.state.doc);
    if (!view || !changes) return false;
    view.dispatch({ changes, annotations: fromDesign.of(true) });
    return true;
  }
}

/** Steps as one change of the document, or undefined when they reach beyond it. */
export function changesOf(steps: readonly Step[], doc: Text): ChangeSet | undefined {
  let whole = ChangeSet.empty(doc.length);
  for (const { from, to, insert } of steps) {
    if (to > whole.newLength) return undefined;
    whole = whole.compose(ChangeSet.of({ from, to, insert }, whole.newLength, "\n"));
  }
  return whole;
}
