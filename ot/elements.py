"""Ops by the element they touch, so that cost grows with conflicts and not with history (SPEC OT100-OT104).

A *place* is the first two steps of a path, `("components", "c1")`, fewer where the path is shorter or
comes to an index of a list before: `("meta",)`, `()` for an edit of the whole document. Components
whose places part pass each other unchanged, whatever they do. What is left of such a passing is
that npm's transform merges the components of an op anew each time, and that is done here as often.
"""

from bisect import bisect_right
from collections import defaultdict, deque
from collections.abc import Iterable
from enum import Enum
from typing import Final, Literal, TypeAlias

from .json0 import normalize, transform, transform_both
from .strict import apply
from .types import Component, Json, Op, Path

__all__ = ["ABSENT", "Absent", "Place", "Recent", "apply_to_elements", "place_of"]

Place: TypeAlias = tuple[str, ...]


class Absent(Enum):
    """The one value that says: no element is there."""

    ABSENT = "absent"


ABSENT: Final = Absent.ABSENT


def place_of(path: Path) -> Place:
    """The place that an edit at `path` touches: at most two keys."""
    if len(path) >= 2:
        first, second = path[0], path[1]
        if type(first) is str:
            return (first, second) if type(second) is str else (first,)
        return ()
    return (path[0],) if path and type(path[0]) is str else ()


def apply_to_elements(doc: Json, op: Op) -> dict[Place, Json | Literal[Absent.ABSENT]]:
    """What `op` makes of the elements that it touches; nothing else of `doc` is even looked at.

    Returns: the new value (or ABSENT) of each place touched. To put these into `doc` gives
    `apply(doc, op)`; `{(): document}` when an edit is not within one element.
    Raises: OpError as `apply` does. Cost: independent of the number of elements.
    """
    places = {place_of(component["p"]) for component in op}
    if type(doc) is not dict or not all(len(place) == 2 for place in places):
        return {(): apply(doc, op)}
    part: dict[str, Json] = {}
    for section, key in places:
        if section in doc:
            elements = doc[section]
            if type(elements) is not dict:
                part[section] = elements
                continue
            there = part.setdefault(section, {})
            if key in elements:
                there[key] = elements[key]
    after = apply(part, op)
    return {(section, key): after[section].get(key, ABSENT) for section, key in places}


class Recent:
    """The latest ops of one document, to take a new op past those made since its version.

    `oldest` is the first version kept, `version` the next to come: the op that takes the document
    from version n to n + 1 counts as version n.
    """

    __slots__ = ("_at", "_below", "_components", "_first", "_starts", "oldest")

    def __init__(self, version: int = 0) -> None:
        self.oldest = version
        # All components of all ops in a row, numbered from `_first` on; and the number at which
        # each version starts, with the next version's at the end.
        self._first = 0
        self._components: list[Component] = []
        self._starts: list[int] = [0]
        # The numbers of the components at a place, and of those at places beyond it.
        self._at: defaultdict[Place, deque[int]] = defaultdict(deque)
        self._below: defaultdict[Place, deque[int]] = defaultdict(deque)

    @property
    def version(self) -> int:
        return self.oldest + len(self._starts) - 1

    def add(self, op: Op) -> None:
        """Take in the op of the next version; `[]` for one that edits nothing."""
        for component in op:
            number = self._first + len(self._components)
            self._components.append(component)
            place = place_of(component["p"])
            self._at[place].append(number)
            for length in range(len(place)):
                self._below[place[:length]].append(number)
        self._starts.append(self._first + len(self._components))

    def forget(self, before: int) -> None:
        """Drop the ops of versions before `before`."""
        versions = min(before, self.version) - self.oldest
        if versions <= 0:
            return
        end = self._starts[versions]
        for component in self._components[: end - self._first]:
            place = place_of(component["p"])
            _drop_oldest(self._at, place)
            for length in range(len(place)):
                _drop_oldest(self._below, place[:length])
        del self._components[: end - self._first]
        del self._starts[:versions]
        self._first = end
        self.oldest += versions

    def transform(self, op: Op, version: int) -> Op:
        """`op`, made at `version`, as it is to be applied now: past every op since, as `left`.

        Equals `transform(op, other, "left")` for each op since, one after the other.
        Args: version: from `oldest` to `self.version`.
        Raises: OpError as `transform` does.
        """
        start = self._starts[version - self.oldest]
        done = start
        for number in self._met({place_of(component["p"]) for component in op}, start):
            if not op:
                break
            op = _merged(op, number - done)
            done = number + 1
            other = [self._components[number - self._first]]
            # Alone on both sides, npm looks at one direction only: the other cannot then fail.
            op = (
                transform(op, other, "left")
                if self._alone(number)
                else transform_both(op, other)[0]
            )
        return _merged(op, self._starts[-1] - done)

    def _met(self, places: Iterable[Place], start: int) -> Iterable[int]:
        """The numbers, from `start` on, of the components that do not lie apart from `places`."""
        numbers: set[int] = set()
        for place in places:
            if not place:
                return range(start, self._starts[-1])
            lanes = [self._at.get(place[:length]) for length in range(len(place) + 1)]
            lanes.append(self._below.get(place))
            for lane in lanes:
                for number in reversed(lane or ()):
                    if number < start:
                        break
                    numbers.add(number)
        return sorted(numbers)

    def _alone(self, number: int) -> bool:
        """Is the component with this number an op by itself?"""
        after = bisect_right(self._starts, number)
        return self._starts[after] - self._starts[after - 1] == 1


def _drop_oldest(lanes: defaultdict[Place, deque[int]], place: Place) -> None:
    lane = lanes[place]
    lane.popleft()
    if not lane:
        del lanes[place]


def _merged(op: Op, passes: int) -> Op:
    """`op` after it passed as many components that lie apart: merged anew by each (OT33)."""
    for _ in range(passes if len(op) > 1 else 0):
        again = normalize(op)
        if again == op:
            break
        op = again
    return op
