// Hocuspocus with its SQLite extension, as its own examples set it up (it stores 2 s after a change). FOLDER is argv[2].
import { SQLite } from "@hocuspocus/extension-sqlite";
import { Server } from "@hocuspocus/server";

const server = new Server({
  address: "127.0.0.1",
  port: 0,
  quiet: true,
  extensions: [new SQLite({ database: `${process.argv[2]}/hocuspocus.sqlite3` })],
});
await server.listen(0);
const { port } = server.httpServer.address();
console.log(`Coweave is at http://127.0.0.1:${port}`);
