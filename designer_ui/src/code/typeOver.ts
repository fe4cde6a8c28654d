import { EditorView } from "@codemirror/view";

/**
 * Text typed over a selection is put in by the editor itself. Left to it, the browser would give the
 * new text the colours of the old one, as an inline style, which the content security policy forbids.
 */
export const typeOver = EditorView.domEventHandlers({
  beforeinput(event, view) {
    const text = event.data;
    if (event.inputType !== "insertText" || text === null) return false;
    if (event.isComposing || view.composing || view.state.readOnly) return false;
    const { ranges, main } = view.state.selection;
    if (ranges.length > 1) return false;
    const { from, to } = targetOf(event, view) ?? main;
    if (from === to) return false;
    const insert = () =>
      view.state.update({
        changes: { from, to, insert: text },
        selection: { anchor: from + text.length },
        userEvent: "input.type",
        scrollIntoView: true,
      });
    const handlers = view.state.facet(EditorView.inputHandler);
    if (!handlers.some((handle) => handle(view, from, to, text, insert))) view.dispatch(insert());
    event.preventDefault();
    return true;
  },
});

/** What the browser means to replace: it may know of a selection before the editor does. */
function targetOf(event: InputEvent, view: EditorView): { from: number; to: number } | undefined {
  const [range] = event.getTargetRanges();
  if (!range || !view.contentDOM.contains(range.startContainer)) return undefined;
  if (!view.contentDOM.contains(range.endContainer)) return undefined;
  return {
    from: view.posAtDOM(range.startContainer, range.startOffset),
    to: view.posAtDOM(range.endContainer, range.endOffset),
  };
}
