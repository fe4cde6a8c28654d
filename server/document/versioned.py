"""Edits with versions: create, edit, delete and no-op, how they meet, and how they are stored.

The op types of `ot` know nothing of documents that come and go; this module does. A document is at
version 0 and has no type until it is created; every edit of any kind adds one to its version; a
deleted document keeps counting and can be created again (PROTOCOL 4 and 6.2).
"""

from __future__ import annotations

from base64 import b64decode, b64encode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, TypeAlias

import orjson

from ot import json0
from ot.loose import apply_npm
from ot.types import Json, Op, OpError, Reason
from ot.values import same

from ..errors import Code, DesignError

__all__ = [
    "TYPE",
    "Create",
    "Delete",
    "Edit",
    "NoOp",
    "Snapshot",
    "Why",
    "coded",
    "decode",
    "encode",
    "is_same",
    "replay",
    "stored_update",
    "transform",
    "why_of",
]

TYPE: Final = json0.URI
"""The uri of the one type that documents have."""


@dataclass(frozen=True, slots=True)
class Create:
    """Bring the document into being; `type` is the type's uri.

    `judged`: the state of `data`, if whoever made this edit has judged it already.
    """

    type: str
    data: Json
    judged: Any = field(default=None, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Delete:
    """Delete the document; its version goes on counting."""


@dataclass(frozen=True, slots=True)
class NoOp:
    """Moves the version and changes nothing."""


Edit: TypeAlias = Create | Delete | NoOp | Op
"""What one submitted op does. A list is an edit by a json0 op."""

Why: TypeAlias = Mapping[str, Any]
"""JSON: {"kind": …} and what the edit came from."""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The document at a version. `type` is None where it does not exist (then `data` is None)."""

    version: int
    type: str | None
    data: Json


def transform(edit: Edit, committed: Edit) -> Edit:
    """Rewrite `edit`, made on the version that `committed` was applied to, to come after it.

    Of the 16 pairs, four change nothing because `committed` is a no-op, and four because `edit` is.
    Two edits meet in json0, the later one on the side 'left'. A delete passes over edits and over
    another delete. The others cannot both be.

    Raises: DesignError(DOC_WAS_DELETED, DOC_ALREADY_CREATED), or OP_NOT_APPLIED when the two ops
    cannot have been made on one document. Source: npm sharedb 7.0.0 lib/ot.js `transform`.
    """
    if isinstance(committed, NoOp) or isinstance(edit, NoOp):
        return edit
    if isinstance(committed, Delete):
        if isinstance(edit, Delete):
            return edit
        raise DesignError(Code.DOC_WAS_DELETED, "The document was deleted meanwhile.")
    if isinstance(committed, Create) or isinstance(edit, Create):
        raise DesignError(Code.DOC_ALREADY_CREATED, "The document was created meanwhile.")
    if isinstance(edit, Delete):
        return edit
    try:
        return json0.transform(edit, committed, "left")
    except OpError as error:
        raise coded(error) from None


def replay(snapshot: Snapshot, edit: Edit) -> Snapshot:
    """The snapshot after a stored edit. Shares structure with `snapshot`, which is not changed.

    Stored edits were judged before they were stored: nothing is validated here. Raises: OpError if
    the edit does not apply all the same, which means that the log is damaged.
    """
    version = snapshot.version + 1
    match edit:
        case Create(type=type_, data=data):
            return Snapshot(version, type_, data)
        case Delete():
            return Snapshot(version, None, None)
        case NoOp():
            return Snapshot(version, snapshot.type, snapshot.data)
        case op if snapshot.type is not None:
            return Snapshot(version, snapshot.type, apply_npm(snapshot.data, op))
    raise OpError(Reason.PATH_NOT_FOUND, f"version {snapshot.version}: there is no document")


def encode(
    edit: Edit, fixups: Sequence[Op] = (), *, update: bytes = b"", why: Why | None = None
) -> bytes:
    """The body of a stored op (`ports.NewOp`): JSON in UTF-8.

    `update` is the Yjs update that the edit was read from, if it was (`stored_update` reads it);
    `why` is a server command's reason (`why_of` reads it).

    Raises: DesignError(OP_NOT_APPLIED) when a value cannot be sent: too deep, or half a character.
    """
    body: dict[str, Any]
    match edit:
        case Create(type=type_, data=data):
            body = {"create": {"type": type_, "data": data}}
        case Delete():
            body = {"del": True}
        case NoOp():
            body = {}
        case op:
            body = {"op": op}
    if fixups:
        body["fixups"] = list(fixups)
    if update:
        body["yjs"] = b64encode(update).decode()
    if why is not None:
        body["why"] = why
    try:
        return orjson.dumps(body)
    except TypeError as error:
        raise DesignError(
            Code.OP_NOT_APPLIED, f"The edit holds a value that cannot be stored: {error}."
        ) from None


def decode(body: bytes) -> tuple[Edit, tuple[Op, ...]]:
    """The edit and the fixups in a stored body. Raises: ValueError if `encode` did not make it."""
    parts = orjson.loads(body)
    fixups = tuple(parts.get("fixups", ()))
    if "op" in parts:
        return parts["op"], fixups
    if "create" in parts:
        return Create(parts["create"]["type"], parts["create"]["data"]), fixups
    return (Delete() if "del" in parts else NoOp()), fixups


def stored_update(body: bytes) -> bytes:
    """The Yjs update in a stored body; empty if there is none. Raises: ValueError, as `decode`."""
    if b'"yjs":"' not in body:
        return b""
    return b64decode(orjson.loads(body).get("yjs", ""))


def why_of(body: bytes) -> Why | None:
    """Why a server command made the stored op; None for an edit that somebody made by hand.

    `kind` is "restore", "revert", "pick", "merge" or "migration"; what it came from stands beside it.
    """
    # Most bodies are plain edits, of which most need not be read for this.
    if b'"why"' not in body:
        return None
    why = orjson.loads(body).get("why")
    return why if isinstance(why, dict) and isinstance(why.get("kind"), str) else None


def is_same(edit: Edit, committed: Edit, fixups: Sequence[Op] = ()) -> bool:
    """Is `edit`, transformed to where `committed` stands, what was committed there?

    `fixups` are what the server composed onto the committed edit. Ops are compared as merged
    lists of components: a client that went through other transforms may hold the same op unmerged.
    """
    if isinstance(edit, list) and isinstance(committed, list):
        for fixup in fixups:
            edit = json0.compose(edit, fixup)
        return same(edit, committed) or same(json0.normalize(edit), json0.normalize(committed))
    if isinstance(edit, Create) and isinstance(committed, Create):
        data = edit.data
        for fixup in fixups:
            data = apply_npm(data, fixup)
        return edit.type == committed.type and same(data, committed.data)
    return type(edit) is type(committed)


_TOO_LARGE: Final = frozenset(
    {Reason.TOO_MANY_COMPONENTS, Reason.TOO_LARGE, Reason.TOO_DEEP},
)
_BADLY_FORMED: Final = frozenset(
    {Reason.OP_NOT_LIST, Reason.COMPONENT_NOT_OBJECT, Reason.PATH_MISSING, Reason.PATH_STEP},
)


def coded(error: OpError) -> DesignError:
    """What `ot` refused, with the code that stock clients know it by, and its place."""
    if error.reason in _TOO_LARGE:
        code = Code.TOO_LARGE
    elif error.reason in _BADLY_FORMED:
        code = Code.OP_BADLY_FORMED
    else:
        code = Code.OP_NOT_APPLIED
    details: dict[str, Any] = {"rule": str(error.reason)}
    if error.path is not None:
        details["path"] = list(error.path)
    return DesignError(code, f"{error.message}.", **details)
