/** The ShareDB connection of a tab: one socket that comes back by itself. */
import ReconnectingWebSocket from "reconnecting-websocket";
import { Connection } from "sharedb/lib/client";
import type { Socket } from "sharedb/lib/sharedb";
import { Backoff } from "./backoff";
import { asPerson, rest } from "./rest";

const SIGN_IN = 4401;
const PING_EVERY_MS = 10_000;

export interface Link {
  connection: Connection;
  close(): void;
}

/** `former`: whose id and numbers go on being used; a tab of the same browser that is gone. */
export function connect(former?: { id: string | null; seq: number } | null): Link {
  const backoff = new Backoff();
  const socket = new ReconnectingWebSocket(() => backoff.wait().then(address), [], {
    // The waits are the backoff's: unlike the socket's own they can be cut short.
    minReconnectionDelay: 0,
    maxReconnectionDelay: 0,
    connectionTimeout: 5_000,
    // ShareDB queues and resends by itself; a second queue below it would send things twice.
    maxEnqueuedMessages: 0,
  });
  const connection = new Connection(socket as unknown as Socket);
  socket.addEventListener("close", ({ code }) => {
    // The credential does not hold any more: the session's page asks, and learns where to sign in.
    if (code === SIGN_IN) rest.session().catch(() => undefined);
  });
  if (former) Object.assign(connection, { id: former.id, seq: former.seq });
  connection.on("connected", () => backoff.succeeded());
  // A refused or failed handshake shows as "offline"; nobody else listens for these.
  connection.on("error", (error) => console.warn("ShareDB connection:", error.message));

  const stop = watchLine(connection, () => {
    backoff.succeeded();
    backoff.hurry();
    socket.reconnect();
  });
  return {
    connection,
    close() {
      stop();
      connection.close();
    },
  };
}

/** Of the socket. It names the design, so that a proxy can lead all who have it open to one node. */
function address(): string {
  const scheme = location.protocol === "https:" ? "wss:" : "ws:";
  const design = /^\/designs\/([^/]+)/.exec(location.pathname)?.[1];
  const path = design === undefined ? "/ws/sharedb" : `/ws/sharedb?design=${design}`;
  return `${scheme}//${location.host}${asPerson(path)}`;
}

/** Notices a dead line before the system does: by the browser's word, or by a ping without answer. */
function watchLine(connection: Connection, reconnect: () => void): () => void {
  let waiting = false;
  const onPong = () => {
    waiting = false;
  };
  const onChange = () => {
    waiting = false;
    reconnect();
  };
  const timer = setInterval(() => {
    if (connection.state !== "connected") {
      waiting = false;
      return;
    }
    if (waiting) return onChange();
    waiting = true;
    connection.ping();
  }, PING_EVERY_MS);
  connection.on("pong", onPong);
  addEventListener("offline", onChange);
  addEventListener("online", onChange);
  return () => {
    clearInterval(timer);
    connection.off("pong", onPong);
    removeEventListener("offline", onChange);
    removeEventListener("online", onChange);
  };
}
