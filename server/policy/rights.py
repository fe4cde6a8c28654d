"""Who asks, for what, and of what: the words of the policy. The decision is in `decision.py`."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

__all__ = [
    "DESIGNS",
    "SCRATCH",
    "Kind",
    "Principal",
    "Right",
    "State",
    "channel_document",
]

DESIGNS: Final = "designs"
SCRATCH: Final = "scratch"


class Kind(StrEnum):
    """What a principal is."""

    PERSON = "person"
    TOKEN = "token"  # a program with a service token
    SYSTEM = "system"  # the server itself: a migration, an import from the command line


@dataclass(frozen=True, slots=True)
class Principal:
    """Who asks, and of which tenant. `id` is opaque and stays with the person or token.

    Args:
        groups: what the identity provider says they belong to.
        scopes: what a service token is good for; empty for everybody else.
        is_admin: of the whole tenant.
    """

    tenant: str
    id: str
    name: str
    kind: Kind = Kind.PERSON
    groups: frozenset[str] = frozenset()
    scopes: frozenset[str] = frozenset()
    is_admin: bool = False


class Right(StrEnum):
    """What is asked for."""

    # On a design.
    READ = "read"  # fetch, subscribe, history, diff, blame, check, presence, comments
    EXPORT = "export"  # the design as a file
    COMMENT = "comment"
    REVIEW = "review"  # approve, request changes
    EDIT = "edit"  # an op, a rename, putting back a version, naming a version
    MIGRATE = "migrate"  # component types to newer versions
    LEASE = "lease"  # take, renew and release one's own
    TAKE_OVER = "take-over"  # another's lease, with a reason
    BRANCH = "branch"  # open, update, close
    MERGE = "merge"
    PROTECT = "protect"  # a version, `main`, and the rules of reviews
    PROMOTE = "promote"  # to an environment
    PROMOTE_EMERGENCY = "promote-emergency"  # without the approvals that it needs
    SHARE = "share"  # give and take rights
    FREEZE = "freeze"
    TRASH = "trash"
    RESTORE = "restore"  # out of the trash
    CREATE_OR_DELETE = "create-or-delete"  # by an op; designs have REST for it

    # On the tenant.
    CREATE = "create"  # a design: new, imported, copied
    AUDIT = "audit"
    MEMBERS = "members"
    TOKENS = "tokens"


class State(StrEnum):
    """What is known of the document that the question is about."""

    IN_USE = "in-use"
    PROTECTED = "protected"  # in use, and changed by merges only
    FROZEN = "frozen"
    TRASHED = "trashed"
    MISSING = "missing"


def channel_document(channel: str, *, scratch: bool) -> tuple[str, str]:
    """The document whose rights a presence channel has, as (collection, id).

    A channel is `<collection>.<id>`; where `scratch` is served any other channel belongs to it.
    """
    collection, _, id = channel.partition(".")
    if collection != DESIGNS and scratch:
        return SCRATCH, channel
    return collection, id
