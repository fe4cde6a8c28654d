/**
 * Edits that the server has not acked, kept in this browser (IndexedDB) so that a reload or a crash
 * of the tab does not lose them.
 *
 * Each open tab has a record of its own, and a Web Lock of the record's name for as long as it
 * lives. A record whose lock is free was left behind: whoever gets the lock sends its edits, under
 * the id and the numbers they had, so that the server knows those that arrived after all.
 */
import { randomId } from "../model/ids";
import type { Op } from "../model/op";

export interface KeptEdit {
  op: Op;
  label: string;
  /** Who sent it under which number, once that is settled; only the first edit can have them. */
  src?: string;
  seq?: number;
}

/** What one tab had not seen acked: edits that apply one after the other to version `v`. */
export interface Kept {
  /** The connection's id, null before the first handshake, and the number of its next edit. */
  id: string | null;
  seq: number;
  v: number;
  edits: KeptEdit[];
}

/** A tab's own place in the outbox. Nothing here rejects: a browser that keeps nothing edits all the same. */
export interface Slot {
  /** Resolves when it is kept, or cannot be, within a second. */
  put(kept: Kept): Promise<void>;
  clear(): Promise<void>;
  /** Gives the lock back; what is kept stays. */
  release(): void;
}

export interface Left {
  kept: Kept;
  slot: Slot;
}

export interface Outbox {
  /** Where this tab keeps its edits; with what a former tab left there. */
  own: Slot;
  kept: Kept | null;
  /** What further tabs left behind. */
  others: Left[];
}

interface Row extends Kept {
  key: string;
  design: string;
  user: string;
}

const DATABASE = "coweave";
const STORE = "outbox";
const LONGEST_WAIT_MS = 1_000;

/** Takes up what former tabs left of this design, or null where the browser cannot keep edits. */
export async function openOutbox(design: string, user: string): Promise<Outbox | null> {
  if (!navigator.locks || !globalThis.indexedDB) return null;
  const database = await within(openDatabase(), undefined);
  if (!database) return null;
  const rows = (await within(all(database), undefined)) ?? [];
  const left: Left[] = [];
  for (const { key } of rows.filter((row) => row.design === design && row.user === user)) {
    const release = await lock(key);
    if (!release) continue;
    // Somebody may have sent it between the reading and the lock.
    const row = await within(one(database, key), undefined);
    const slot = slotOf(database, { key, design, user }, release);
    if (row && isKept(row)) {
      left.push({ kept: row, slot });
      continue;
    }
    if (row) await slot.clear();
    release();
  }
  const [first, ...others] = left;
  if (first) return { own: first.slot, kept: first.kept, others };
  const key = randomId("p");
  const release = await lock(key);
  if (!release) return null;
  return { own: slotOf(database, { key, design, user }, release), kept: null, others };
}

/** What lies in a browser's storage may be anything: of another release, or by another hand. */
function isKept({ id, seq, v, edits }: Partial<Kept>): boolean {
  return (
    (id === null || typeof id === "string") &&
    Number.isSafeInteger(seq) &&
    Number.isSafeInteger(v) &&
    Array.isArray(edits) &&
    edits.length > 0 &&
    edits.every(({ op, label }) => Array.isArray(op) && typeof label === "string")
  );
}

function slotOf(
  database: IDBDatabase,
  whose: Pick<Row, "key" | "design" | "user">,
  release: () => void,
): Slot {
  return {
    put: ({ id, seq, v, edits }) =>
      within(
        write(database, (store) => store.put({ ...whose, id, seq, v, edits })),
        undefined,
      ),
    clear: () =>
      within(
        write(database, (store) => store.delete(whose.key)),
        undefined,
      ),
    release,
  };
}

/** Holds the lock until the answer is called; undefined when another tab holds it. */
function lock(key: string): Promise<(() => void) | undefined> {
  return new Promise((answer) => {
    navigator.locks
      .request(`coweave.outbox.${key}`, { ifAvailable: true }, (held) => {
        if (!held) return answer(undefined);
        return new Promise<void>((release) => answer(release));
      })
      .catch(() => answer(undefined));
  });
}

function openDatabase(): Promise<IDBDatabase> {
  return new Promise((done, fail) => {
    const request = indexedDB.open(DATABASE, 1);
    request.onupgradeneeded = () => request.result.createObjectStore(STORE, { keyPath: "key" });
    request.onsuccess = () => {
      // A newer page waits for this one to let go.
      request.result.onversionchange = () => request.result.close();
      done(request.result);
    };
    request.onerror = () => fail(request.error);
    request.onblocked = () => fail(new Error("An older page holds the database."));
  });
}

function all(database: IDBDatabase): Promise<Row[]> {
  return read(database, (store) => store.getAll());
}

function one(database: IDBDatabase, key: string): Promise<Row | undefined> {
  return read(database, (store) => store.get(key));
}

function read<T>(database: IDBDatabase, ask: (store: IDBObjectStore) => IDBRequest<T>): Promise<T> {
  return new Promise((done, fail) => {
    const request = ask(database.transaction(STORE).objectStore(STORE));
    request.onsuccess = () => done(request.result);
    request.onerror = () => fail(request.error);
  });
}

/** Resolves once the change is committed: a request that succeeded may still be rolled back. */
function write(database: IDBDatabase, change: (store: IDBObjectStore) => void): Promise<void> {
  return new Promise((done, fail) => {
    const transaction = database.transaction(STORE, "readwrite");
    transaction.oncomplete = () => done();
    transaction.onabort = () => fail(transaction.error);
    change(transaction.objectStore(STORE));
  });
}

async function within<T>(promise: Promise<T>, otherwise: T): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<T>((done) => {
    timer = setTimeout(() => done(otherwise), LONGEST_WAIT_MS);
  });
  try {
    return await Promise.race([promise, late]);
  } catch {
    return otherwise; // full, or forbidden: editing goes on without
  } finally {
    clearTimeout(timer);
  }
}
