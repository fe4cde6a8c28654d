"""What a room needs of a document's state: the shape that designs and scratch documents share."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from ot.types import Json, Op

from ..document.applied import Applied
from ..document.closed import NOTHING, Hold
from ..document.design import Design
from ..document.model import elements_of
from ..document.scratch import Scratch
from ..policy.roles import Within
from ..types.registry import TypeRegistry

__all__ = ["SCRATCH", "WHOLE", "Draft", "Kind", "State", "designs"]

WHOLE = frozenset({"document"})
"""The lock of edits that concern all of a document."""


class Draft(Protocol):
    """The state with a batch's ops on top; the state itself is untouched until `commit`."""

    def apply(
        self,
        op: Op,
        missed: Sequence[Op] = (),
        *,
        bulk: bool = False,
        holds: Mapping[str, Hold] = NOTHING,
        within: Within | None = None,
    ) -> Applied:
        """Complete, apply and validate a transformed op.

        Args: missed: the ops since its base. holds: what is closed to its author. within: the pages
            that they may edit.

        Raises: DesignError; the draft is then unchanged.
        """
        ...

    def replay(self, op: Op) -> object:
        """Take a stored op in, without judging it. Raises: OpError if it does not apply."""
        ...

    def lock_set(self, op: Op) -> frozenset[str]:
        """The elements that `op` affects, before it is applied."""
        ...

    def has(self, element: str) -> bool:
        """Whether there is such an element."""
        ...

    def around(self, element: str) -> Iterable[str]:
        """What an element stands in, from its parent up to its page."""
        ...

    def commit(self) -> None:
        """Make this the state. Constant work per touched element."""
        ...


class State(Protocol):
    """The committed state of an existing document."""

    @property
    def name(self) -> str | None: ...

    @property
    def size(self) -> int:
        """About how many bytes its JSON has; 0 where that is not known."""
        ...

    def to_json(self) -> Json:
        """The document; it shares structure with the state and must not be changed."""
        ...

    def draft(self) -> Draft: ...


@dataclass(frozen=True, slots=True)
class Kind:
    """How documents of one collection behave."""

    load: Callable[[Json, bool], State]
    """The state of a document; with True it is judged first, and DesignError says what is wrong."""
    elements_of: Callable[[Op], frozenset[str]]
    """The elements that an op touches. Raises: DesignError for one that reaches into none."""
    loose: bool = False
    """Ops as npm takes them, rather than the safe subset; empty ops are stored."""


SCRATCH = Kind(
    load=lambda data, judged: Scratch.from_json(data),
    elements_of=lambda op: WHOLE,
    loose=True,
)
"""The collection `scratch`."""


def designs(types: TypeRegistry) -> Kind:
    """The collection `designs`. One that is stored is loaded as it is, old faults and all."""
    return Kind(
        load=lambda data, judged: Design.from_json(data, types, strict=judged),
        elements_of=elements_of,
    )
