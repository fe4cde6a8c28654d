"""The recent ops of a room, found by element, and transform over them."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from typing import overload

from ot import json0
from ot.types import Op

from ..document.versioned import Edit, NoOp, transform
from ..errors import Code, DesignError
from .effects import CommittedOp

__all__ = ["Window"]


class Window:
    """Ops of the versions `start` ... `end - 1`, without a gap.

    Behind the committed ones may stand those of a batch that is being made (`truncate` drops them
    again). An op made long ago meets only the ops on its own elements, so that its cost grows with
    its conflicts and not with its age (RM12).
    """

    __slots__ = (
        "_by_element",
        "_by_key",
        "_max_work",
        "_ops",
        "_size",
        "_time_before",
        "start",
        "work",
    )

    def __init__(self, start: int, max_work: int = 500_000, time_before: int = 0) -> None:
        """`time_before`: of the op before `start`."""
        self.start = start
        self._time_before = time_before
        self.work = 0
        """Pairs of components that have met, ever; a pair takes about 1 us."""
        self._max_work = max_work
        self._ops: list[CommittedOp] = []
        # Versions in rising order: of the ops on each element, and of those on all (None).
        self._by_element: dict[str | None, deque[int]] = {}
        self._by_key: dict[tuple[str, int], int] = {}
        self._size = 0

    @property
    def end(self) -> int:
        """The version after the last op."""
        return self.start + len(self._ops)

    @property
    def size(self) -> int:
        """The stored size of all ops, in bytes."""
        return self._size

    @property
    def last_time(self) -> int:
        """The time of the last op, in ms; 0 if there is none."""
        return self._ops[-1].time if self._ops else self._time_before

    def __getitem__(self, version: int) -> CommittedOp:
        if version < self.start:
            raise IndexError(version)
        return self._ops[version - self.start]

    def slice(self, start: int, end: int) -> tuple[CommittedOp, ...]:
        """Ops `start` ... `end - 1`; both within the window."""
        if start < self.start:
            raise IndexError(start)
        return tuple(self._ops[start - self.start : max(end, start) - self.start])

    def find(self, src: str, seq: int) -> int | None:
        """The version of the op that this src sent under this seq."""
        return self._by_key.get((src, seq))

    # -- growing and shrinking ---------------------------------------------------------------------

    def append(self, op: CommittedOp) -> None:
        """Add the next op."""
        assert op.version == self.end
        self._ops.append(op)
        self._by_key[op.src, op.seq] = op.version
        self._size += op.size
        for element in _elements(op):
            versions = self._by_element.get(element)
            if versions is None:
                versions = self._by_element[element] = deque()
            versions.append(op.version)

    def truncate(self, end: int) -> None:
        """Drop the ops from version `end` on."""
        while self.end > end:
            op = self._ops.pop()
            self._forget(op)
            for element in _elements(op):
                self._by_element[element].pop()

    def prepend(self, ops: Sequence[CommittedOp]) -> None:
        """Reach further back, by the ops that end where the window starts."""
        for op in reversed(ops):
            self.start -= 1
            assert op.version == self.start
            self._by_key.setdefault((op.src, op.seq), op.version)
            self._size += op.size
            for element in _elements(op):
                self._by_element.setdefault(element, deque()).appendleft(op.version)
        self._ops[:0] = ops

    def trim(self, max_ops: int, max_size: int) -> None:
        """Drop old ops, but not the last, when there are a quarter more than these bounds allow."""
        if len(self._ops) <= max_ops * 1.25 and self._size <= max_size * 1.25:
            return
        count = max(0, len(self._ops) - max_ops)
        size = self._size - sum(op.size for op in self._ops[:count])
        while count < len(self._ops) - 1 and size > max_size:
            size -= self._ops[count].size
            count += 1
        for op in self._ops[:count]:
            self._forget(op)
            for element in _elements(op):
                versions = self._by_element[element]
                versions.popleft()
                if not versions:
                    del self._by_element[element]
        del self._ops[:count]
        self.start += count

    def _forget(self, op: CommittedOp) -> None:
        self._size -= op.size
        if self._by_key.get((op.src, op.seq)) == op.version:
            del self._by_key[op.src, op.seq]

    # -- transform ---------------------------------------------------------------------------------

    def transform(self, edit: Edit, elements: frozenset[str], base: int, end: int) -> Edit:
        """`edit`, made on version `base`, as it reads at version `end`.

        Gives what transforming over each op in turn gives. An op that shares no element with `edit`
        would leave every component as it is, but where there are several of them it would also
        merge those that can be merged: so that is done in its place.

        Raises: DesignError(TOO_LARGE) when too many components would meet, and what transform
        raises.
        """
        if base >= end:
            return edit
        if not isinstance(edit, list):
            for version in range(base, end):
                edit = transform(edit, self[version].edit)
            return edit
        op, at = edit, base
        meetings = self.meetings(elements, base, end)
        self._spend(len(op), meetings)
        for version in meetings:
            op = self._pass_by(op, at, version)
            met = self[version].edit
            transformed = transform(op, met)
            assert isinstance(transformed, list)
            op, at = transformed, version + 1
        return self._pass_by(op, at, end)

    def _spend(self, components: int, meetings: Sequence[int]) -> None:
        met = 0
        for version in meetings:
            edit = self[version].edit
            met += len(edit) if isinstance(edit, list) else 1
        if met * components > self._max_work:
            raise DesignError(
                Code.TOO_LARGE,
                "Too much was changed meanwhile in the same places for this edit to be merged.",
                limit=self._max_work,
                actual=met * components,
            )
        self.work += met * components

    def is_met(self, elements: frozenset[str], base: int) -> bool:
        """Whether any op from version `base` on shares an element; as `meetings`, for most edits."""
        for element in (*elements, None):
            versions = self._by_element.get(element)
            if versions and versions[-1] >= base:
                return True
        return False

    def meetings(self, elements: frozenset[str], base: int, end: int) -> list[int]:
        """The versions of `base` ... `end - 1` whose ops share an element, in rising order."""
        versions: list[int] = []
        for element in (*elements, None):
            on_element = self._by_element.get(element)
            if not on_element or on_element[-1] < base:
                continue
            for version in reversed(on_element):
                if version < base:
                    break
                if version < end:
                    versions.append(version)
        return sorted(set(versions)) if versions else versions

    def _pass_by(self, op: Op, start: int, end: int) -> Op:
        """`op` after the ops `start` ... `end - 1`, none of which concern it."""
        for version in range(start, end):
            if len(op) < 2:
                break
            met = self[version].edit
            for _ in met if isinstance(met, list) else ():
                merged = json0.normalize(op)
                if merged == op:
                    return op
                op = merged
        return op

    def missed(self, base: int) -> Sequence[Op]:
        """The json0 ops from version `base` on; seen through, not copied."""
        return _Missed(self._ops, max(base - self.start, 0), len(self._ops))


class _Missed(Sequence[Op]):
    """A part of the window, as ops; an edit of another form is an empty op."""

    __slots__ = ("_end", "_ops", "_start")

    def __init__(self, ops: list[CommittedOp], start: int, end: int) -> None:
        self._ops, self._start, self._end = ops, min(start, end), end

    def __len__(self) -> int:
        return self._end - self._start

    @overload
    def __getitem__(self, index: int) -> Op: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[Op]: ...
    def __getitem__(self, index: int | slice) -> Op | Sequence[Op]:
        if isinstance(index, slice):
            return [self[at] for at in range(*index.indices(len(self)))]
        at = index if index >= 0 else len(self) + index
        if not 0 <= at < len(self):
            raise IndexError(index)
        edit = self._ops[self._start + at].edit
        return edit if isinstance(edit, list) else []

    def __iter__(self) -> Iterator[Op]:
        for at in range(len(self)):
            yield self[at]


def _elements(op: CommittedOp) -> frozenset[str] | tuple[None] | tuple[()]:
    """Where an op is found: under its elements; under None where it concerns the whole document."""
    if isinstance(op.edit, NoOp):
        return ()
    return op.elements if op.elements is not None else (None,)
