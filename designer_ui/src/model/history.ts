/**
 * Undo and redo of one's own edits, one entry per gesture.
 *
 * An entry holds the inverse of what was done. Edits of others that arrive later are woven through
 * both stacks: each inverse is transformed over them (`'left'`: the undo wins a tie), and the edit
 * itself is carried down past the inverse to the entry below.
 *
 * An edit that is not acked yet is held live: the client transforms it while it waits, and its
 * inverse is read from its present form. Only so does the inverse of a delete put back what was
 * really deleted, with the changes that others had made before.
 */
import type { Op } from "./op";
import { compose, invert, transform } from "./op";

/** An edit on its way: `op` is its present form, changed in place by the client until the ack. */
export interface Sent {
  readonly op?: Op;
}

/** `live` until the ack; from then on `inverse` is all that counts. */
interface Part {
  live: Sent | null;
  inverse: Op;
}

interface Entry {
  gesture: string;
  label: string;
  parts: Part[];
}

/** What waited to be sent when an op of another arrived, with the form it had at that moment. */
export interface Waiting {
  sent: Sent;
  op: Op;
}

export interface Step {
  op: Op;
  label: string;
  gesture: string;
}

export type Direction = "do" | "undo" | "redo";

export interface Recorded {
  gesture: string;
  label: string;
  direction: Direction;
  /** One of several pieces of the same undo or redo. */
  joined: boolean;
}

const LIMIT = 200;

export class History {
  private undos: Entry[] = [];
  private redos: Entry[] = [];
  private listeners = new Set<() => void>();
  private names: { undo: string | null; redo: string | null } = { undo: null, redo: null };

  /** Labels of what undo and redo would do, null when there is nothing. Same object until it changes. */
  labels(): { undo: string | null; redo: string | null } {
    return this.names;
  }

  subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };

  /** One's own edit was put in the queue. Edits of one gesture in a row are one entry. */
  record(sent: Sent, edit: Recorded): void {
    const { gesture, label, direction, joined } = edit;
    const stack = direction === "undo" ? this.redos : this.undos;
    if (direction === "do") this.redos = [];
    const top = stack.at(-1);
    if (top && top.gesture === gesture && (direction === "do" || joined)) {
      // The client composed it into an edit that is still waiting: nothing new to remember.
      if (!top.parts.some((part) => part.live === sent))
        top.parts.push({ live: sent, inverse: [] });
    } else {
      stack.push({ gesture, label, parts: [{ live: sent, inverse: [] }] });
      if (stack.length > LIMIT) stack.shift();
    }
    this.changed();
  }

  /** The op that takes back (or does again) the newest gesture; it leaves its stack. */
  take(direction: "undo" | "redo"): Step | undefined {
    const stack = direction === "undo" ? this.undos : this.redos;
    for (;;) {
      const entry = stack.pop();
      this.changed();
      if (!entry) return undefined;
      const op = inverseOf(entry);
      // Others may have taken away all that there was to undo.
      if (op.length > 0) return { op, label: entry.label, gesture: entry.gesture };
    }
  }

  /** The server took the edit as its present form says. */
  acked(sent: Sent): void {
    for (const part of this.partsOf(sent)) {
      part.inverse = invert(sent.op ?? []);
      part.live = null;
    }
    this.compact();
  }

  /**
   * The server added `op` to one's own edit. What it removed belongs to the gesture, and undo puts it
   * back; everything else (a name made unique) is treated like an edit of another.
   */
  completed(sent: Sent, op: Op): void {
    const removes = op.every(
      (each) => each.p.length === 2 && each.od !== undefined && each.oi === undefined,
    );
    const top = this.undos.at(-1);
    const part = top?.parts.at(-1);
    if (removes && top && part && (part.live === sent || part.live === null)) {
      top.parts.push({ live: null, inverse: invert(op) });
      this.changed();
      return;
    }
    this.arrived(op);
  }

  /**
   * The server refused the edit and the client took it back by `rollback`: there is nothing to undo.
   * Entries above are carried over it; entries below never knew the edit.
   */
  refused(sent: Sent, rollback: Op): void {
    for (const stack of [this.undos, this.redos]) {
      let over = rollback;
      for (let e = stack.length - 1; e >= 0; e--) {
        const entry = stack[e] as Entry;
        for (let i = entry.parts.length - 1; i >= 0; i--) {
          const part = entry.parts[i] as Part;
          if (part.live === sent) {
            entry.parts.splice(i, 1);
            over = [];
          } else if (!part.live && over.length > 0) {
            over = weave(part, over);
          }
        }
        if (entry.parts.length === 0) stack.splice(e, 1);
      }
    }
    this.changed();
  }

  /**
   * An edit of another was applied as `op`. `raw` is its form before it met what waited here:
   * parts that wait are passed by stepping back through those forms, which loses nothing.
   */
  arrived(op: Op, raw: Op = op, waiting: readonly Waiting[] = []): void {
    const forms: Op[] = [raw];
    for (const { op: mine } of waiting) forms.push(transform(forms.at(-1) as Op, mine, "right"));
    for (const stack of [this.undos, this.redos]) {
      let over = op;
      let passed = waiting.length;
      for (const entry of [...stack].reverse()) {
        for (const part of [...entry.parts].reverse()) {
          if (!part.live) {
            over = weave(part, over);
            continue;
          }
          const at = waiting.findIndex((each) => each.sent === part.live);
          if (at >= 0 && at === passed - 1) {
            passed = at;
            over = forms[at] as Op;
          } else if (at >= 0) {
            over = transform(over, invert((waiting[at] as Waiting).op), "right");
          }
        }
      }
    }
    this.changed();
  }

  /** The client threw its state away: nothing of the past fits any more. */
  clear(): void {
    this.undos = [];
    this.redos = [];
    this.changed();
  }

  private *partsOf(sent: Sent): Iterable<Part> {
    for (const stack of [this.undos, this.redos]) {
      for (const entry of stack) for (const part of entry.parts) if (part.live === sent) yield part;
    }
  }

  /** A gesture of many keystrokes ends as one inverse. */
  private compact(): void {
    for (const stack of [this.undos, this.redos]) {
      for (const entry of stack) {
        const [first, second] = entry.parts;
        if (first && second && !first.live && !second.live) {
          entry.parts.splice(0, 2, { live: null, inverse: compose(second.inverse, first.inverse) });
        }
      }
    }
  }

  private changed(): void {
    const undo = this.undos.at(-1)?.label ?? null;
    const redo = this.redos.at(-1)?.label ?? null;
    if (undo === this.names.undo && redo === this.names.redo) return;
    this.names = { undo, redo };
    for (const listener of [...this.listeners]) listener();
  }
}

/** Transforms the part's inverse over `op` and returns `op` as it is with the part undone. */
function weave(part: Part, op: Op): Op {
  const inverse = part.inverse;
  part.inverse = transform(inverse, op, "left");
  return transform(op, inverse, "right");
}

function inverseOf(entry: Entry): Op {
  return [...entry.parts]
    .reverse()
    .reduce<Op>(
      (op, part) => compose(op, part.live ? invert(part.live.op ?? []) : part.inverse),
      [],
    );
}
