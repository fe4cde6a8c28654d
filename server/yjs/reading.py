"""What Yjs updates do to a design, as json0 ops (SPEC Y10-Y15).

A second document runs ahead of the replica: it takes an update before the room has said yes, so that
what the update changes can be read as an op. Whatever becomes of the op, the update's items come to
the replica as well, so the two meet again once everything under way is answered.
"""

from __future__ import annotations

from typing import Any

from pycrdt import Doc, Text

from ot.diff import diff
from ot.types import Json, Op
from ot.values import same

from .replica import Place, Replica, Touched
from .shape import Shape
from .tree import ABSENT, Tree
from .update import EMPTY

__all__ = ["Reading"]


class Reading:
    """The document that runs ahead of `replica`."""

    def __init__(self, replica: Replica, shape: Shape) -> None:
        self._replica = replica
        self._shape = shape
        doc: Doc[Any] = Doc(client_id=replica.client)
        doc.apply_update(replica.state())
        self._tree = Tree(doc, shape)
        self._touched = Touched(self._tree)

    def follow(self, update: bytes) -> None:
        """Take what the replica has written or taken."""
        if update != EMPTY:
            self._tree.doc.apply_update(update)
            self._touched.take()

    def take(self, update: bytes) -> list[Place]:
        """Take a client's update; the places that it changes. Raises: ValueError if it cannot."""
        try:
            self._tree.doc.apply_update(update)
        finally:
            places = self._touched.take()
        return places

    def elements(self, places: list[Place]) -> frozenset[str]:
        """The elements that these places lie in."""
        return frozenset(
            "/".join(str(step) for step in place[: self._shape.depth(str(place[0]))])
            for place in places
        )

    def op(self, places: list[Place]) -> Op:
        """The op that takes the replica's design to what this document holds at these places.

        Raises: ValueError if something there is not JSON.
        """
        op: Op = []
        for place in places:
            before, after = self._replica.at(place), self._tree.value(place)
            path = list(place)
            if before is ABSENT:
                if after is not ABSENT:
                    op.append({"p": path, "oi": after})
            elif after is ABSENT:
                op.append({"p": path, "od": before})
            elif self._is_one_value(place, after):
                if not same(before, after):
                    op.append({"p": path, "od": before, "oi": after})
            else:
                for component in diff({"": before}, {"": after}):
                    op.append({**component, "p": [*path, *component["p"][1:]]})
        return op

    def _is_one_value(self, place: Place, value: Json) -> bool:
        """Whether the value is set whole: a place, and a string that is no text to edit."""
        if self._shape.is_whole(place):
            return True
        return type(value) is str and not isinstance(self._tree.node(place), Text)
