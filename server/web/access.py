"""Asks the policy for every message of every door, with what the catalogue knows of the design.

States are remembered for a moment so that a stream of edits costs no look-up each; a change made on
this node is known at once, one made elsewhere within `_KNOWN_SECONDS`.
"""

from __future__ import annotations

import time

from ..errors import Code, DesignError
from ..policy.rights import DESIGNS, Principal, Right, State, refusal
from ..ports import Designs, DocumentId, StoreUnavailable

__all__ = ["Access"]

_KNOWN_SECONDS = 2.0
_MAX_KNOWN = 10_000


class Access:
    """The one way from a door to the policy."""

    def __init__(self, designs: Designs, *, scratch: bool) -> None:
        self._designs = designs
        self._scratch = scratch
        # With the root whose state a branch has, so that it is forgotten with that.
        self._known: dict[DocumentId, tuple[State, float, str | None]] = {}
        self._changes = 0

    @property
    def serves_scratch(self) -> bool:
        """Whether there is a collection `scratch`."""
        return self._scratch

    async def check(self, principal: Principal, right: Right, document: DocumentId) -> None:
        """Raises DesignError: what the policy says, or UNAVAILABLE if nothing can be known now."""
        state = State.MISSING
        if document.collection == DESIGNS:
            state = await self._state(document)
        refused = refusal(principal, right, document.collection, state, scratch=self._scratch)
        if refused is not None:
            raise refused

    def forget(self, document: DocumentId) -> None:
        """Its state was changed by this node."""
        self._known.pop(document, None)
        for other in [each for each, known in self._known.items() if known[2] == document.id]:
            del self._known[other]
        self._changes += 1

    async def _state(self, document: DocumentId) -> State:
        now = time.monotonic()
        known = self._known.get(document)
        if known is not None and now - known[1] < _KNOWN_SECONDS:
            return known[0]
        changes = self._changes
        try:
            row = await self._designs.get(document.tenant, document.id)
        except StoreUnavailable:
            if known is not None:  # open rooms can still be read
                return known[0]
            raise DesignError(Code.UNAVAILABLE, "The storage does not answer just now") from None
        if row is None:
            return State.MISSING  # not remembered: it may be imported the next moment
        state = State.IN_USE if row.protected_at is None else State.PROTECTED
        if row.root is not None and row.trashed_at is None:
            # A branch is there as long as its root is; only the root is protected.
            root = await self._state(document._replace(id=row.root))
            state = State.IN_USE if root is State.PROTECTED else root
            if root is State.MISSING:
                return root
        elif row.trashed_at is not None:
            state = State.TRASHED
        if changes == self._changes:  # else it may be what was before the change
            if len(self._known) >= _MAX_KNOWN:
                self._known.clear()
            self._known[document] = (state, now, row.root)
        return state
