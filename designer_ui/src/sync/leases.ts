/** The leases of a design as the server tells them, and what one asks of it about them. */
import type { Connection } from "sharedb/lib/client";
import type { Element } from "../model/document";
import { type Lease, type LeaseState, NO_LEASES } from "../model/leases";
import { Watched } from "../model/watched";

export interface LeaseNews {
  code: "lease-asked" | "lease-taken-over" | "lease-ended";
  element: Element;
  /** Who asks or took over. */
  by: string;
  /** What they say. */
  text: string;
  message: string;
}

export class LeaseFault extends Error {
  constructor(
    message: string,
    readonly code: string,
  ) {
    super(message);
  }
}

interface Message {
  a?: string;
  c?: string;
  d?: string;
  id?: number;
  do?: string;
  known?: boolean;
  now?: number;
  leases?: Lease[];
  error?: { code: string; message: string };
  code?: string;
  message?: string;
  details?: { element?: string; by?: { name?: string }; text?: string; reason?: string };
}

interface Waiting {
  done(): void;
  fail(fault: LeaseFault): void;
}

const COLLECTION = "designs";
const CODES: readonly string[] = ["lease-asked", "lease-taken-over", "lease-ended"];

export class DesignLeases {
  readonly state = new Watched<LeaseState>(NO_LEASES);
  private readonly listeners = new Set<(news: LeaseNews) => void>();
  private readonly waiting = new Map<number, Waiting>();
  private count = 0;
  /** Of this machine's clock, when the state came. */
  private heardAt = 0;

  constructor(
    private readonly connection: Connection,
    private readonly design: string,
  ) {
    connection.on("receive", this.received);
    connection.on("connected", this.connected);
    connection.on("state", this.lineChanged);
    if (connection.state === "connected") this.connected();
  }

  close(): void {
    this.connection.off("receive", this.received);
    this.connection.off("connected", this.connected);
    this.connection.off("state", this.lineChanged);
    this.giveUp();
  }

  onNews(listener: (news: LeaseNews) => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  /** About what the database's clock says now. */
  now(): number {
    return this.state.get().now + (performance.now() - this.heardAt);
  }

  /** Rejects with a `LeaseFault` when the server refuses or the line is down. */
  call(what: "take" | "takeover" | "renew" | "release" | "ask", body: object): Promise<void> {
    return this.ask(what, body);
  }

  private ask(what: string, body: object): Promise<void> {
    if (this.connection.state !== "connected") {
      return Promise.reject(new LeaseFault("The server cannot be reached.", "offline"));
    }
    const id = ++this.count;
    return new Promise((done, fail) => {
      this.waiting.set(id, { done, fail });
      this.connection.send({ a: "l", id, c: COLLECTION, d: this.design, do: what, ...body });
    });
  }

  private connected = (): void => {
    // Another node, or a server that is older than leases: without an answer nothing is known.
    this.ask("watch", {}).catch(() => {});
  };

  private lineChanged = (): void => {
    if (this.connection.state === "connected") return;
    this.giveUp();
    const before = this.state.get();
    if (before.known) this.state.set({ ...before, known: false });
  };

  private giveUp(): void {
    for (const { fail } of this.waiting.values()) {
      fail(new LeaseFault("The server cannot be reached.", "offline"));
    }
    this.waiting.clear();
  }

  private received = (request: { data: Message | undefined }): void => {
    const message = request.data;
    if (!message || message.c !== COLLECTION || message.d !== this.design) return;
    if (message.a === "notice" && CODES.includes(message.code ?? "")) {
      request.data = undefined;
      const { element = "", by, text, reason } = message.details ?? {};
      const news = {
        code: message.code as LeaseNews["code"],
        element,
        by: by?.name || "Somebody",
        text: text ?? reason ?? "",
        message: message.message ?? "",
      };
      for (const listener of [...this.listeners]) listener(news);
      return;
    }
    if (message.a !== "l") return;
    // Ours, not ShareDB's: the client would warn about an action it does not know.
    request.data = undefined;
    if (message.leases) {
      this.heardAt = performance.now();
      const { known = false, now = 0, leases } = message;
      this.state.set({ known, now, leases });
    }
    const waiting = this.waiting.get(message.id ?? 0);
    if (!waiting) return;
    this.waiting.delete(message.id ?? 0);
    if (message.error) waiting.fail(new LeaseFault(message.error.message, message.error.code));
    else waiting.done();
  };
}
