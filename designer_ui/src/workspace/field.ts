/** What every field does alike: tell others that one is in it, and end gestures at a pause. */
import { type SyntheticEvent, useEffect, useMemo, useRef } from "react";
import type { Element } from "../model/document";
import type { Path } from "../model/op";
import { useWorkspace } from "./workspace";

/** A pause this long ends a typing gesture: undo then takes back what came after it (ms). */
const PAUSE = 1_000;

const SHOWN = 60;

type TextField = HTMLInputElement | HTMLTextAreaElement;

function rangeOf(target: EventTarget): [number, number] | null {
  const { selectionStart, selectionEnd } = target as TextField;
  return typeof selectionStart === "number" && typeof selectionEnd === "number"
    ? [selectionStart, selectionEnd]
    : null;
}

export function useFieldPresence(element: Element, path: Path) {
  const { presence } = useWorkspace();
  const focused = useRef(false);
  useEffect(
    () => () => {
      if (focused.current) presence.update({ field: null, draft: null });
    },
    [presence],
  );
  return useMemo(() => {
    const tell = (event: SyntheticEvent) => {
      focused.current = true;
      presence.update({ field: { element, path: [...path], range: rangeOf(event.target) } });
    };
    return {
      onFocus: tell,
      onSelect: tell,
      leave() {
        focused.current = false;
        presence.update({ field: null, draft: null });
      },
      draft(text: string | null) {
        presence.update({ draft: text });
      },
    };
  }, [presence, element, path]);
}

/**
 * Says so when what was typed goes away with its form and cannot be kept; `reason` is why, undefined
 * while it can.
 */
export function useUnkept(element: Element, label: string, text: string, reason?: string): void {
  const { session } = useWorkspace();
  const unkept = useRef<string | undefined>(undefined);
  unkept.current = reason === undefined ? undefined : notKept(label, text, reason);
  useEffect(
    () => () => {
      if (unkept.current !== undefined) session.tell("warning", unkept.current, element);
    },
    [session, element],
  );
}

/** What somebody typed, quoted as far as a notice has room, and why it is gone. */
export function notKept(label: string, text: string, reason: string): string {
  const quoted = text.length > SHOWN ? `${text.slice(0, SHOWN)}…` : text;
  return `${label}: “${quoted}” was not kept. ${reason}`;
}

/** Names typing gestures: the same name until a pause or `end`. */
export function useGesture(element: Element, path: Path): { name(): string; end(): void } {
  const state = useRef({ count: 0, last: 0 });
  return useMemo(
    () => ({
      name() {
        const now = Date.now();
        if (now - state.current.last > PAUSE) state.current.count++;
        state.current.last = now;
        return `type:${element}:${path.join("/")}:${state.current.count}`;
      },
      end() {
        state.current.last = 0;
      },
    }),
    [element, path],
  );
}
