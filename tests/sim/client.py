"""A small model of the stock client's document: npm sharedb 7.0.0 `lib/client/doc.js` (PROTOCOL 6-8).

One document, one edit in flight, later ones wait and are composed. Messages are plain JSON values.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ot import json0
from ot.loose import apply_unbounded
from ot.types import Json, Op, OpError

Message = dict[str, Any]


class ClientOp:
    """A local edit that is not acked yet: `op`, `create` or `del` in `edit`."""

    def __init__(self, edit: dict[str, Any]) -> None:
        self.edit = edit
        self.src: str | None = None
        self.seq: int | None = None


class Conflict(Exception):
    """A local edit and a remote one cannot both be: the client starts again from the server's."""


class Client:
    """`send` is None while disconnected."""

    def __init__(self, src: str) -> None:
        self.src = src
        self.send: Callable[[Message], None] | None = None
        self.version: int | None = None
        self.exists = False
        self.data: Json = None
        self.inflight: ClientOp | None = None
        self.pending: list[ClientOp] = []
        self.errors: list[Message] = []
        self._seq = 1
        self._fetches = 0
        self._wants_fetch = False
        self._is_subscribing = False
        self._dropping: ClientOp | None = None

    # -- what the user does ------------------------------------------------------------------------

    def edit(self, op: Op, *, compose: bool = True) -> None:
        """Apply `op` here, and send it when its turn comes, with others that wait if `compose`."""
        self.data = apply_unbounded(self.data, op)
        last = self.pending[-1] if self.pending else None
        if compose and last is not None and last.seq is None and "op" in last.edit:
            last.edit["op"] = json0.compose(last.edit["op"], op)
        else:
            self.pending.append(ClientOp({"op": op}))
        self._flush()

    def create(self, data: Json) -> None:
        self.exists, self.data = True, data
        self.pending.append(ClientOp({"create": {"type": json0.URI, "data": data}}))
        self._flush()

    def delete(self) -> None:
        self.exists, self.data = False, None
        self.pending.append(ClientOp({"del": True}))
        self._flush()

    @property
    def is_idle(self) -> bool:
        return (
            self.inflight is None
            and not self.pending
            and not self._fetches
            and not self._wants_fetch
            and not self._is_subscribing
        )

    # -- the connection ----------------------------------------------------------------------------

    def connected(self, send: Callable[[Message], None]) -> None:
        """Ops first, then the subscription."""
        self.send = send
        self._flush()
        self._is_subscribing = True
        send({"a": "s", "v": self.version})
        if self._wants_fetch:
            self._fetch()

    def disconnected(self) -> None:
        self.send = None
        if self.inflight is not None:
            self.pending.insert(0, self.inflight)
            self.inflight = None
        self._wants_fetch = self._wants_fetch or self._fetches > 0
        self._fetches = 0
        self._is_subscribing = False
        if self._dropping is not None:
            # The refused edit goes out once more, and is refused once more.
            self._dropping = None

    def _flush(self) -> None:
        if self.send is None or self.inflight is not None or not self.pending:
            return
        op = self.inflight = self.pending.pop(0)
        if op.seq is None:
            op.src, op.seq = self.src, self._seq
            self._seq += 1
        self.send({"a": "op", "v": self.version, "src": op.src, "seq": op.seq, **op.edit})

    def _fetch(self, *, force: bool = False) -> None:
        if self.send is None or (self._fetches and not force):
            self._wants_fetch = True
            return
        self._wants_fetch = False
        self._fetches += 1
        self.send({"a": "f", "v": self.version})

    # -- messages ----------------------------------------------------------------------------------

    def receive(self, message: Message) -> None:
        match message["a"]:
            case "f":
                self._fetches -= 1
                self._wants_fetch = False
                self._ingest(message.get("data"))
                if self._dropping is not None and self._dropping is self.inflight:
                    self._clear()
                self._dropping = None
            case "s":
                self._is_subscribing = False
                self._ingest(message.get("data"))
            case "op" if "error" in message:
                self._refused(message)
            case "op":
                self._op(message)

    def _ingest(self, snapshot: dict[str, Any] | None) -> None:
        if snapshot is None:
            return
        if self.exists or self.inflight or self.pending:
            if self.version is not None and snapshot["v"] > self.version:
                self._fetch()
            return
        if self.version is None or self.version <= snapshot["v"]:
            self.version = snapshot["v"]
            self.exists = snapshot["type"] is not None
            self.data = snapshot.get("data")

    def _refused(self, message: Message) -> None:
        self.errors.append(message)
        op = self.inflight
        # The stock client does not look whose error it is: one for an edit that it forgot in a hard
        # rollback makes it take back the edit in flight, and differ from then on. No server can help
        # that; this model looks.
        if op is None or message["seq"] != op.seq:
            return
        if message["error"] == "ERR_NO_OP":
            self._dropping = op
            self._fetch()
            return
        if "op" not in op.edit:
            self._start_again()
            return
        try:
            undo = {"op": json0.invert(op.edit["op"])}
            for waiting in self.pending:
                _transform(waiting.edit, undo)
            self._apply(undo)
        except (OpError, Conflict):
            self._start_again()
            return
        self._clear()

    def _op(self, message: Message) -> None:
        op = self.inflight
        if op is not None and (message["src"], message["seq"]) == (op.src, op.seq):
            self._acked(message)
            return
        if self.version is None or message["v"] > self.version:
            self._fetch()
            return
        if message["v"] < self.version:
            return
        remote = {key: message[key] for key in ("op", "create", "del") if key in message}
        try:
            for waiting in ([op] if op is not None else []) + self.pending:
                _transform(waiting.edit, remote)
            self.version += 1
            self._apply(remote)
        except (OpError, Conflict):
            self._start_again()

    def _acked(self, message: Message) -> None:
        assert self.inflight is not None
        if "create" in self.inflight.edit:
            self.version = message["v"]
        elif message["v"] != self.version:
            raise AssertionError("an ack out of order: the stock client would warn and fetch")
        assert self.version is not None
        try:
            for fixup in message.get("fixup", ()):
                remote = {"op": fixup}
                for waiting in self.pending:
                    _transform(waiting.edit, remote)
                self._apply(remote)
        except (OpError, Conflict):
            self._start_again()
            return
        self.version += 1
        self._clear()

    def _clear(self) -> None:
        self.inflight = None
        self._flush()

    def _apply(self, remote: dict[str, Any]) -> None:
        if "op" in remote:
            if not self.exists:
                raise Conflict
            self.data = apply_unbounded(self.data, remote["op"])
        elif "create" in remote:
            self.exists, self.data = True, remote["create"]["data"]
        elif "del" in remote:
            self.exists, self.data = False, None

    def _start_again(self) -> None:
        """Hard rollback: forget all that is local."""
        self.version, self.exists, self.data = None, False, None
        self.inflight, self._dropping = None, None
        self.pending = []
        self._fetch(force=True)


def _transform(local: dict[str, Any], remote: dict[str, Any]) -> None:
    """Both past each other, in place; the client's is 'left'."""
    if "del" in local:
        for key in ("op", "create", "del"):
            remote.pop(key, None)
    elif "del" in remote or "create" in remote:
        raise Conflict
    elif "op" in remote:
        if "create" in local:
            raise Conflict
        ours, theirs = local["op"], remote["op"]
        local["op"] = json0.transform(ours, theirs, "left")
        remote["op"] = json0.transform(theirs, ours, "right")
