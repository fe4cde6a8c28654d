// A WebSocket client that does next to nothing per frame, so that a driver is not what is measured.
//
// Frames are given to `onFrame(buffer, start, end)` where they lie in what the socket read; nothing is
// decoded. Text frames of any size and whole messages only: servers here do not fragment.
import { randomBytes } from "node:crypto";
import net from "node:net";

const NOTHING = Buffer.alloc(0);

export class Socket {
  constructor(url, onFrame, onEnd = () => {}) {
    this.url = new URL(url);
    this.onFrame = onFrame;
    this.onEnd = onEnd;
    this.parts = [];
    this.size = 0;
    this.wanted = 0; // bytes that must be there before it makes sense to look again
    this.bytes = 0;
  }

  open() {
    return new Promise((resolve, reject) => {
      const { hostname, port, pathname, search } = this.url;
      const socket = (this.socket = net.connect(Number(port), hostname));
      socket.setNoDelay(true);
      socket.once("error", reject);
      socket.on("close", () => this.onEnd());
      const key = randomBytes(16).toString("base64");
      socket.write(
        `GET ${pathname}${search} HTTP/1.1\r\nHost: ${hostname}:${port}\r\nUpgrade: websocket\r\n` +
          `Connection: Upgrade\r\nSec-WebSocket-Key: ${key}\r\nSec-WebSocket-Version: 13\r\n\r\n`,
      );
      let head = NOTHING;
      const onHead = (chunk) => {
        head = Buffer.concat([head, chunk]);
        const end = head.indexOf("\r\n\r\n");
        if (end < 0) return;
        socket.off("data", onHead);
        if (!head.toString("latin1", 0, 12).endsWith(" 101")) {
          reject(new Error(head.toString("latin1", 0, end)));
          return;
        }
        socket.off("error", reject);
        socket.on("error", () => {});
        socket.on("data", (data) => this.read(data));
        resolve(this);
        if (head.length > end + 4) this.read(head.subarray(end + 4));
      };
      socket.on("data", onHead);
    });
  }

  read(chunk) {
    this.bytes += chunk.length;
    this.size += chunk.length;
    this.parts.push(chunk);
    if (this.size < this.wanted) return;
    const buffer = this.parts.length === 1 ? chunk : Buffer.concat(this.parts, this.size);
    let at = 0;
    this.wanted = 0;
    while (buffer.length - at >= 2) {
      let size = buffer[at + 1] & 0x7f;
      let start = at + 2;
      if (size === 126) {
        if (buffer.length - at < 4) break;
        size = (buffer[at + 2] << 8) | buffer[at + 3];
        start = at + 4;
      } else if (size === 127) {
        if (buffer.length - at < 10) break;
        size = buffer.readUInt32BE(at + 6);
        start = at + 10;
      }
      if (buffer.length < start + size) {
        this.wanted = start + size - at;
        break;
      }
      const kind = buffer[at] & 0x0f;
      if (kind === 9) this.write(0x8a, buffer.subarray(start, start + size));
      else if (kind < 8) this.onFrame(buffer, start, start + size);
      at = start + size;
    }
    this.parts = at < buffer.length ? [at ? buffer.subarray(at) : buffer] : [];
    this.size = buffer.length - at;
  }

  send(text) {
    this.write(0x81, Buffer.from(text));
  }

  sendBinary(bytes) {
    this.write(0x82, Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength));
  }

  // Masked by zeros: as the protocol demands, and at no cost.
  write(kind, payload) {
    const size = payload.length;
    const wide = size < 126 ? 2 : size < 65_536 ? 4 : 10;
    const frame = Buffer.alloc(wide + 4 + size);
    frame[0] = kind;
    if (wide === 2) frame[1] = 0x80 | size;
    else if (wide === 4) {
      frame[1] = 0xfe;
      frame.writeUInt16BE(size, 2);
    } else {
      frame[1] = 0xff;
      frame.writeBigUInt64BE(BigInt(size), 2);
    }
    payload.copy(frame, wide + 4);
    this.socket.write(frame);
  }

  close() {
    this.socket.destroy();
  }
}
