/**
 * One open design: the ShareDB document, its mirror, one's own history, and what became of each
 * edit. Everything that changes the design goes through `submit`.
 */
import type { Connection } from "sharedb/lib/client";
import type { Doc } from "sharedb/lib/sharedb";
import { chunks } from "../model/chunks";
import type { DesignDocument, Element, Json } from "../model/document";
import { elementOf } from "../model/document";
import { fitted } from "../model/fit";
import { type Direction, History, type Waiting } from "../model/history";
import { Mirror } from "../model/mirror";
import type { Op, Path } from "../model/op";
import { type Removed, removedBy, type Written } from "../model/removals";
import { Watched } from "../model/watched";
import type { Kept, Slot } from "./outbox";
import {
  innerPath,
  overtakenText,
  placeOf,
  type Refusal,
  type RefusalDetails,
  textOf,
} from "./refusals";
import type { Snapshot } from "./rest";
import { type Queue, type Request, Sending } from "./sending";

export interface Edit {
  op: Op;
  /** What undo calls it: "Move Button1". */
  label: string;
  /** Edits of one gesture are undone together. Left out, the edit is a gesture of its own. */
  gesture?: string;
  /** Names the property being typed in; such edits may travel together while they wait. */
  typing?: string;
}

export interface Status {
  line: "connecting" | "live" | "offline";
  /** Edits that the server has not acked. */
  waiting: number;
}

export interface Notice {
  id: number;
  kind: "info" | "warning" | "error";
  message: string;
  element: Element | null;
  /** One's own value that is lost to another's edit; to put back, unless the place itself is gone. */
  mine?: { path: (string | number)[]; value: Json; gone: boolean };
  /** Something to do about it. */
  act?: { label: string; run(): void };
  /** What another deleted, to bring back with what one had written in it. */
  back?: { removed: Removed; written: Written | null };
}

export type Phase = "loading" | "open" | "missing" | "failed";

interface Message {
  a: string;
  c?: string;
  d?: string;
  src?: string;
  seq?: number;
  op?: Op;
  fixup?: unknown[];
  error?: { code: string; message: string };
  code?: string;
  message?: string;
  details?: RefusalDetails;
  kind?: string;
}

interface SubmitError {
  code?: string | number;
  message: string;
  data?: { details?: RefusalDetails };
}

/** What the next op event from outside is, as the frame before it said. */
type Incoming =
  | { kind: "other"; raw: Op; waiting: Waiting[]; src: string }
  | { kind: "rollback"; sent: Request }
  | { kind: "fixup"; sent: Request };

const COLLECTION = "designs";
const NOT_FOUND = "ERR_DESIGN_NOT_FOUND";
const LOCKED = "ERR_DESIGN_LOCKED";
const MAX_REFUSALS = 50;
const MAX_WRITTEN = 200;
const MAX_REMOVALS = 20;

export class DesignSession {
  readonly mirror = new Mirror();
  readonly history = new History();
  readonly status = new Watched<Status>({ line: "connecting", waiting: 0 });
  readonly phase = new Watched<Phase>("loading");
  readonly refusals = new Watched<readonly Refusal[]>([]);
  /** The latest thing the person should hear of. */
  readonly notice = new Watched<Notice | null>(null);

  /** Whether edits that wait survive the end of this tab. */
  readonly outlivesTab: boolean;

  /** Says why an edit must not be made now, if it must not. */
  guard: ((op: Op) => string | undefined) | null = null;
  /** Is told what the guard said. */
  onGuarded: (fault: string) => void = (fault) => this.tell("warning", fault);
  /** Whether the last edit was kept back by the guard, which has said why. */
  wasGuarded = false;

  private readonly doc: Doc<DesignDocument>;
  private readonly queue: Queue;
  private readonly sending: Sending;
  private readonly remoteListeners = new Set<(op: Op, src: string) => void>();
  private readonly newsListeners = new Set<(kind: string) => void>();
  private readonly opListeners = new Set<(op: Op | null) => void>();
  private incoming: Incoming | null = null;
  private typingKey: string | undefined;
  private typingRequest: Request | undefined;
  private counter = 0;
  private readonly written = new Map<string, Json>();
  /** What others deleted lately. */
  private readonly removals: Removed[] = [];
  private readonly toldOfLoss = new Set<Element>();
  private readonly settled = new WeakSet<Request>();

  /** `slot`: where edits are kept until they are acked; null in a browser that cannot keep them. */
  constructor(
    private readonly connection: Connection,
    readonly id: string,
    slot: Slot | null = null,
  ) {
    this.doc = connection.get(COLLECTION, id) as Doc<DesignDocument>;
    this.queue = this.doc as unknown as Queue;
    this.sending = new Sending(connection, this.queue, slot);
    this.outlivesTab = slot !== null;
    connection.on("receive", this.received);
    connection.on("state", this.refreshStatus);
    this.doc.on("load", this.loaded);
    this.doc.on("op batch", this.applied);
    this.doc.on("del", this.gone);
    this.doc.on("no write pending", this.refreshStatus);
    this.doc.on("error", this.failed);
    this.refreshStatus();
  }

  /**
   * Starts from a snapshot fetched beforehand, when there is one, and follows the design from there.
   * With edits that a former tab left, the snapshot is of the version they apply to.
   */
  open(snapshot?: Snapshot, left?: Kept): void {
    if (snapshot) this.doc.ingestSnapshot(snapshot);
    if (left) this.resume(left);
    this.doc.subscribe((error?: SubmitError) => {
      if (error) this.failed(error);
    });
  }

  close(): void {
    this.connection.off("receive", this.received);
    this.connection.off("state", this.refreshStatus);
    this.doc.removeAllListeners();
    this.sending.close();
    // The socket is closed with the session; what waits stays in the outbox.
    this.doc.on("error", () => {});
  }

  /** Others' edits, after they were applied, and the public id of the connection they came by. */
  onRemote(listener: (op: Op, src: string) => void): () => void {
    this.remoteListeners.add(listener);
    return () => this.remoteListeners.delete(listener);
  }

  /** Words of the server about what is kept beside the document: "comments", "reviews", "branches" …; "" after a reconnect: any of them. */
  onNews(listener: (kind: string) => void): () => void {
    this.newsListeners.add(listener);
    return () => this.newsListeners.delete(listener);
  }

  /** The version that is shown here, without one's own edits that wait. */
  get version(): number {
    return this.queue.version ?? 0;
  }

  /** Every edit after it was applied, one's own too; null when the design was loaded anew. */
  onOp(listener: (op: Op | null) => void): () => void {
    this.opListeners.add(listener);
    return () => this.opListeners.delete(listener);
  }

  /** Applies an edit here at once and sends it. False when it does not fit what is there now. */
  submit(edit: Edit): boolean {
    return this.send(edit, "do");
  }

  undo(): string | undefined {
    return this.travel("undo");
  }

  redo(): string | undefined {
    return this.travel("redo");
  }

  dismissRefusal(id: number): void {
    this.refusals.set(this.refusals.get().filter((each) => each.id !== id));
  }

  tell(
    kind: Notice["kind"],
    message: string,
    element: Element | null = null,
    act?: Notice["act"],
  ): void {
    this.notice.set({ id: ++this.counter, kind, message, element, ...(act ? { act } : {}) });
  }

  /** Resolves with true once all edits are acked, with false when the line is down. */
  saved(): Promise<boolean> {
    return new Promise((done) => {
      const look = () => {
        const { line, waiting } = this.status.get();
        if (line === "live" && waiting > 0) return;
        stop();
        done(line === "live");
      };
      const stop = this.status.subscribe(look);
      look();
    });
  }

  /** Shows at its field, and as a notice, that the server refused what was asked of it by REST. */
  refuse(refusal: Omit<Refusal, "id" | "details">): void {
    const { label, message, element } = refusal;
    const kept = { ...refusal, id: ++this.counter, details: {} };
    this.refusals.set([...this.refusals.get(), kept].slice(-MAX_REFUSALS));
    this.tell("error", `${label} was refused. ${message}`, element);
  }

  /** What one wrote last at that place, as far back as it is remembered. */
  writtenAt(element: Element, path: Path): Json | undefined {
    return this.written.get(JSON.stringify([element, ...path]));
  }

  /** Says that another deleted what one was at, and offers it back; `mine` is what one had written in `element`. */
  tellOfRemoval(
    message: string,
    element: Element,
    removed: Removed,
    mine: { path: (string | number)[]; value: Json; sent: boolean } | null,
  ): void {
    this.toldOfLoss.add(element);
    const written = mine?.sent ? { element, path: mine.path, value: mine.value } : null;
    this.notice.set({
      id: ++this.counter,
      kind: "warning",
      message,
      element,
      back: { removed, written },
      ...(mine ? { mine: { path: mine.path, value: mine.value, gone: true } } : {}),
    });
  }

  private travel(direction: "undo" | "redo"): string | undefined {
    const step = this.history.take(direction);
    if (!step) return undefined;
    const { op, label, gesture } = step;
    const sent = chunks(op).map((piece, i) =>
      this.send({ op: piece, label, gesture }, direction, i > 0),
    );
    if (!sent.every(Boolean)) {
      const why = `${label} cannot be taken back: others have changed what it was about.`;
      if (!this.wasGuarded) this.tell("warning", why);
      return undefined;
    }
    return label;
  }

  private send(edit: Edit, direction: Direction, joined = false): boolean {
    this.wasGuarded = false;
    if (this.phase.get() !== "open" || !this.doc.type) return false;
    const op = fitted(this.mirror, edit.op);
    if (!op) return false;
    if (op.length === 0) return true;
    const fault = this.guard?.(op);
    if (fault !== undefined) {
      this.wasGuarded = true;
      this.onGuarded(fault);
      return false;
    }
    this.forgetRefusals(op);
    return this.push({ ...edit, op }, direction, joined) !== undefined;
  }

  /** Puts what a former tab left back into the queue, before anything else happens to the design. */
  private resume({ edits }: Kept): void {
    for (const edit of edits) {
      const request = this.push({ op: edit.op, label: edit.label }, "do", false);
      if (request) this.sending.resumed(request, edit);
    }
    this.sending.changed();
  }

  private push(edit: Edit, direction: Direction, joined: boolean): Request | undefined {
    const { op } = edit;
    // Edits that travel as one op are refused as one: only keystrokes in one property do.
    const last = this.queue.pendingOps.at(-1);
    this.doc.preventCompose = !(
      edit.typing !== undefined &&
      edit.typing === this.typingKey &&
      last !== undefined &&
      last === this.typingRequest
    );
    let request: Request | undefined;
    this.doc.submitOp(op, { source: true }, (error?: SubmitError) => {
      if (request) this.settle(request, edit, op, error);
    });
    request = this.queue.pendingOps.at(-1);
    if (!request) return undefined;
    this.sending.label(request, edit.label);
    this.remember(op);
    this.typingKey = edit.typing;
    this.typingRequest = request;
    const gesture = edit.gesture ?? `#${++this.counter}`;
    this.history.record(request, { gesture, label: edit.label, direction, joined });
    this.refreshStatus();
    return request;
  }

  private settle(request: Request, edit: Edit, op: Op, error: SubmitError | undefined): void {
    if (error?.code === NOT_FOUND) {
      // Moved to the trash while it was open here; what waits is kept until it comes back.
      this.phase.set("missing");
    }
    this.refreshStatus();
    if (this.settled.has(request)) return;
    this.settled.add(request);
    if (!error) {
      this.history.acked(request);
      return;
    }
    if (error.code === NOT_FOUND) return;
    const details = error.data?.details ?? {};
    const element = details.element ?? elementOf((op[0] as Op[number]).p);
    const path =
      error.code === LOCKED ? placeOf(op, element) : details.path ? innerPath(details) : [];
    // A lock refuses each keystroke that was on its way: what people want back is the whole text.
    const whole = error.code === LOCKED ? this.writtenAt(element, path) : undefined;
    const refusal: Refusal = {
      id: ++this.counter,
      code: String(error.code ?? ""),
      message: error.message,
      label: edit.label,
      element,
      path,
      details,
      text: typeof whole === "string" ? whole : textOf(op),
    };
    this.refusals.set([...this.refusals.get(), refusal].slice(-MAX_REFUSALS));
    this.tell("error", `${edit.label} was refused. ${error.message}`, element);
  }

  private forgetRefusals(op: Op): void {
    const refusals = this.refusals.get();
    if (refusals.length === 0) return;
    const left = refusals.filter(
      ({ element, path }) =>
        !op.some(
          ({ p }) =>
            elementOf(p) === element &&
            path.every((step, i) => p[i + 2] === undefined || p[i + 2] === step),
        ),
    );
    if (left.length < refusals.length) this.refusals.set(left);
  }

  // --- what the connection says -----------------------------------------------------------------

  private received = (request: { data: Message | undefined }): void => {
    const message = request.data;
    this.incoming = null;
    if (!message || message.c !== COLLECTION || message.d !== this.id) return;
    if (message.a === "notice") {
      // Ours, not ShareDB's: the client would warn about an action it does not know.
      request.data = undefined;
      this.noticed(message);
      return;
    }
    if (message.a === "news") {
      request.data = undefined;
      for (const listener of [...this.newsListeners]) listener(message.kind ?? "");
      return;
    }
    if (message.a !== "op") return;
    const { inflightOp, pendingOps } = this.queue;
    if (message.error) {
      if (inflightOp && message.error.code !== "ERR_NO_OP") {
        this.incoming = { kind: "rollback", sent: inflightOp };
      }
      return;
    }
    if (inflightOp && message.src === inflightOp.src && message.seq === inflightOp.seq) {
      if (message.fixup) this.incoming = { kind: "fixup", sent: inflightOp };
      return;
    }
    if (message.op) {
      const waiting = [...(inflightOp ? [inflightOp] : []), ...pendingOps].map((sent) => ({
        sent,
        op: sent.op ?? [],
      }));
      this.incoming = { kind: "other", raw: message.op, waiting, src: message.src ?? "" };
    }
  };

  private noticed({ code, message, details = {} }: Message): void {
    if (code === NOT_FOUND) {
      this.phase.set("missing");
      return;
    }
    const element = details.element ?? null;
    if (code !== "overtaken" || element === null) {
      this.tell("info", message ?? "The server changed your edit.", element);
      return;
    }
    const path = innerPath(details);
    const { mine, theirs } = details as { mine?: Json; theirs?: Json };
    // The server knows the keystrokes that were lost; what people want back is the whole text.
    const value = this.writtenAt(element, path) ?? mine;
    const gone = details.gone === true;
    // The deletion itself has been told, with the same text to take along.
    if (gone && this.toldOfLoss.has(element)) return;
    const text = overtakenText(this.mirror.get("components", element.split("/")[1] ?? ""), {
      path,
      mine: value,
      theirs,
      gone,
      by: (details.by as { name?: string } | undefined)?.name ?? "",
    });
    this.tell("warning", text, element);
    if (value === undefined) return;
    const removed = this.removals.findLast((each) => each.has(element.split("/")[1] ?? ""));
    this.notice.set({
      ...(this.notice.get() as Notice),
      mine: { path, value, gone },
      ...(gone && removed ? { back: { removed, written: { element, path, value } } } : {}),
    });
  }

  /** Remembers what one wrote last at each place, should another overwrite it unseen. */
  private remember(op: Op): void {
    for (const { p, si, sd } of op) {
      const path = si === undefined && sd === undefined ? p : p.slice(0, -1);
      const value = path.length > 2 ? this.mirror.at(path) : undefined;
      if (value === undefined) continue;
      const element = elementOf(path);
      const key = JSON.stringify([element, ...path.slice(element.split("/").length)]);
      this.written.delete(key);
      this.written.set(key, value);
      if (this.written.size > MAX_WRITTEN) {
        this.written.delete(this.written.keys().next().value as string);
      }
    }
  }

  private applied = (op: Op, source: unknown): void => {
    this.mirror.applied(op, this.doc.data);
    for (const listener of [...this.opListeners]) listener(op);
    if (source) return;
    const incoming = this.incoming;
    if (incoming?.kind === "rollback") this.history.refused(incoming.sent, op);
    else if (incoming?.kind === "fixup") this.history.completed(incoming.sent, op);
    else if (incoming) this.history.arrived(op, incoming.raw, incoming.waiting);
    else this.history.arrived(op);
    const src = incoming?.kind === "other" ? incoming.src : "";
    const removed = incoming?.kind === "other" ? removedBy(op) : undefined;
    if (removed && removed.size > 0) {
      this.removals.push(removed);
      if (this.removals.length > MAX_REMOVALS) this.removals.shift();
    }
    for (const listener of [...this.remoteListeners]) listener(op, src);
  };

  private loaded = (): void => {
    if (!this.doc.type || !this.doc.data) {
      this.phase.set("missing");
      return;
    }
    const again = this.phase.get() === "open";
    this.mirror.reset(this.doc.data);
    for (const listener of [...this.opListeners]) listener(null);
    if (again) {
      // A hard rollback: sharedb found that what waits fits nothing any more.
      this.history.clear();
      this.tell("error", "The design was loaded anew. Edits that had not been saved are lost.");
    }
    this.phase.set("open");
    this.refreshStatus();
  };

  private gone = (): void => {
    this.phase.set("missing");
  };

  private failed = (error: SubmitError): void => {
    if (error.code === NOT_FOUND || error.code === "ERR_DOC_DOES_NOT_EXIST") {
      this.phase.set("missing");
    } else if (this.phase.get() === "loading") {
      this.phase.set("failed");
      this.tell("error", error.message);
    } else {
      this.tell("error", error.message);
    }
  };

  private refreshStatus = (): void => {
    if (this.phase.get() !== "missing") this.sending.changed();
    const { inflightOp, pendingOps } = this.queue;
    const waiting = pendingOps.length + (inflightOp ? 1 : 0);
    const { state } = this.connection;
    const before = this.status.get();
    const line =
      state === "connected"
        ? "live"
        : state === "connecting" && before.line === "connecting"
          ? "connecting"
          : "offline";
    if (before.line === "offline" && line === "live") {
      for (const listener of [...this.newsListeners]) listener("");
    }
    if (before.line !== line || before.waiting !== waiting) this.status.set({ line, waiting });
  };
}
