/** Comments on a design and its components: kept by REST, live by a word on the socket. */
import type { Element } from "../model/document";
import { Watched } from "../model/watched";
import { call, type User } from "./rest";
import type { DesignSession } from "./session";

export interface Comment {
  id: string;
  design: string;
  /** The first comment of the thread, null for that one itself. */
  thread: string | null;
  review: string | null;
  author: User;
  at: number;
  editedAt: number | null;
  text: string;
  mentions: User[];
  anchor: {
    element: Element;
    path: (string | number)[];
    range: [number, number] | null;
    /** What it was on is deleted; it comes back when that does. */
    lost: boolean;
  } | null;
  resolvedAt: number | null;
  resolvedBy: User | null;
}

export interface NewComment {
  text: string;
  mentions: string[];
  anchor?: { version: number; path: (string | number)[] };
  thread?: string;
  review?: string;
}

const of = (design: string) => `/api/designs/${encodeURIComponent(design)}/comments`;

export const commentRest = {
  list: async (design: string, review?: string) =>
    (
      await call<{ comments: Comment[] }>(
        "GET",
        review === undefined ? of(design) : `${of(design)}?review=${encodeURIComponent(review)}`,
      )
    ).comments,
  add: (design: string, comment: NewComment) =>
    call<Comment>("POST", of(design), JSON.stringify(comment)),
  change: (
    design: string,
    id: string,
    change: { text?: string; mentions?: string[]; resolved?: boolean },
  ) => call<Comment>("PATCH", `${of(design)}/${encodeURIComponent(id)}`, JSON.stringify(change)),
  remove: (design: string, id: string) =>
    call<void>("DELETE", `${of(design)}/${encodeURIComponent(id)}`),
};

/** Those of one open design, oldest first. */
export class Comments {
  readonly list = new Watched<readonly Comment[]>([]);
  private readonly stop: () => void;
  private asked = 0;

  constructor(private readonly session: DesignSession) {
    this.stop = session.onNews((kind) => {
      if (kind === "comments" || kind === "") this.load();
    });
    this.load();
  }

  close(): void {
    this.asked++;
    this.stop();
  }

  /** Reads them anew. What could not be read stays as it was: the next word on the socket asks again. */
  async load(): Promise<void> {
    const own = ++this.asked;
    try {
      const list = await commentRest.list(this.session.id);
      if (own === this.asked) this.list.set(list);
    } catch {
      // The line is down: it is asked again when it is back.
    }
  }

  async add(comment: NewComment): Promise<void> {
    await commentRest.add(this.session.id, comment);
    await this.load();
  }

  async change(
    id: string,
    change: { text?: string; mentions?: string[]; resolved?: boolean },
  ): Promise<void> {
    await commentRest.change(this.session.id, id, change);
    await this.load();
  }

  async remove(id: string): Promise<void> {
    await commentRest.remove(this.session.id, id);
    await this.load();
  }
}
