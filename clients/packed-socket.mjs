// Lets ShareDB's own client speak msgpack with Coweave: a socket around a socket. No dependencies;
// the codec is yours to bring, as `encode(value) -> Uint8Array` and `decode(Uint8Array) -> value`.
//
//   import { decode, encode } from "@msgpack/msgpack";
//   const socket = new WebSocket("wss://…/ws/sharedb", [SUBPROTOCOL]);
//   const connection = new Connection(new PackedSocket(socket, { encode, decode }));
//
// A server that does not know the subprotocol leaves `socket.protocol` empty; then it stays JSON.

export const SUBPROTOCOL = "coweave.msgpack";

export class PackedSocket {
  constructor(socket, { encode, decode }) {
    socket.binaryType = "arraybuffer";
    this.socket = socket;
    this.encode = encode;
    socket.onopen = (event) => this.onopen?.(event);
    socket.onerror = (event) => this.onerror?.(event);
    socket.onclose = (event) => this.onclose?.(event);
    // ShareDB's client takes what is no text for the message itself.
    socket.onmessage = ({ data }) =>
      this.onmessage?.({ data: typeof data === "string" ? data : decode(new Uint8Array(data)) });
  }

  get readyState() {
    return this.socket.readyState;
  }

  send(text) {
    this.socket.send(this.socket.protocol === SUBPROTOCOL ? this.encode(JSON.parse(text)) : text);
  }

  close(code, reason) {
    this.socket.close(code, reason);
  }
}
