"""The Yjs document that a design's log makes (SPEC Y30-Y36).

Its items are a function of the first state and of the ops since: an op that was read from a Yjs
update brings that update's items, every op brings the items that this module writes so that the
document holds what the design holds. Whoever follows the log, on whatever node and however often it
starts anew, has the same items under the same numbers. So nothing that a client holds already ever
comes a second time.
"""

from __future__ import annotations

from base64 import b64decode, b64encode
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Final, Self

import orjson
from pycrdt import Doc, MapEvent

from ot.types import Json, Op, Step
from ot.values import same

from ..document.replay import Replay
from ..document.versioned import Edit, Snapshot, decode, stored_update
from ..ports import StoredOp
from .shape import ROOTS, Shape
from .tree import ABSENT, Tree
from .update import EMPTY, Update

__all__ = ["Place", "Replica", "Touched", "is_within", "places_of", "wanted"]

Place = tuple[Step, ...]
"""Where something has changed: the path of a value whose container is a shared type."""


class Touched:
    """The places that transactions of a tree change."""

    def __init__(self, tree: Tree) -> None:
        self.places: list[Place] = []
        self._subscriptions = [tree.roots[name].observe_deep(self._noting(name)) for name in ROOTS]

    def take(self) -> list[Place]:
        """Those since the last call; none lies within another."""
        places, self.places = self.places, []
        return outermost(places)

    def _noting(self, root: str) -> Callable[[Sequence[Any]], None]:
        def note(events: Sequence[Any]) -> None:
            for event in events:
                path = (root, *event.path)
                if isinstance(event, MapEvent):
                    self.places += [(*path, key) for key in event.keys]  # type: ignore[attr-defined]
                else:
                    self.places.append(path)

        return note


class Replica:
    """One design's Yjs document at a version, and the design it holds."""

    def __init__(self, doc: Doc[Any], snapshot: Snapshot, shape: Shape) -> None:
        self._shape = shape
        self.tree = Tree(doc, shape)
        self.known: dict[int, int] = {}
        """The next number of each client's items."""
        self.owners: dict[int, str] = {}
        """Who brought the first items of a client: nobody else may bring more of them."""
        self.halves: set[tuple[int, int]] = set()
        """The second halves of characters that are two UTF-16 units (see `Update.fault`)."""
        self._design = Replay(snapshot, by_element=True)
        self._touched = Touched(self.tree)
        self._made = EMPTY
        self._watch = doc.observe(self._note_update)

    # -- how it begins and is kept -----------------------------------------------------------------

    @classmethod
    def begin(cls, snapshot: Snapshot, shape: Shape, client: int) -> Self:
        """The first of a design, whose own items have the number `client`."""
        replica = cls(Doc(client_id=client), snapshot, shape)
        with replica.tree.doc.transaction():
            replica.tree.fill(snapshot.data)
        replica._touched.take()
        replica._learn(Update.read(replica.state(), _OWN_ITEMS))
        return replica

    @classmethod
    def load(cls, kept: bytes, shape: Shape) -> Self:
        """What `keep` gave. Raises: ValueError, KeyError, TypeError if it did not."""
        parts = orjson.loads(kept)
        doc: Doc[Any] = Doc(client_id=parts["client"])
        state = b64decode(parts["state"])
        doc.apply_update(state)
        replica = cls(doc, Snapshot(parts["version"], parts["type"], {}), shape)
        data = {**parts["rest"], **{name: replica.tree.value((name,)) for name in parts["roots"]}}
        replica._design = Replay(Snapshot(parts["version"], parts["type"], data), by_element=True)
        replica._learn(Update.read(state, _OWN_ITEMS))
        replica.owners = {int(number): who for number, who in parts["owners"].items()}
        return replica

    def keep(self) -> bytes:
        """All of it, to be loaded elsewhere or later."""
        data = self._design.snapshot.data
        return orjson.dumps(
            {
                "version": self.version,
                "type": self._design.snapshot.type,
                "client": self.client,
                "owners": {str(number): who for number, who in self.owners.items()},
                "roots": [name for name in ROOTS if name in data],
                "rest": {key: value for key, value in data.items() if key not in ROOTS},
                "state": b64encode(self.state()).decode(),
            }
        )

    @property
    def version(self) -> int:
        """The design's version that it stands at."""
        return self._design.version

    @property
    def client(self) -> int:
        """The number of the items that it writes itself."""
        number: int = self.tree.doc.client_id
        return number

    @property
    def exists(self) -> bool:
        """Whether there is a design at this version."""
        return self._design.snapshot.type is not None

    def state(self, since: bytes | None = None) -> bytes:
        """The update that brings whoever has `since` (a state vector; None: nothing) up to here.

        Raises: ValueError if it is no state vector.
        """
        return self.tree.doc.get_update(since)

    def at(self, path: Sequence[Step]) -> Json:
        """What the design holds at `path`, or ABSENT."""
        return wanted(self._design.snapshot.data, path)

    def holds(self, snapshot: Snapshot) -> bool:
        """Whether it stands at that snapshot and holds exactly what that holds."""
        own = self._design.snapshot
        return (own.version, own.type) == (snapshot.version, snapshot.type) and same(
            own.data, snapshot.data
        )

    # -- the log -----------------------------------------------------------------------------------

    def follow(self, op: StoredOp) -> None:
        """The next version, as it is stored. Raises: ValueError, OpError if the log is damaged."""
        if op.version != self.version:
            raise ValueError(f"version {self.version} is missing")
        self.advance(decode(op.body)[0], stored_update(op.body), op.author)

    def advance(
        self, edit: Edit, update: bytes = b"", author: str = "", *, is_read: bool = False
    ) -> bytes:
        """One version on.

        Args:
            update: the Yjs update that the edit was read from, if it was, and its `author`.
            is_read: whether `edit` is exactly what was read from `update` on this version: then
                there is nothing to look after.
        Returns: the update with the items that were written here, EMPTY if there are none.
        """
        op: Op = edit if isinstance(edit, list) else []
        places = places_of(op)
        renewed: list[Place] = []
        if update:
            arrived = Update.read(update)
            if not arrived.is_complete(self.known):
                raise ValueError(f"version {self.version}: the update before its own is missing")
            is_sound = arrived.fault(self.halves) is None
            for client in arrived.brings(self.known):
                self.owners.setdefault(client, author)
            self.tree.doc.apply_update(update)
            self._learn(arrived)
            touched = self._touched.take()
            places = [] if is_read else outermost([*places, *touched])
            if not is_sound:
                renewed = touched
        self._design.advance(edit)
        if not places and not renewed:
            return EMPTY
        with self._writing():
            for place in renewed:
                self.tree.renew(place, self.at)
            for place in places:
                self.tree.settle_at(place, self.at)
        return self._take_made()

    @contextmanager
    def _writing(self) -> Iterator[None]:
        self._made = EMPTY
        with self.tree.doc.transaction():
            yield

    def _take_made(self) -> bytes:
        self._touched.take()
        made, self._made = self._made, EMPTY
        if made != EMPTY:
            self._learn(Update.read(made, _OWN_ITEMS))
        return made

    def _note_update(self, event: Any) -> None:
        self._made = event.update

    def _learn(self, update: Update) -> None:
        for client, (_, end) in update.items.items():
            if end > self.known.get(client, 0):
                self.known[client] = end
        self.halves |= update.halves
        self.halves -= update.cuts  # what was cut has been written anew


_MISSING: Final = object()
_OWN_ITEMS: Final = 2**40
"""What this node has made itself is as long as the design is large."""


def wanted(data: Json, path: Sequence[Step]) -> Json:
    """What is at `path` in `data`, or ABSENT."""
    here: Any = data
    for step in path:
        if type(here) is dict:
            here = here.get(step, _MISSING)
            if here is _MISSING:
                return ABSENT
        elif type(here) is list and type(step) is int and 0 <= step < len(here):
            here = here[step]
        else:
            return ABSENT
    return here


def places_of(op: Op) -> list[Place]:
    """Where an op changes something; none lies within another."""
    places: list[Place] = []
    for component in op:
        path = tuple(component["p"])
        is_part = "si" in component or "sd" in component or type(path[-1]) is int
        places.append(path[:-1] if is_part else path)
    return outermost(places)


def outermost(places: list[Place]) -> list[Place]:
    """Without repetition, and without those that lie within others; sorted by where they stand.

    The order in which places are looked at is the order in which items are written.
    """
    if len(places) < 2:
        return places
    chosen: list[Place] = []
    seen: set[Place] = set()
    for place in sorted(set(places), key=lambda place: (len(place), [str(step) for step in place])):
        if not any(place[:end] in seen for end in range(1, len(place))):
            seen.add(place)
            chosen.append(place)
    return chosen


def is_within(place: Place, others: set[Place]) -> bool:
    """Whether a place or one around it is among `others`."""
    return any(place[:end] in others for end in range(1, len(place) + 1))
