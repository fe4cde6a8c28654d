/** Who else is here, what they have selected, and which field they are in. */
import type { Connection } from "sharedb/lib/client";
import type { Presence as Channel, LocalPresence } from "sharedb/lib/sharedb";
import type { Element } from "../model/document";
import { randomId } from "../model/ids";
import { Watched } from "../model/watched";
import type { User } from "./rest";

export interface FieldPresence {
  element: Element;
  path: (string | number)[];
  range: [number, number] | null;
}

/** What one tab tells the others. */
export interface PresenceValue {
  user: User;
  color: string;
  page: string | null;
  selection: string[];
  field: FieldPresence | null;
  /** The half-typed text of a field that is sent only when it is right. */
  draft: string | null;
}

export interface Person extends PresenceValue {
  /** One per tab. */
  id: string;
}

const COLORS = [
  "#c2410c",
  "#0e7490",
  "#7c3aed",
  "#be185d",
  "#15803d",
  "#a16207",
  "#86198f",
  "#9f1239",
  "#4d7c0f",
  "#0f766e",
];
const SEND_AT_MOST_EVERY_MS = 60;
/** People who do not speak up this long after a reconnect have left meanwhile. */
const STALE_AFTER_MS = 4_000;
const MAX_SELECTION_SENT = 200;
const MAX_SENDERS = 500;

export function colorFor(id: string): string {
  let hash = 0;
  for (let i = 0; i < id.length; i++) hash = (hash * 31 + id.charCodeAt(i)) | 0;
  return COLORS[Math.abs(hash) % COLORS.length] as string;
}

export class DesignPresence {
  readonly people = new Watched<readonly Person[]>([]);
  private readonly channel: Channel<PresenceValue>;
  private readonly own: LocalPresence<PresenceValue>;
  private readonly known = new Map<string, Person>();
  /** Public connection id → whose presence came by it. */
  private readonly senders = new Map<string, string>();
  private value: PresenceValue;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private sweeper: ReturnType<typeof setTimeout> | undefined;

  constructor(
    private readonly connection: Connection,
    design: string,
    user: User,
  ) {
    const id = randomId("p");
    this.value = {
      user,
      color: colorFor(user.id),
      page: null,
      selection: [],
      field: null,
      draft: null,
    };
    this.channel = connection.getPresence(`designs.${design}`);
    this.channel.on("receive", this.received);
    // Presence is a courtesy: its errors must not disturb editing.
    this.channel.on("error", () => {});
    this.channel.subscribe(() => {});
    this.own = this.channel.create(id);
    this.own.on("error", () => {});
    this.send();
    connection.on("connected", this.reconnected);
    connection.on("receive", this.overheard);
  }

  /** What this tab tells the others. */
  get mine(): PresenceValue {
    return this.value;
  }

  /** Who sits at the connection with that public id, where that is known. */
  nameOf(src: string): string | undefined {
    return this.known.get(this.senders.get(src) ?? "")?.user.name;
  }

  get color(): string {
    return this.value.color;
  }

  update(change: Partial<Omit<PresenceValue, "user" | "color">>): void {
    const next = { ...this.value, ...change };
    next.selection = next.selection.slice(0, MAX_SELECTION_SENT);
    if (JSON.stringify(next) === JSON.stringify(this.value)) return;
    this.value = next;
    this.timer ??= setTimeout(this.send, SEND_AT_MOST_EVERY_MS);
  }

  close(): void {
    clearTimeout(this.timer);
    clearTimeout(this.sweeper);
    this.connection.off("connected", this.reconnected);
    this.connection.off("receive", this.overheard);
    this.channel.off("receive", this.received);
    this.channel.destroy(() => {});
  }

  private send = (): void => {
    clearTimeout(this.timer);
    this.timer = undefined;
    this.own.submit(this.value, () => {});
  };

  private received = (id: string, value: unknown): void => {
    const read = readPresence(value);
    if (read) this.known.set(id, { ...read, id });
    else this.known.delete(id);
    this.publish();
  };

  /** ShareDB's client keeps to itself by which connection a presence came. */
  private overheard = ({ data }: { data: unknown }): void => {
    const { a, src, id } = (data ?? {}) as { [key: string]: unknown };
    if (a !== "p" || typeof src !== "string" || typeof id !== "string") return;
    this.senders.delete(src);
    this.senders.set(src, id);
    if (this.senders.size > MAX_SENDERS) {
      this.senders.delete(this.senders.keys().next().value as string);
    }
  };

  private reconnected = (): void => {
    this.send();
    const before = new Map(this.known);
    clearTimeout(this.sweeper);
    this.sweeper = setTimeout(() => {
      for (const [id, person] of before) if (this.known.get(id) === person) this.known.delete(id);
      this.publish();
    }, STALE_AFTER_MS);
  };

  private publish(): void {
    this.people.set([...this.known.values()].sort((a, b) => (a.id < b.id ? -1 : 1)));
  }
}

/** Others' values come from other browsers: nothing about their shape is certain. */
export function readPresence(value: unknown): PresenceValue | undefined {
  if (typeof value !== "object" || value === null) return undefined;
  const { user, color, page, selection, field, draft } = value as { [key: string]: unknown };
  const { id, name } = (user ?? {}) as { [key: string]: unknown };
  if (typeof id !== "string" || typeof name !== "string") return undefined;
  return {
    user: { id, name: name.slice(0, 80) },
    color: typeof color === "string" && /^#[0-9a-f]{6}$/i.test(color) ? color : colorFor(id),
    page: typeof page === "string" ? page : null,
    selection: Array.isArray(selection)
      ? selection.filter((each) => typeof each === "string").slice(0, MAX_SELECTION_SENT)
      : [],
    field: readField(field),
    draft: typeof draft === "string" ? draft.slice(0, 1_000) : null,
  };
}

function readField(value: unknown): FieldPresence | null {
  if (typeof value !== "object" || value === null) return null;
  const { element, path, range } = value as { [key: string]: unknown };
  if (typeof element !== "string" || !Array.isArray(path)) return null;
  const steps = path.filter((step) => typeof step === "string" || typeof step === "number");
  const whole =
    Array.isArray(range) && range.length === 2 && range.every((each) => typeof each === "number");
  return { element, path: steps, range: whole ? (range as [number, number]) : null };
}
