"""A design as committed, and a draft of what comes next.

The committed state changes only when a draft is committed; a draft changes only by ops that it accepts.
An op that is refused leaves nothing behind.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from typing import Any, Final

import orjson

import ot
from ot.types import Json, Op, OpError, Reason

from ..errors import Code, DesignError
from ..policy.roles import Within
from ..types import OWN_PACK, TypeRegistry
from . import tree
from .applied import Applied
from .bounds import check_count, check_op, check_size, growth
from .closed import NOTHING, Hold, ancestors, closed_at
from .complete import Notice, complete, doomed
from .faults import Fault
from .judge import judge, refuse_invalid
from .limits import (
    MAX_BULK_OP_COMPONENTS,
    MAX_DEPTH,
    MAX_DOCUMENT_BYTES,
    MAX_OP_COMPONENTS,
    MAX_TREE_DEPTH,
)
from .model import (
    FORMAT,
    FORMAT_VERSION,
    SECTIONS,
    SINGLES,
    Element,
    element_of,
    is_id,
    name_of,
    section_of,
    targets_of,
    title_of,
)
from .state import INDEXED, State
from .validate import validator_of
from .versioned import coded
from .within import refuse_elsewhere

__all__ = ["Design", "Draft", "check_whole"]

_WHOLE_DOCUMENT: Final = ot.Limits(
    components=MAX_BULK_OP_COMPONENTS, depth=MAX_DEPTH, size=MAX_DOCUMENT_BYTES
)


class Design:
    """The committed state of one design."""

    __slots__ = ("_document", "_size", "_state", "_types", "_validator")

    def __init__(self, document: dict[str, Any], types: TypeRegistry, size: int) -> None:
        # Its own maps, one per section; the elements in them are shared and never changed.
        self._document = document
        self._size = size
        self._types = types
        self._validator = validator_of(types)
        self._state = State()
        filled = State(self._state)
        filled.update(dict(_elements(document)))
        self._state.absorb(filled)

    @classmethod
    def from_json(cls, document: Json, types: TypeRegistry, *, strict: bool = True) -> Design:
        """Take a whole design.

        Args: strict: it comes from outside and must be right in all but references to what is not
            there, and what another tool let pass in components of its own types; else it is a stored
            one, which only has to have the shape of a design: its old faults block nobody.
        Raises: DesignError(TOO_LARGE, INVALID, TREE, NAME_TAKEN); UNSAFE_OP for values that no document
            may hold.
        """
        if strict:
            try:
                ot.check_value(document, _WHOLE_DOCUMENT)
            except OpError as error:
                raise coded(error) from None
        size = check_whole(document)
        own = {key: dict(value) if key in SECTIONS else value for key, value in document.items()}
        design = cls(own, types, size)
        if strict:
            _check_names(document)
            for fault in design._faults():
                if not design._is_finding(fault):
                    raise fault.error(name_of(design._state.element(fault.element)))
        return design

    def to_json(self) -> dict[str, Any]:
        """The whole as JSON. Later commits do not change it; its elements are shared: never change them."""
        return {
            key: value.copy() if key in SECTIONS else value for key, value in self._document.items()
        }

    @property
    def name(self) -> str:
        return name_of(self._document["meta"]) or ""

    @property
    def size(self) -> int:
        """Bytes of the whole as compact JSON."""
        return self._size

    def faults(self, of: Container[Element] | None = None) -> list[Fault]:
        """All that is wrong with it, element by element. `of`: only what is wrong with these."""
        return list(self._faults(of))

    def _is_finding(self, fault: Fault) -> bool:
        """Is that a fault to tell of, with which a design may come in all the same?"""
        if fault.rule == "reference":
            return True
        component = self._state.element(fault.element)
        if not fault.element.startswith("components/") or not isinstance(component, dict):
            return False
        kind = self._types.get(component.get("type"), component.get("typeVersion"))
        of_the_type = fault.rule == "slot" or fault.path[2:3] in (("props",), ("style",))
        return kind is not None and kind.pack != OWN_PACK and of_the_type

    def _faults(self, of: Container[Element] | None = None) -> Iterator[Fault]:
        for element, value in _elements(self._document):
            if of is not None and element not in of:
                continue
            yield from self._validator.faults(element, value)
            yield from tree.faults(self._state, self._types, element)

    def draft(self) -> Draft:
        return Draft(self)


class Draft:
    """What the next batch makes of a design."""

    __slots__ = ("_counts", "_design", "_size", "_state")

    def __init__(self, design: Design) -> None:
        self._design = design
        self._state = State(design._state)
        self._size = design._size
        self._counts = {section: len(design._document[section]) for section in SECTIONS}

    def apply(
        self,
        op: Op,
        missed: Sequence[Op] = (),
        *,
        bulk: bool = False,
        holds: Mapping[Element, Hold] = NOTHING,
        within: Within | None = None,
    ) -> Applied:
        """Complete, apply and validate an op; all of it, or nothing.

        Args: op: transformed, and passed by `ot.check`. missed: the ops committed since its author last
            saw the design. bulk: it is a server command's, which may have more components. holds: what
            is closed to the author. within: the pages that they may edit (None: everything).
        Raises: DesignError with `element`, `name`, `path`, `rule`: UNSAFE_OP and OP_NOT_APPLIED (the op
            does not fit this document), FORBIDDEN, INVALID (a schema), TREE, NAME_TAKEN, TOO_LARGE;
            LOCKED with `element` and what closes it, `lease`.
        Costs what the op weighs and what it touches, whatever the size of the design.
        """
        limit = MAX_BULK_OP_COMPONENTS if bulk else MAX_OP_COMPONENTS
        if len(op) > limit:
            raise DesignError(
                Code.TOO_LARGE,
                f"An edit may have {limit:,} parts; this has {len(op):,}.",
                rule="too_many_components",
                limit=limit,
                actual=len(op),
            )
        if len(op) == 1 and (applied := self._apply_inside(op, holds, within)) is not None:
            return applied
        before = self._state
        touched = list(dict.fromkeys(element_of(component["p"]) for component in op))
        try:
            changes = self._edited(op, touched)
        except OpError as error:
            raise self._misapplied(error) from None
        after = State(before)
        affected = after.update(changes)
        fixups: tuple[Op, ...] = ()
        notices: tuple[Notice, ...] = ()
        stored, elements = op, frozenset(touched)
        if _needs_completion(before, changes):
            done = complete(after, before, self._design._types, touched, missed)
            notices = tuple(done.notices)
            if done.op:
                fixups = (done.op,)
                stored = ot.compose(op, done.op)
                check_op(stored)
                touched = list(
                    dict.fromkeys([*touched, *(element_of(part["p"]) for part in done.op)])
                )
                elements = frozenset(touched)
        if within is not None:
            refuse_elsewhere(within, before, after, touched)
        if holds:
            _refuse_closed(holds, before, after, touched)
        size = self._size + growth(stored)
        check_size(size)
        counts = self._counted(before, after, touched)
        for section, count in counts.items():
            if count > self._counts[section]:
                check_count(section, count)
        judge(self._design._types, self._design._validator, before, after, touched, affected)
        before.absorb(after)
        self._size, self._counts = size, counts
        name = None
        if "meta" in elements:
            name = name_of(before.element("meta"))
        return Applied(op=stored, fixups=fixups, elements=elements, notices=notices, name=name)

    def _apply_inside(
        self, op: Op, holds: Mapping[Element, Hold], within: Within | None
    ) -> Applied | None:
        """`apply` for an edit of what only the element's own schema knows of, as most edits are.

        Neither the indexes nor the rules of the tree read there, so nothing has to be completed or
        moved, and nobody else is concerned: about half the work. None: this is not such an edit.
        """
        path = op[0]["p"]
        if len(path) < 3 or path[2] in _READ_BY_RULES:
            return None
        state, element = self._state, f"{path[0]}/{path[1]}"
        old = state.element(element)
        if not isinstance(old, dict):
            return None
        if within is not None:
            refuse_elsewhere(within, state, state, (element,))
        if holds:
            _refuse_closed(holds, state, state, (element,))
        try:
            new = ot.apply({path[0]: {path[1]: old}}, op)[path[0]][path[1]]
        except OpError as error:
            raise self._misapplied(error) from None
        size = self._size + growth(op)
        check_size(size)
        validator = self._design._validator
        if not validator.is_valid(element, new):
            refuse_invalid(validator, state, element, old, new)
        state.put(element, new)
        self._size = size
        return Applied(op=op, elements=frozenset((element,)))

    def replay(self, op: Op) -> frozenset[Element]:
        """Take in an op that was committed: it is not questioned any more.

        Returns: the elements it touches. Raises: OpError if it does not apply; DesignError(UNSAFE_OP)
        if it is not an op on a design.
        """
        touched = list(dict.fromkeys(element_of(component["p"]) for component in op))
        changes = self._edited(op, touched)
        after = State(self._state)
        after.update(changes)
        self._counts = self._counted(self._state, after, touched)
        self._size += growth(op)
        self._state.absorb(after)
        return frozenset(touched)

    def lock_set(self, op: Op) -> frozenset[Element]:
        """The elements whose write locks the op needs, before it is applied.

        Those it touches; what goes with those it deletes; what those it sets stand in and use; and for a
        move all that is around the new place, so that two moves cannot close a circle between them.
        """
        if len(op) == 1 and len(op[0]["p"]) > 3:  # deep inside one element, as most edits are
            return frozenset((element_of(op[0]["p"]),))
        state = self._state
        locked: set[Element] = set()
        deleted = []
        for component in op:
            path = component["p"]
            element = element_of(path)
            locked.add(element)
            if len(path) == 2 and "od" in component and "oi" not in component:
                deleted.append(element)
            elif "oi" in component and len(path) <= 3:
                value = component["oi"] if len(path) == 2 else {path[2]: component["oi"]}
                for target in targets_of(element, value):
                    locked.add(target)
                    locked.update(_around(state, target))
        locked.update(doomed(state, deleted))
        return frozenset(locked)

    def has(self, element: Element) -> bool:
        return self._state.element(element) is not None

    def around(self, element: Element) -> Iterator[Element]:
        return ancestors(element, self._state.element)

    def commit(self) -> None:
        """Make it the design's committed state. The draft is spent."""
        design = self._design
        document = design._document
        for element, value in self._state.own_elements():
            section, _, id = element.partition("/")
            if not id:
                document[section] = value
            elif value is None:
                document[section].pop(id, None)
            else:
                document[section][id] = value
        design._state.absorb(self._state)
        design._size = self._size

    def _edited(self, op: Op, touched: Iterable[Element]) -> dict[Element, Json | None]:
        """The touched elements as the op leaves them. Raises: OpError."""
        # A document of the touched elements only: what `ot` copies does not grow with the design.
        document: dict[str, Any] = {}
        for element in touched:
            section, _, id = element.partition("/")
            value = self._state.element(element)
            if not id:
                if value is not None:
                    document[section] = value
            elif value is not None:
                document.setdefault(section, {})[id] = value
            else:
                document.setdefault(section, {})
        document = ot.apply(document, op)
        changes = {}
        for element in touched:
            section, _, id = element.partition("/")
            changes[element] = document[section].get(id) if id else document.get(section)
        return changes

    def _counted(self, before: State, after: State, touched: Iterable[Element]) -> dict[str, int]:
        counts = self._counts
        for element in touched:
            change = (after.element(element) is not None) - (before.element(element) is not None)
            section = section_of(element)
            if change and section in counts:
                if counts is self._counts:
                    counts = counts.copy()
                counts[section] += change
        return counts

    def _misapplied(self, error: OpError) -> DesignError:
        """The refusal for an op that does not fit the document that it meets."""
        refusal = coded(error)
        if error.reason in _UNSAFE:
            refusal.code = Code.UNSAFE_OP
        if error.path is not None:
            element = element_of(error.path)
            refusal.details["element"] = element
            if (name := name_of(self._state.element(element))) is not None:
                refusal.details["name"] = name
        return refusal


_READ_BY_RULES: Final = INDEXED | tree.READ
"""The keys of an element that the indexes or the rules of the tree look at."""

_UNSAFE: Final = frozenset(
    {
        Reason.INDEX_RANGE,
        Reason.KEY_MISSING,
        Reason.KEY_USED,
        Reason.VALUE_DIFFERS,
        Reason.OFFSET_RANGE,
        Reason.SURROGATE_SPLIT,
        Reason.NUMBER_FRACTION,
        Reason.SUM_RANGE,
    }
)
"""What json0 itself would let pass, though it then may not converge."""


def _refuse_closed(
    holds: Mapping[Element, Hold], before: State, after: State, touched: Iterable[Element]
) -> None:
    """Raises: DesignError(LOCKED)."""
    found = closed_at(holds, before, after, touched)
    if found is not None:
        element, lease = found
        message = f"{title_of(element, before.element(element))} is locked by somebody else."
        raise DesignError(Code.LOCKED, message, element=element, lease=lease)


def _elements(document: Mapping[str, Any]) -> Iterator[tuple[Element, Json]]:
    for single in SINGLES:
        if single in document:
            yield single, document[single]
    for section in SECTIONS:
        for id, value in document[section].items():
            yield f"{section}/{id}", value


def check_whole(document: Json, size: int | None = None) -> int:
    """Is that a design at all, of a format that we read, and not too large? Returns its bytes.

    Args: size: its bytes as compact JSON, where these are known already.
    Raises: DesignError(INVALID, TOO_LARGE).
    """
    _check_shape(document)
    if size is None:
        size = len(orjson.dumps(document))
    check_size(size)
    for section in SECTIONS:
        check_count(section, len(document[section]))
    return size


def _check_shape(document: Json) -> None:
    if not isinstance(document, dict) or document.get("format") != FORMAT:
        raise DesignError(Code.INVALID, "This is not a Coweave design.", rule="format")
    version = document.get("formatVersion")
    if version != FORMAT_VERSION or isinstance(version, bool):
        raise DesignError(
            Code.INVALID,
            f"This design is in format {str(version)[:20]}; this server reads {FORMAT_VERSION}.",
            rule="format",
        )
    for key in (*SECTIONS, *SINGLES):
        value = document.get(key, {} if key == "ext" else None)
        if not isinstance(value, dict):
            raise DesignError(
                Code.INVALID, f"The design's {key} must be an object.", path=[key], rule="schema"
            )
        for id, element in value.items() if key in SECTIONS else ():
            if not isinstance(element, dict):
                raise DesignError(
                    Code.INVALID,
                    f"What stands at {key}/{id[:64]} must be an object.",
                    path=[key, id],
                    rule="schema",
                )


def _check_names(document: dict[str, Any]) -> None:
    """Are the keys of the document and the ids of its elements what they may be?"""
    for key in document:
        if key not in (*SECTIONS, *SINGLES, "format", "formatVersion"):
            message = f"{key[:64]!r} is no part of a design."
            raise DesignError(Code.INVALID, message, path=[key], rule="schema")
    for section in SECTIONS:
        for id in document[section]:
            if not is_id(id):
                message = f"{id[:64]!r} is no id: 1 to 64 letters, digits, _ and -."
                raise DesignError(Code.INVALID, message, path=[section, id], rule="schema")


def _needs_completion(before: State, changes: Mapping[Element, Json | None]) -> bool:
    """Has something come, gone or moved? Only then can there be something to complete."""
    for element, new in changes.items():
        old = before.element(element)
        if old is None or new is None:
            return True
        if element.startswith("components/") and (
            not isinstance(new, dict) or old.get("place") is not new.get("place")
        ):
            return True
    return False


def _around(state: State, element: Element) -> Iterator[Element]:
    """What a component stands in, up to its page."""
    for _ in range(MAX_TREE_DEPTH):
        above = targets_of(element, state.element(element))
        if not element.startswith("components/") or not above:
            return
        element = above[0]
        yield element
