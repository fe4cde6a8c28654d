/** A design as it was at some version: it can be looked at like an open one, and nothing reaches the server. */
import { Connection } from "sharedb/lib/client";
import type { Socket } from "sharedb/lib/sharedb";
import { DesignLeases } from "./leases";
import { DesignPresence } from "./presence";
import type { Snapshot, User } from "./rest";
import { DesignSession } from "./session";

const CLOSED = 3;

export interface Still {
  session: DesignSession;
  presence: DesignPresence;
  leases: DesignLeases;
}

export function stillDesign(id: string, snapshot: Snapshot, me: User): Still {
  const socket = { readyState: CLOSED, send() {}, close() {} };
  const connection = new Connection(socket as unknown as Socket);
  const session = new DesignSession(connection, id);
  session.open(snapshot);
  const presence = new DesignPresence(connection, id, me);
  return { session, presence, leases: new DesignLeases(connection, id) };
}
