"""The decision itself. Nothing is looked up here: what must be known comes with the question.

For now everybody who is let in may edit every design of the tenant. A design that is missing, in
the trash, or hidden is answered in one and the same way, so that nobody learns which it is.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from ..errors import Code, DesignError

__all__ = ["DESIGNS", "SCRATCH", "Principal", "Right", "State", "channel_document", "refusal"]

DESIGNS: Final = "designs"
SCRATCH: Final = "scratch"


@dataclass(frozen=True, slots=True)
class Principal:
    """Who asks: a person of a tenant. `id` is opaque and stays with the person."""

    tenant: str
    id: str
    name: str


class Right(StrEnum):
    """What is asked for."""

    READ = "read"  # fetch, subscribe, history, export, presence
    EDIT = "edit"  # an op, a rename
    CREATE_OR_DELETE = "create-or-delete"  # by an op; designs have REST for it
    TRASH = "trash"
    RESTORE = "restore"


class State(StrEnum):
    """What is known of the document that the question is about."""

    IN_USE = "in-use"
    TRASHED = "trashed"
    MISSING = "missing"


def refusal(
    principal: Principal, right: Right, collection: str, state: State, *, scratch: bool
) -> DesignError | None:
    """Why `principal` may not, or None if they may.

    Args:
        state: of the document; documents of `scratch` come into being by being used.
        scratch: whether this node serves the collection `scratch`.
    """
    if collection == SCRATCH and scratch:
        return None
    if collection != DESIGNS:
        return DesignError(Code.NOT_FOUND, f"There is no collection {collection!r}")
    if right is Right.CREATE_OR_DELETE:
        return DesignError(
            Code.NOT_BY_SOCKET, "Designs are created and deleted in the list of designs"
        )
    needed = State.TRASHED if right is Right.RESTORE else State.IN_USE
    if state is not needed:
        return DesignError(Code.NOT_FOUND, "There is no such design")
    return None


def channel_document(channel: str, *, scratch: bool) -> tuple[str, str]:
    """The document whose rights a presence channel has, as (collection, id).

    A channel is `<collection>.<id>`; where `scratch` is served any other channel belongs to it.
    """
    collection, _, id = channel.partition(".")
    if collection != DESIGNS and scratch:
        return SCRATCH, channel
    return collection, id
