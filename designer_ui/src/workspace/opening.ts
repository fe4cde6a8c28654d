/** Opens a design for a tab: its document, who is there, what former tabs left unsent, and the keys. */
import { PropertyChecker } from "../model/schema";
import { TypeCatalog } from "../model/types";
import { Comments } from "../sync/comments";
import { DesignLeases } from "../sync/leases";
import { type Kept, type Left, type Outbox, openOutbox } from "../sync/outbox";
import { DesignPresence } from "../sync/presence";
import { RestError, rest, type SessionInfo, type Snapshot } from "../sync/rest";
import { DesignSession } from "../sync/session";
import { connect, type Link } from "../sync/socket";
import { Commands } from "./commands";
import { toClipboard } from "./menu";
import { listenToKeys } from "./shortcuts";
import { createUi } from "./ui";
import { tellWhereWeAre } from "./whereabouts";
import type { Workspace } from "./workspace";

export interface Opening {
  close(): void;
}

export function openDesign(
  id: string,
  info: SessionInfo,
  onOpen: (workspace: Workspace) => void,
  onFault: (fault: RestError) => void,
): Opening {
  const stops: (() => void)[] = [];
  let closed = false;
  const close = () => {
    closed = true;
    for (const stop of stops.splice(0).reverse()) stop();
  };
  run().catch((error: unknown) => {
    if (!closed) onFault(error as RestError);
  });
  return { close };

  async function run(): Promise<void> {
    const outbox = await openOutbox(id, info.user.id);
    if (outbox) stops.push(() => release(outbox));
    if (closed) return close();
    // The snapshot comes by HTTP, compressed, while the socket is still being opened.
    const link = connect(outbox?.kept);
    stops.push(() => link.close());
    const [types, { snapshot, kept }] = await Promise.all([
      rest.types(),
      start(id, outbox?.kept ?? null),
    ]);
    if (closed) return;
    // Before the session, which passes on what is told of edits.
    const leases = new DesignLeases(link.connection, id);
    stops.push(() => leases.close());
    const session = new DesignSession(link.connection, id, outbox?.own);
    stops.push(() => session.close());
    const presence = new DesignPresence(link.connection, id, info.user);
    stops.push(() => presence.close());
    const comments = new Comments(session);
    stops.push(() => comments.close());
    const workspace = {
      session,
      presence,
      comments,
      leases,
      types: new TypeCatalog(types),
      checker: new PropertyChecker(types.shared),
      ui: createUi(),
      me: { id: info.user.id, name: info.user.name },
    } as Workspace;
    workspace.commands = new Commands(workspace);
    stops.push(heedLeases(workspace));
    session.open(snapshot, kept ?? undefined);
    if (kept) session.tell("info", resumed(kept.edits.length));
    else if (outbox?.kept) {
      giveUp(session, outbox.kept);
      await outbox.own.clear();
    }
    for (const left of outbox?.others ?? []) stops.push(sendLeft(id, left, session));
    stops.push(tellWhereWeAre(workspace), listenToKeys(workspace.commands), warnToLeave(session));
    onOpen(workspace);
  }
}

/** Edits that another's lease forbids are not made; what concerns one's own is told. */
function heedLeases({ commands, leases, session }: Workspace): () => void {
  const { leasing } = commands;
  session.guard = leasing.fault;
  session.onGuarded = (fault) => leasing.tell(fault);
  let before = leases.state.get().leases;
  const stops = [
    leases.onNews(leasing.heard),
    leases.state.subscribe(() => {
      const after = leases.state.get().leases;
      leasing.changed(before, after);
      before = after;
    }),
  ];
  return () => {
    for (const stop of stops) stop();
  };
}

/** The state that the kept edits apply to; today's, and no edits, where the server does not have that one any more. */
async function start(
  id: string,
  kept: Kept | null,
): Promise<{ snapshot: Snapshot; kept: Kept | null }> {
  if (kept) {
    try {
      return { snapshot: await rest.snapshot(id, kept.v), kept };
    } catch (error) {
      if (!isRefused(error)) throw error;
    }
  }
  return { snapshot: await rest.snapshot(id), kept: null };
}

/** The server has answered, and will not answer otherwise: as after it was restored from a backup. */
function isRefused(error: unknown): boolean {
  return error instanceof RestError && [400, 404, 409, 422].includes(error.status);
}

/** Edits that fit nothing any more are handed to the person, not kept for ever. */
function giveUp(session: DesignSession, { edits }: Kept): void {
  const what = edits.map(({ label }) => label).join(", ");
  session.tell("warning", `Edits kept in this browser fit no version there is: ${what}.`, null, {
    label: "Copy them",
    run: () => toClipboard(JSON.stringify(edits, null, 2)),
  });
}

function release({ own, others }: Outbox): void {
  own.release();
  for (const { slot } of others) slot.release();
}

function resumed(count: number): string {
  return count === 1
    ? "An edit that was not saved when this design was last open here is on its way again."
    : `${count} edits that were not saved when this design was last open here are on their way again.`;
}

/** Sends what one more tab left, under that tab's id, on a line of its own. Returns how to stop. */
function sendLeft(id: string, { kept, slot }: Left, main: DesignSession): () => void {
  let link: Link | undefined;
  let session: DesignSession | undefined;
  const stop = () => {
    session?.close();
    link?.close();
  };
  const send = async (left: Kept) => {
    const snapshot = await rest.snapshot(id, left.v);
    link = connect(left);
    session = new DesignSession(link.connection, id, slot);
    const { notice, status } = session;
    notice.subscribe(() => {
      const said = notice.get();
      if (said) main.tell(said.kind, said.message, said.element);
    });
    session.open(snapshot, left);
    main.tell("info", resumed(left.edits.length));
    status.subscribe(() => {
      // Its lock goes with its last edit; until then nobody else may send them.
      if (status.get().waiting === 0) queueMicrotask(stop);
    });
  };
  send(kept).catch(async (error: unknown) => {
    if (isRefused(error)) {
      giveUp(main, kept);
      await slot.clear();
    }
    // Otherwise it stays in the outbox for the next time.
    slot.release();
    stop();
  });
  return stop;
}

function warnToLeave(session: DesignSession): () => void {
  const onLeave = (event: BeforeUnloadEvent) => {
    if (session.status.get().waiting > 0) event.preventDefault();
  };
  addEventListener("beforeunload", onLeave);
  return () => removeEventListener("beforeunload", onLeave);
}
