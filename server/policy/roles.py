"""Roles, and what they allow: the whole policy is the table `ALLOWED` and the rules of `standing`.

A role is given on a whole design or on a part of it: `pages/<id>` or `environments/<name>`. A part
on which somebody has been given a role of its own is closed to all others, but for owners: on it
those roles alone count. Everywhere else the role on the whole design counts. Whoever has a role on
a part may read the whole design.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from .rights import Kind, Principal, Right

__all__ = ["ALLOWED", "EVERYONE", "OWNS", "Grant", "Role", "Standing", "Within", "standing"]


class Role(StrEnum):
    """From the least to the most; each may do all that those before it may."""

    VIEWER = "viewer"
    REVIEWER = "reviewer"
    EDITOR = "editor"
    OWNER = "owner"

    @property
    def rank(self) -> int:
        """Higher allows more."""
        return _RANKS[self]


_RANKS: Final = {role: rank for rank, role in enumerate(Role)}

_VIEWER: Final = frozenset({Right.READ, Right.EXPORT})
_REVIEWER: Final = _VIEWER | {Right.COMMENT, Right.REVIEW}
_EDITOR: Final = _REVIEWER | {
    Right.EDIT,
    Right.MIGRATE,
    Right.LEASE,
    Right.TAKE_OVER,
    Right.BRANCH,
    Right.MERGE,
    Right.PROMOTE,
}
_OWNER: Final = _EDITOR | {
    Right.PROTECT,
    Right.PROMOTE_EMERGENCY,
    Right.SHARE,
    Right.FREEZE,
    Right.TRASH,
    Right.RESTORE,
}
ALLOWED: Final[Mapping[Role, frozenset[Right]]] = {
    Role.VIEWER: _VIEWER,
    Role.REVIEWER: _REVIEWER,
    Role.EDITOR: _EDITOR,
    Role.OWNER: _OWNER,
}
"""What each role may do on a design. Rights on the tenant are not given by roles."""

_SOMEWHERE: Final = frozenset({Right.EDIT, Right.LEASE, Right.TAKE_OVER})
"""What whoever edits some page only may do there; the room refuses it everywhere else."""

EVERYONE: Final = "everyone"
"""The subject kind of a grant to all people of the tenant."""


@dataclass(frozen=True, slots=True)
class Grant:
    """A role given to somebody on a design.

    Args:
        scope: "" for the whole design, or "pages/<id>", "environments/<name>".
        kind: "person" (by id), "group" (by name) or "everyone" (`subject` is "").
    """

    design: str
    scope: str
    kind: str
    subject: str
    role: Role


@dataclass(frozen=True, slots=True)
class Within:
    """The pages that somebody may edit: all but `pages`, or none but them.

    What stands on no page counts as one that is not in `pages`.
    """

    all_but: bool
    pages: frozenset[str]

    def has(self, page: str | None) -> bool:
        """Whether what stands on `page` (None, "": on none) may be edited."""
        return (page in self.pages) != self.all_but


@dataclass(frozen=True, slots=True)
class Standing:
    """What somebody is on one design.

    Args:
        role: on the whole.
        parts: on each part that has roles of its own; None: no role there.
    """

    role: Role
    parts: Mapping[str, Role | None] = field(default_factory=dict)

    def on(self, part: str | None) -> Role:
        """The role that counts on a part of the design (None: on the whole)."""
        if part is None or self.role is Role.OWNER or part not in self.parts:
            return self.role
        return self.parts[part] or Role.VIEWER

    def may(self, right: Right, part: str | None = None) -> bool:
        """Whether `right` is allowed, on a part or on the whole."""
        if right in ALLOWED[self.on(part)]:
            return True
        return part is None and right in _SOMEWHERE and self.within != _NOWHERE

    @property
    def within(self) -> Within | None:
        """The pages that may be edited; None: everything."""
        if self.role is Role.OWNER:
            return None
        edits = self.role.rank >= Role.EDITOR.rank
        other = frozenset(
            part.partition("/")[2]
            for part, role in self.parts.items()
            if part.startswith("pages/")
            and (role is not None and role.rank >= Role.EDITOR.rank) != edits
        )
        if edits and not other:
            return None
        return Within(all_but=edits, pages=other)


OWNS: Final = Standing(Role.OWNER)
_NOWHERE: Final = Within(all_but=False, pages=frozenset())


def standing(principal: Principal, design: str, grants: Iterable[Grant]) -> Standing | None:
    """What `principal` is on `design`; None: nothing, so that it is hidden.

    Args: grants: all that were given on this design, to whomever.
    """
    if principal.is_admin or principal.kind is Kind.SYSTEM:
        return OWNS
    if principal.kind is Kind.TOKEN:
        return _token_standing(principal, design)
    whole: Role | None = None
    parts: dict[str, Role | None] = {}
    for grant in grants:
        own = grant.role if _is_meant(principal, grant) else None
        if grant.scope:
            parts[grant.scope] = _most(parts.get(grant.scope), own)
        else:
            whole = _most(whole, own)
    if whole is None and any(parts.values()):
        whole = Role.VIEWER
    return None if whole is None else Standing(whole, parts)


def _token_standing(principal: Principal, design: str) -> Standing | None:
    """A token's scopes are its rights: "<role>:<design>" or "<role>:*"."""
    role: Role | None = None
    for each in Role:
        if not principal.scopes.isdisjoint((f"{each}:*", f"{each}:{design}")):
            role = each
    return None if role is None else Standing(role)


def _is_meant(principal: Principal, grant: Grant) -> bool:
    if grant.kind == "person":
        return grant.subject == principal.id
    if grant.kind == "group":
        return grant.subject in principal.groups
    return grant.kind == EVERYONE


def _most(one: Role | None, other: Role | None) -> Role | None:
    if one is None or other is None:
        return one or other
    return max(one, other, key=lambda role: role.rank)
