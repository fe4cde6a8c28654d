// Stock ShareDB behind stock ws, as its own examples set it up; in memory, or on PostgreSQL (DATABASE_URL),
// its nodes told of each other's ops by Redis (REDIS_URL).
import http from "node:http";
import { createRequire } from "node:module";
import WebSocketJSONStream from "@teamwork/websocket-json-stream";
import ShareDB from "sharedb";
import { WebSocketServer } from "ws";

const options = { doNotForwardSendPresenceErrorsToClient: true, suppressPublish: false };
if (process.env.DATABASE_URL) {
  const PostgresDB = createRequire(import.meta.url)("sharedb-postgres");
  options.db = new PostgresDB({ connectionString: process.env.DATABASE_URL, max: 20 });
}
if (process.env.REDIS_URL) {
  const redisPubSub = createRequire(import.meta.url)("sharedb-redis-pubsub");
  options.pubsub = redisPubSub({ url: process.env.REDIS_URL });
}
const backend = new ShareDB(options);
const server = http.createServer();
new WebSocketServer({ server, perMessageDeflate: false, maxPayload: 64 << 20 }).on("connection", (socket) => {
  const stream = new WebSocketJSONStream(socket);
  stream.on("error", () => {}); // a client that left while it was written to
  backend.listen(stream);
});
server.listen(0, "127.0.0.1", () => {
  console.log(`Coweave is at http://127.0.0.1:${server.address().port}`);
});
