/** What is drawn into a code editor: bound parts, what is wrong with them, and others' cursors. */
import { RangeSet, StateEffect, StateField } from "@codemirror/state";
import {
  Decoration,
  type DecorationSet,
  EditorView,
  MatchDecorator,
  ViewPlugin,
  type ViewUpdate,
  WidgetType,
} from "@codemirror/view";
import { expressionFault } from "../model/expression";
import { readJson } from "../model/json";
import { isExpression } from "../model/schema";

/** Texts beyond this are not searched for open brackets at every keystroke. */
const MOST_CHECKED = 50_000;

const bound = new MatchDecorator({
  regexp: /\{\{.*?\}\}/g,
  decoration: Decoration.mark({ class: "cm-bound" }),
});

/** A tint behind `{{ … }}`. */
export const boundParts = ViewPlugin.fromClass(
  class {
    decorations: DecorationSet;
    constructor(view: EditorView) {
      this.decorations = bound.createDeco(view);
    }
    update(update: ViewUpdate) {
      this.decorations = bound.updateDeco(update, this.decorations);
    }
  },
  { decorations: (plugin) => plugin.decorations },
);

interface Fault {
  from: number;
  to: number;
  message: string;
}

function markFault(text: string, find: (text: string) => Fault | undefined): DecorationSet {
  const fault = text.length > MOST_CHECKED || text === "" ? undefined : find(text);
  if (!fault) return Decoration.none;
  const mark = Decoration.mark({ class: "cm-fault", attributes: { title: fault.message } });
  return RangeSet.of([mark.range(fault.from, fault.to)]);
}

function marking(find: (text: string) => Fault | undefined) {
  return StateField.define<DecorationSet>({
    create: (state) => markFault(state.doc.toString(), find),
    update: (marks, change) =>
      change.docChanged ? markFault(change.newDoc.toString(), find) : marks,
    provide: (field) => EditorView.decorations.from(field),
  });
}

/** A wavy line under the first bracket, quote or `{{` that is not closed. */
export const faultMark = marking(expressionFault);

/** The same under the first thing that is no JSON; an expression in its place is none of its business. */
export const jsonMark = marking((text) => {
  if (text.trim() === "" || isExpression(text)) return undefined;
  const read = readJson(text);
  return "message" in read ? read : undefined;
});

export interface Caret {
  id: string;
  name: string;
  color: string;
  offset: number;
}

class CaretWidget extends WidgetType {
  constructor(private readonly caret: Caret) {
    super();
  }

  override eq(other: CaretWidget): boolean {
    const { id, name, color } = this.caret;
    return other.caret.id === id && other.caret.name === name && other.caret.color === color;
  }

  toDOM(): HTMLElement {
    const mark = document.createElement("span");
    mark.className = "cm-caret";
    mark.style.setProperty("--person", this.caret.color);
    const name = document.createElement("span");
    name.textContent = this.caret.name;
    mark.append(name);
    return mark;
  }

  override ignoreEvent(): boolean {
    return true;
  }
}

export const setCarets = StateEffect.define<readonly Caret[]>();

/** Others' cursors; they move with the text until their owners speak up. */
export const carets = StateField.define<DecorationSet>({
  create: () => Decoration.none,
  update(marks, change) {
    let next = change.docChanged ? marks.map(change.changes) : marks;
    for (const effect of change.effects) {
      if (!effect.is(setCarets)) continue;
      const length = change.newDoc.length;
      next = RangeSet.of(
        effect.value.map((caret) =>
          Decoration.widget({ widget: new CaretWidget(caret), side: 1 }).range(
            Math.max(0, Math.min(caret.offset, length)),
          ),
        ),
        true,
      );
    }
    return next;
  },
  provide: (field) => EditorView.decorations.from(field),
});
