/** Keys that work anywhere in an open design. */
import type { Commands } from "./commands";

/** Where it really happened: an event out of a shadow tree names the tree's host as its target. */
function origin(event: Event): EventTarget | null {
  return event.composedPath()[0] ?? event.target;
}

function inText(target: EventTarget | null): boolean {
  return (
    target instanceof HTMLElement &&
    (target.isContentEditable || target.matches("input:not([type=checkbox]), textarea, select"))
  );
}

/** Half-typed values are not edits yet: there the browser's own undo is the right one. */
function inDraft(event: Event): boolean {
  return event
    .composedPath()
    .some((each) => each instanceof HTMLElement && each.dataset.draft === "open");
}

const NUDGES: { [key: string]: "up" | "down" | "out" | "in" } = {
  ArrowUp: "up",
  ArrowDown: "down",
  ArrowLeft: "out",
  ArrowRight: "in",
};

export function listenToKeys(commands: Commands): () => void {
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.defaultPrevented || document.querySelector("dialog[open]")) return;
    const run = commandFor(event, commands);
    if (!run) return;
    event.preventDefault();
    run();
  };
  const onCopy = (event: ClipboardEvent) => give(event, () => commands.copy());
  const onCut = (event: ClipboardEvent) => give(event, () => commands.cut());
  const onPaste = (event: ClipboardEvent) => {
    if (inText(origin(event))) return;
    event.preventDefault();
    commands.paste(event.clipboardData?.getData("text/plain") || null);
  };
  addEventListener("keydown", onKeyDown);
  addEventListener("copy", onCopy);
  addEventListener("cut", onCut);
  addEventListener("paste", onPaste);
  return () => {
    removeEventListener("keydown", onKeyDown);
    removeEventListener("copy", onCopy);
    removeEventListener("cut", onCut);
    removeEventListener("paste", onPaste);
  };
}

/** Puts the selection on the clipboard unless the person is copying text. */
function give(event: ClipboardEvent, take: () => string | undefined): void {
  if (inText(origin(event)) || getSelection()?.toString()) return;
  const text = take();
  if (text === undefined) return;
  event.clipboardData?.setData("text/plain", text);
  event.preventDefault();
}

function commandFor(event: KeyboardEvent, commands: Commands): (() => void) | undefined {
  const { key } = event;
  const control = event.ctrlKey || event.metaKey;
  const letter = key.toLowerCase();
  if (control && !event.altKey && (letter === "z" || letter === "y")) {
    if (inDraft(event)) return undefined;
    return letter === "y" || event.shiftKey ? () => commands.redo() : () => commands.undo();
  }
  if (control && !event.altKey && !event.shiftKey && letter === "k") {
    return () => commands.showSheet("find");
  }
  if (inText(origin(event))) return undefined;
  if (control && letter === "d") return () => commands.duplicate();
  if (control && letter === "a") return () => commands.selectAll();
  if (control) return undefined;
  const nudge = NUDGES[key];
  if (event.altKey && nudge) return () => commands.nudge(nudge);
  if (event.altKey) return undefined;
  if (key === "Delete" || key === "Backspace") return () => commands.remove();
  if (key === "Escape") return () => commands.select([]);
  if (key === "?") return () => commands.showSheet("keys");
  if (key === "+" || key === "=") return () => commands.zoom("in");
  if (key === "-") return () => commands.zoom("out");
  if (key === "0") return () => commands.zoom("reset");
  if (key === "F2") return () => focusField("name");
  if (event.shiftKey && letter === "l") return () => commands.leasing.toggle(commands.selection());
  if (letter === "i") return () => commands.showPanel("insert");
  if (letter === "l") return () => commands.showPanel("layers");
  if (letter === "c") return () => commands.showComments(true);
  if (letter === "q") return () => commands.showPanel("data");
  return undefined;
}

/** Puts the cursor into a field of the properties panel. */
export function focusField(field: "name" | "first"): void {
  const selector =
    field === "name"
      ? "[data-field=name]"
      : "[data-property] input, [data-property] textarea, [data-property] select";
  const found = document.querySelector<HTMLElement>(selector);
  found?.focus();
  if (found instanceof HTMLInputElement) found.select();
}
