/**
 * Lets the edits of one design out one by one, each only after it is kept in the outbox in the form
 * and under the number with which it goes.
 *
 * Were an edit sent first, a tab that dies in between would send it a second time under another
 * number; were it kept first and then composed with later keystrokes, the server would take the
 * resent half for the whole. ShareDB sends the head of its queue unless the document is paused: it
 * is, until that head is kept. On a new connection a kept head must leave before the catch-up
 * comes, so the pause is lifted for it already while the line is down.
 */
import type { Connection } from "sharedb/lib/client";
import type { Op } from "../model/op";
import type { Kept, KeptEdit, Slot } from "./outbox";

/** A queued edit as ShareDB's client holds it. Private fields: session.test.ts pins them. */
export interface Request {
  op?: Op;
  src?: string;
  seq?: number;
  /** Set, the client composes nothing more into it. */
  sentAt?: number;
}

/** What is read and set of ShareDB's document. */
export interface Queue {
  version: number | null;
  paused: boolean;
  inflightOp: Request | null;
  pendingOps: Request[];
  flush(): void;
}

interface Sender {
  id: string | null;
  seq: number;
  canSend: boolean;
}

export class Sending {
  private readonly labels = new WeakMap<Request, string>();
  private readonly kept = new WeakSet<Request>();
  private readonly sender: Sender;
  private writing = false;
  private stale = false;
  private closed = false;
  private isKept = false;

  constructor(
    connection: Connection,
    private readonly queue: Queue,
    private readonly slot: Slot | null,
  ) {
    this.sender = connection as unknown as Sender;
  }

  /** Names an edit, for whoever has to send it later. */
  label(request: Request, label: string): void {
    this.labels.set(request, label);
  }

  /** Gives an edit of a former tab the name and number it had. */
  resumed(request: Request, { src, seq, label }: KeptEdit): void {
    this.label(request, label);
    this.isKept = true;
    if (src === undefined || seq === undefined) return;
    Object.assign(request, { src, seq, sentAt: Date.now() });
    this.kept.add(request);
  }

  /** The queue or the line has changed. */
  changed(): void {
    if (!this.slot || this.closed) return;
    this.gate();
    this.stale = true;
    if (!this.writing) void this.write(this.slot);
  }

  /** Gives the place in the outbox up, once what is being written there is written. */
  close(): void {
    if (this.closed) return;
    this.closed = true;
    if (!this.writing) this.slot?.release();
  }

  private gate(): void {
    const { queue } = this;
    const [head] = queue.pendingOps;
    queue.paused = queue.inflightOp !== null || (head !== undefined && !this.kept.has(head));
  }

  private async write(slot: Slot): Promise<void> {
    this.writing = true;
    while (this.stale) {
      this.stale = false;
      const { inflightOp, pendingOps } = this.queue;
      const head = inflightOp ? undefined : pendingOps[0];
      if (!inflightOp && !head) {
        if (this.isKept) await slot.clear();
        this.isKept = false;
        continue;
      }
      const sealed = head !== undefined && !this.closed && this.seal(head);
      await slot.put(this.record());
      this.isKept = true;
      if (!sealed || this.closed) continue;
      this.kept.add(head);
      this.gate();
      this.queue.flush();
      this.gate();
    }
    this.writing = false;
    if (this.closed) slot.release();
  }

  /** Settles form and number of the edit that goes next. False while there is no line to go by. */
  private seal(head: Request): boolean {
    const { sender } = this;
    if (head.src !== undefined) return true;
    if (!sender.canSend || sender.id === null) return false;
    Object.assign(head, { src: sender.id, seq: sender.seq++, sentAt: Date.now() });
    return true;
  }

  private record(): Kept {
    const { version, inflightOp, pendingOps } = this.queue;
    const edits: KeptEdit[] = [];
    for (const request of [...(inflightOp ? [inflightOp] : []), ...pendingOps]) {
      const { op = [], src, seq } = request;
      const numbered = src !== undefined && seq !== undefined ? { src, seq } : {};
      // A copy: the client goes on changing its own while this one is written.
      edits.push({ op: structuredClone(op), label: this.labels.get(request) ?? "", ...numbered });
    }
    return { id: this.sender.id, seq: this.sender.seq, v: version ?? 0, edits };
  }
}
