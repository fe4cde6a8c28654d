"""The decision itself. Nothing is looked up here: what must be known comes with the question.

A design that is missing, in the trash, or hidden from whoever asks is answered in one and the same
way, so that nobody learns which it is.
"""

from __future__ import annotations

from typing import Final

from ..errors import Code, DesignError
from .rights import DESIGNS, SCRATCH, Kind, Principal, Right, State
from .roles import Standing

__all__ = ["refusal", "tenant_refusal"]

_DIRECT: Final = frozenset({Right.EDIT, Right.MIGRATE})
"""What changes the contents of a design there and then: a protected design is changed by merges."""

_CHANGES: Final = _DIRECT | {Right.MERGE}
"""What a frozen design does not take from anybody."""

_IN_USE: Final = frozenset({State.IN_USE, State.PROTECTED, State.FROZEN})


def refusal(
    right: Right,
    collection: str,
    state: State,
    standing: Standing | None,
    *,
    part: str | None = None,
    scratch: bool,
) -> DesignError | None:
    """Why somebody may not, or None if they may.

    Args:
        state: of the document; documents of `scratch` come into being by being used.
        standing: of whoever asks on the design; None: they must not know of it.
        part: "pages/<id>" or "environments/<name>" where that is what is asked about.
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
    hidden = DesignError(Code.NOT_FOUND, "There is no such design")
    if standing is None:
        return hidden
    if right is Right.RESTORE:
        # Whoever may not take it out of the trash does not see what lies in there.
        return None if state is State.TRASHED and standing.may(right) else hidden
    if state not in _IN_USE:
        return hidden
    if not standing.may(right, part):
        role = standing.on(part)
        return DesignError(
            Code.FORBIDDEN,
            f"As {role} of this {_what(part)} you may not do that",
            right=str(right),
            role=str(role),
        )
    if state is State.FROZEN and right in _CHANGES:
        return DesignError(Code.FROZEN, "This design is frozen: nobody can change it now")
    if state is State.PROTECTED and right in _DIRECT:
        return DesignError(
            Code.PROTECTED,
            "This design is protected: it is changed on branches, and by merging them",
        )
    return None


def tenant_refusal(principal: Principal, right: Right) -> DesignError | None:
    """The same for the rights on a tenant as a whole.

    People of the tenant may make designs; a service token may do what its scopes name, by the names
    of the rights, but never say who may do what.
    """
    if principal.is_admin or principal.kind is Kind.SYSTEM:
        return None
    if principal.kind is Kind.TOKEN:
        allowed = right in (Right.CREATE, Right.AUDIT) and str(right) in principal.scopes
    else:
        allowed = right is Right.CREATE
    if allowed:
        return None
    return DesignError(Code.FORBIDDEN, "That is for administrators", right=str(right))


def _what(part: str | None) -> str:
    return "design" if part is None else part.partition("/")[0].removesuffix("s")
