"""Checks on an op that came from outside, before it meets a document (SPEC OT01-OT09).

`check` knows nothing of the document: it refuses what would be wrong on any. An op that passed is
well formed in every way that the rest of `ot` takes for granted.
"""

from dataclasses import dataclass
from math import isfinite
from typing import Final

from .loose import index_of
from .types import MAX_INTEGER, Component, Json, Op, OpError, Path, Reason, where
from .values import is_number

__all__ = ["DEFAULT_LIMITS", "FORBIDDEN_NAMES", "Limits", "check", "check_value"]

FORBIDDEN_NAMES: Final = frozenset(
    {
        "__proto__",
        "constructor",
        "prototype",
        "toString",
        "toLocaleString",
        "valueOf",
        "hasOwnProperty",
        "isPrototypeOf",
        "propertyIsEnumerable",
        "__defineGetter__",
        "__defineSetter__",
        "__lookupGetter__",
        "__lookupSetter__",
    }
)
"""Keys that every JavaScript object answers to already, or that change what it is."""


@dataclass(frozen=True, slots=True)
class Limits:
    """How big an op may be."""

    components: int = 1_000
    """Components (edits inside a `t` count each). Two ops of 1,000 take about 1 s to transform."""
    depth: int = 64
    """Containers around a value, counted from the root of the document."""
    size: int = 1_000_000
    """Characters of the op's JSON, about (escapes and numbers are estimated)."""


DEFAULT_LIMITS: Final = Limits()


def check(op: Json, limits: Limits = DEFAULT_LIMITS, *, loose: bool = False) -> Op:
    """Is this an op that may be transformed and applied?

    Args: op: as parsed from the wire, of any shape. loose: for collections without rules: `t`, and
    fractions in `na`, are allowed; digit strings for indices, and numbers for keys, are
    allowed as operands and made what they stand for.
    Returns: `op` itself; if loose, a list of its components, rewritten where need be.
    Raises: OpError with a reason out of `BADLY_FORMED`. Time is linear in the size of the op, which
    `limits` bound.
    """
    if type(op) is not list:
        raise OpError(Reason.OP_NOT_LIST, "an op must be a list of components")
    checker = _Checker(limits, loose)
    checker.count(len(op))
    checked: Op = [_coerced(component) for component in op] if loose else op
    for number, component in enumerate(checked):
        try:
            checker.component(component)
        except OpError as error:
            error.component = number
            raise
    return checked


def check_value(value: Json, limits: Limits = DEFAULT_LIMITS) -> None:
    """Is this a value that a document may hold (or be)?

    Raises: OpError as `check` does for the values in an op.
    """
    _Checker(limits, loose=False).value(value, [], 0)


# What a component may hold beside its path.
_FORMS: Final = {
    frozenset(("p", *fields.split()))
    for fields in ("na", "li", "ld", "ld li", "lm", "oi", "od", "od oi", "si", "sd", "t o")
}
_FIELDS: Final = frozenset[str]().union(*_FORMS)
_INDEXED: Final = ("li", "ld", "lm")


def _coerced(component: Json) -> Json:
    """With the operand as what it stands for; anything badly formed is left for the checks."""
    if type(component) is not dict:
        return component
    path = component.get("p")
    if type(path) is not list or not path:
        return component
    operand, to = path[-1], component.get("lm")
    if any(field in component for field in _INDEXED):
        if type(operand) is str and (index := index_of(operand)) is not None:
            component = {**component, "p": [*path[:-1], index]}
        if type(to) is str and (index := index_of(to)) is not None:
            component = {**component, "lm": index}
    elif type(operand) is int and ("oi" in component or "od" in component):
        component = {**component, "p": [*path[:-1], str(operand)]}
    return component


class _Checker:
    """The checks on one op; counts what the limits bound."""

    __slots__ = ("components", "limits", "loose", "size")

    def __init__(self, limits: Limits, loose: bool) -> None:
        self.limits = limits
        self.loose = loose
        self.components = 0
        self.size = 0

    def count(self, components: int) -> None:
        self.components += components
        if self.components > self.limits.components:
            raise OpError(
                Reason.TOO_MANY_COMPONENTS,
                f"an op may have {self.limits.components:,} components,"
                f" this has {self.components:,}",
            )

    def spend(self, size: int) -> None:
        self.size += size
        if self.size > self.limits.size:
            raise OpError(
                Reason.TOO_LARGE, f"an op may be about {self.limits.size:,} characters long"
            )

    def component(self, component: Json) -> None:
        if type(component) is not dict:
            raise OpError(Reason.COMPONENT_NOT_OBJECT, "a component must be an object")
        path = component.get("p")
        if type(path) is not list:
            raise OpError(Reason.PATH_MISSING, 'a component must have a path, "p", a list')
        try:
            self.path(path)
            self.instruction(component, path)
        except OpError as error:
            error.path = path
            raise

    def path(self, path: Path) -> None:
        if len(path) > self.limits.depth:
            raise OpError(Reason.TOO_DEEP, f"a path may have {self.limits.depth} steps")
        # Keys are most of what is checked of an op, and nearly all are plain: no call for those.
        size = 0
        for step in path:
            if type(step) is str:
                if step.isascii() and "\0" not in step and step not in FORBIDDEN_NAMES:
                    size += len(step) + 3
                else:
                    self.key(step)
            elif not _is_index(step):
                raise OpError(
                    Reason.PATH_STEP,
                    "a step of a path must be a key, or an index of 0 or more",
                )
        self.spend(size)

    def instruction(self, component: Component, path: Path) -> None:
        fields = frozenset(component)
        if fields not in _FORMS:
            _refuse_fields(component, path)
        if "na" in fields:
            self.amount(component["na"], path)
            return
        if "t" in fields:
            self.subtype(component, path)
            return
        if "oi" in fields or "od" in fields:
            if path and type(path[-1]) is not str:
                raise OpError(Reason.KEY_TYPE, f"{where(path)}: the key of an object must be text")
            for field in ("oi", "od"):
                if field in fields:
                    self.value(component[field], path, len(path))
            return
        if not path:
            raise OpError(Reason.PATH_EMPTY, "this edit needs a path that ends in an index")
        if not _is_index(path[-1]):
            raise OpError(
                Reason.INDEX_TYPE, f"{where(path)}: this edit needs an index as the last step"
            )
        for field in ("li", "ld"):
            if field in fields:
                self.value(component[field], path, len(path))
        if "lm" in fields and not _is_index(component["lm"]):
            raise OpError(Reason.INDEX_TYPE, f"{where(path)}: a move must end at an index")
        for field in ("si", "sd"):
            if field in fields:
                self.inserted(component[field], path)

    def amount(self, amount: Json, path: Path) -> None:
        if not is_number(amount):
            raise OpError(Reason.ADD_TYPE, f"{where(path)}: what is added must be a number")
        self.value(amount, path, len(path))
        if self.loose:
            return
        if not -MAX_INTEGER <= amount <= MAX_INTEGER:
            raise OpError(
                Reason.NUMBER_RANGE, f"{where(path)}: what is added is beyond {MAX_INTEGER:,}"
            )
        if not float(amount).is_integer():
            raise OpError(
                Reason.ADD_FRACTION,
                f"{where(path)}: only whole numbers are added; replace the number instead",
            )

    def subtype(self, component: Component, path: Path) -> None:
        if component["t"] != "text0":
            raise OpError(Reason.SUBTYPE_UNKNOWN, f"{where(path)}: the only subtype is text0")
        if not self.loose:
            raise OpError(
                Reason.SUBTYPE_REFUSED, f"{where(path)}: edit text by si and sd, not by a subtype"
            )
        edits = component["o"]
        if type(edits) is not list or not edits:
            raise OpError(Reason.TEXT_TYPE, f"{where(path)}: text edits must be a list")
        self.count(len(edits))
        for edit in edits:
            if (
                type(edit) is not dict
                or edit.keys() not in ({"p", "i"}, {"p", "d"})
                or not _is_index(edit["p"])
            ):
                raise OpError(
                    Reason.TEXT_TYPE, f"{where(path)}: a text edit must have an offset, and i or d"
                )
            self.inserted(edit["i"] if "i" in edit else edit["d"], path)

    def inserted(self, text: Json, path: Path) -> None:
        if type(text) is not str:
            raise OpError(Reason.TEXT_TYPE, f"{where(path)}: a text edit must be text")
        self.text(text, path)

    def value(self, value: Json, path: Path, depth: int) -> None:
        """A value with `depth` containers around it, in an edit at `path`."""
        kind = type(value)
        if kind is str:
            self.text(value, path)
        elif kind is dict or kind is list:
            if depth >= self.limits.depth:
                raise OpError(
                    Reason.TOO_DEEP, f"{where(path)}: nested more than {self.limits.depth} deep"
                )
            self.spend(2)
            if kind is list:
                for one in value:
                    self.value(one, path, depth + 1)
            else:
                for key, one in value.items():
                    if type(key) is not str:
                        raise OpError(Reason.VALUE_TYPE, f"{where(path)}: a key must be text")
                    self.key(key)
                    self.value(one, path, depth + 1)
        elif kind is int or kind is float:
            self.spend(8)
            # -0.0 is whole and equal to 0, but has a sign.
            if not (isfinite(value) if kind is float else -MAX_INTEGER <= value <= MAX_INTEGER) or (
                value == 0 and str(value)[0] == "-"
            ):
                raise OpError(
                    Reason.NUMBER_RANGE,
                    f"{where(path)}: {str(value)[:40]} is not a number that every side can hold",
                )
        elif value is None or kind is bool:
            self.spend(6)
        else:
            raise OpError(Reason.VALUE_TYPE, f"{where(path)}: {kind.__name__} is no JSON value")

    def key(self, key: str) -> None:
        if key in FORBIDDEN_NAMES:
            raise OpError(Reason.FORBIDDEN_NAME, f"{key!r} may not be a key")
        self.text(key, [])

    def text(self, text: str, path: Path) -> None:
        self.spend(len(text) + 3)
        if "\0" in text:
            raise OpError(Reason.NUL, f"{where(path)}: text may not hold the character NUL")
        if not text.isascii():
            try:
                text.encode()
            except UnicodeEncodeError:
                raise OpError(
                    Reason.SURROGATE, f"{where(path)}: text may not hold half a character"
                ) from None


def _is_index(step: Json) -> bool:
    return type(step) is int and 0 <= step <= MAX_INTEGER


def _refuse_fields(component: Component, path: Path) -> None:
    unknown = component.keys() - _FIELDS
    if unknown:
        name = str(min(unknown, key=str))[:80]
        raise OpError(Reason.UNKNOWN_FIELD, f"{where(path)}: a component has no field {name!r}")
    if len(component) == 1:
        raise OpError(Reason.NO_INSTRUCTION, f"{where(path)}: the component says nothing to do")
    raise OpError(Reason.MIXED_INSTRUCTIONS, f"{where(path)}: a component holds one instruction")
