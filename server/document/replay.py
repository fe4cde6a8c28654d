"""Stored edits applied one after the other, at a cost that does not grow with the document."""

from __future__ import annotations

from typing import Any

from ot.elements import ABSENT, apply_to_elements
from ot.types import Json, Op

from .versioned import Create, Delete, Edit, NoOp, Snapshot, replay

__all__ = ["Replay"]


class Replay:
    """The state of one document, moved on edit by edit; gives what `versioned.replay` gives.

    An edit within elements changes a section in place, once the section has been copied: the
    document that was given stays as it is. All other edits go through `versioned.replay`.

    Args: snapshot: where to begin. by_element: whether the document has elements and its ops are of
        the safe subset, as those of designs; scratch documents have and are not.
    """

    __slots__ = ("_by_element", "_own", "_snapshot")

    def __init__(self, snapshot: Snapshot, *, by_element: bool) -> None:
        self._snapshot = snapshot
        self._by_element = by_element
        self._own: set[str] = set()  # the sections that are ours to change; "" is the document

    @property
    def version(self) -> int:
        return self._snapshot.version

    @property
    def snapshot(self) -> Snapshot:
        """The state now. It is good until the next edit, and must not be changed."""
        return self._snapshot

    def advance(self, edit: Edit) -> None:
        """One version on. Raises: OpError if the edit does not apply: the log is damaged."""
        before = self._snapshot
        if self._by_element and before.type is not None:
            match edit:
                case Create() | Delete() | NoOp():
                    pass
                case op:
                    data = self._edited(before.data, op)
                    self._snapshot = Snapshot(before.version + 1, before.type, data)
                    return
        self._snapshot = replay(before, edit)
        self._own.clear()

    def _edited(self, data: Json, op: Op) -> Json:
        elements = apply_to_elements(data, op)
        if () in elements:
            self._own.clear()
            return elements[()]
        if "" not in self._own:
            data = dict(data)
            self._own.add("")
        for (name, key), value in elements.items():
            section: dict[str, Any] = data[name]
            if name not in self._own:
                section = data[name] = dict(section)
                self._own.add(name)
            if value is ABSENT:
                section.pop(key, None)
            else:
                section[key] = value
        return data
