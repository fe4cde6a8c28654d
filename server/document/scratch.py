"""A document without rules: any JSON value at the root, no schema, no elements.

The collection `scratch` exists so that stock clients find what they rely on (DESIGN 7). It has the
shape of `design.Design`, and ops apply as npm's do, within the bounds of the lists and texts.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from ot.loose import apply_npm
from ot.types import Json, Op, OpError

from ..policy.roles import Within
from .applied import Applied
from .closed import NOTHING, Hold
from .versioned import coded

__all__ = ["Scratch", "ScratchDraft"]

_WHOLE: Final = frozenset({"document"})
"""The document is one element: ops on it all meet one another."""


class Scratch:
    """The committed state: one JSON value, never changed in place."""

    __slots__ = ("_data",)

    def __init__(self, data: Json) -> None:
        self._data = data

    @classmethod
    def from_json(cls, data: Json) -> Scratch:
        return cls(data)

    def to_json(self) -> Json:
        """The value itself; it must not be changed."""
        return self._data

    def draft(self) -> ScratchDraft:
        return ScratchDraft(self)

    @property
    def size(self) -> int:
        """Not counted."""
        return 0

    @property
    def name(self) -> None:
        """Scratch documents are in no catalogue."""
        return None


class ScratchDraft:
    """The state with a batch's ops on top; `commit` makes it the state."""

    __slots__ = ("_data", "_state")

    def __init__(self, state: Scratch) -> None:
        self._state = state
        self._data = state._data

    def apply(
        self,
        op: Op,
        missed: Sequence[Op] = (),
        *,
        bulk: bool = False,
        holds: Mapping[str, Hold] = NOTHING,
        within: Within | None = None,
    ) -> Applied:
        """Apply an op that `ot.check(…, loose=True)` returned. Nothing here is closed to anybody.

        Raises: DesignError(OP_NOT_APPLIED); the draft is then unchanged.
        """
        try:
            self._data = apply_npm(self._data, op)
        except OpError as error:
            raise coded(error) from None
        return Applied(op=op, elements=_WHOLE)

    def replay(self, op: Op) -> frozenset[str]:
        """Take a stored op in. Raises: OpError if it does not apply."""
        self._data = apply_npm(self._data, op)
        return _WHOLE

    def lock_set(self, op: Op) -> frozenset[str]:
        return _WHOLE

    def has(self, element: str) -> bool:
        return True

    def around(self, element: str) -> tuple[str, ...]:
        return ()

    def commit(self) -> None:
        self._state._data = self._data
