"""Asks the policy for every message of every door, with what is stored of the design and its roles.

What is known is remembered for a moment so that a stream of edits costs no look-up each; a change
made on this node is known at once, one made elsewhere within `_KNOWN_SECONDS`.
"""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import dataclass, field

from ..accounts import Grants
from ..errors import Code, DesignError
from ..policy.decision import refusal, tenant_refusal
from ..policy.rights import DESIGNS, Kind, Principal, Right, State
from ..policy.roles import OWNS, Grant, Standing, standing
from ..ports import DesignRow, Designs, DocumentId, StoreUnavailable
from .acts import Acts
from .quotas import Quotas

__all__ = ["Access"]

_KNOWN_SECONDS = 2.0
_MAX_KNOWN = 10_000
_GROWS = frozenset({Right.EDIT, Right.MIGRATE, Right.MERGE})


@dataclass(frozen=True, slots=True)
class _Known:
    """What is stored of a design, as it was at a time. A branch has its root's roles."""

    state: State
    root: str
    grants: tuple[Grant, ...]
    at: float
    standings: dict[Principal, Standing | None] = field(default_factory=dict)

    def standing(self, principal: Principal) -> Standing | None:
        try:
            return self.standings[principal]
        except KeyError:
            found = self.standings[principal] = standing(principal, self.root, self.grants)
            return found


class Access:
    """The one way from a door to the policy."""

    def __init__(
        self,
        designs: Designs,
        grants: Grants,
        *,
        scratch: bool,
        acts: Acts | None = None,
        quotas: Quotas | None = None,
    ) -> None:
        """Args: acts: where refusals are recorded. quotas: what tenants may have."""
        self._acts = acts
        self._quotas = quotas
        self._designs = designs
        self._grants = grants
        self._scratch = scratch
        self._known: dict[DocumentId, _Known] = {}
        self._changes = 0

    @property
    def serves_scratch(self) -> bool:
        """Whether there is a collection `scratch`."""
        return self._scratch

    async def check(
        self, principal: Principal, right: Right, document: DocumentId, part: str | None = None
    ) -> Standing:
        """What `principal` is on the design, if they may.

        Whoever submits an edit hands `within` of the answer to the room, which holds it to the pages
        that may be edited.

        Args: part: "pages/<id>" or "environments/<name>", where that is what is asked about.
        Raises: DesignError: what the policy says, or UNAVAILABLE if nothing can be known now.
        """
        state, own = State.MISSING, None
        if document.collection == DESIGNS:
            known = await self._look_up(document)
            if known is not None:
                state, own = known.state, known.standing(principal)
        refused = refusal(right, document.collection, state, own, part=part, scratch=self._scratch)
        if refused is not None:
            is_hidden = own is None and state is not State.MISSING
            if self._acts is not None and (is_hidden or refused.code is Code.FORBIDDEN):
                self._acts.note_refusal(principal, document, str(right))
            raise refused
        if self._quotas is not None and right in _GROWS:
            await self._quotas.require(document.tenant, "bytes")
        return own or OWNS

    def check_tenant(self, principal: Principal, right: Right) -> None:
        """The same for what is done to the tenant as a whole."""
        refused = tenant_refusal(principal, right)
        if refused is not None:
            raise refused

    async def check_creation(self, principal: Principal) -> None:
        """Whether they may make one more design."""
        self.check_tenant(principal, Right.CREATE)
        if self._quotas is not None:
            for name in ("designs", "bytes"):
                await self._quotas.require(principal.tenant, name)

    async def visible(self, principal: Principal, rows: Iterable[DesignRow]) -> list[DesignRow]:
        """Those of a tenant's designs that somebody may know of."""
        return [row for row, _ in await self.standings(principal, rows)]

    async def standings(
        self, principal: Principal, rows: Iterable[DesignRow]
    ) -> list[tuple[DesignRow, Standing]]:
        """The same, with what they are there."""
        grants: dict[str, list[Grant]] = {}
        if not principal.is_admin and principal.kind is Kind.PERSON:
            for grant in await self._grants.of_principal(principal):
                grants.setdefault(grant.design, []).append(grant)

        found = []
        for row in rows:
            own = standing(principal, row.id, grants.get(row.root or row.id, ()))
            if own is not None and (row.trashed_at is None or own.may(Right.RESTORE)):
                found.append((row, own))
        return found

    def forget(self, document: DocumentId) -> None:
        """What is known of it was changed by this node."""
        for other in [each for each, known in self._known.items() if known.root == document.id]:
            del self._known[other]
        self._known.pop(document, None)
        self._changes += 1

    def forget_tenant(self, tenant: str) -> None:
        """Something of this tenant was changed, by whatever node."""
        for document in [each for each in self._known if each.tenant == tenant]:
            del self._known[document]
        self._changes += 1

    async def _look_up(self, document: DocumentId) -> _Known | None:
        now = time.monotonic()
        known = self._known.get(document)
        if known is not None and now - known.at < _KNOWN_SECONDS:
            return known
        changes = self._changes
        try:
            row = await self._designs.get(document.tenant, document.id)
            if row is None:
                return None  # not remembered: it may be imported the next moment
            found = await self._found(document, row, now)
        except StoreUnavailable:
            if known is not None:  # open rooms can still be read
                return known
            raise DesignError(Code.UNAVAILABLE, "The storage does not answer just now") from None
        if found is not None and changes == self._changes:  # else it may be from before the change
            if len(self._known) >= _MAX_KNOWN:
                self._known.clear()
            self._known[document] = found
        return found

    async def _found(self, document: DocumentId, row: DesignRow, now: float) -> _Known | None:
        if row.root is None:
            grants = await self._grants.of_design(document.tenant, document.id)
            return _Known(_state(row), document.id, tuple(grants), now)
        # A branch is there as long as its root is; only the root is protected or frozen.
        root = await self._look_up(document._replace(id=row.root))
        if root is None:
            return None
        is_gone = State.TRASHED in (root.state, _state(row))
        return _Known(State.TRASHED if is_gone else State.IN_USE, row.root, root.grants, now)


def _state(row: DesignRow) -> State:
    if row.trashed_at is not None:
        return State.TRASHED
    if row.frozen_at is not None:
        return State.FROZEN
    return State.IN_USE if row.protected_at is None else State.PROTECTED
