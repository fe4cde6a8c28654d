"""The words the engine speaks: values, paths, ops and the one coded error.

A JSON value is what `json.loads` gives. Nothing in `ot` ever changes a value, an op or a component
that it was handed, so results share structure with their inputs; callers must keep to that too.
`Json` and a component's fields are `Any` because a recursive alias over `dict` and `list` is
invariant: it would refuse `dict[str, str]`, and every reader would have to cast.
"""

from collections.abc import Sequence
from enum import StrEnum
from typing import Any, Final, Literal, TypeAlias

__all__ = [
    "BADLY_FORMED",
    "MAX_INTEGER",
    "Component",
    "Json",
    "Op",
    "OpError",
    "Path",
    "Reason",
    "Side",
    "Step",
    "where",
]

Json: TypeAlias = Any
"""None, bool, int, float, str, list of Json, or dict of str to Json."""

Step: TypeAlias = str | int
"""A key of an object, or an index of a list (counted from 0; an offset in a string for si/sd)."""

Path: TypeAlias = Sequence[Step]

Component: TypeAlias = dict[str, Any]
"""One instruction: `{"p": path, "od": …, "oi": …}` and its kin, see SPEC.md."""

Op: TypeAlias = list[Component]
"""Components, applied in order."""

Side: TypeAlias = Literal["left", "right"]
"""Who wins a tie: `left`. A server transforms the new op as left, what is committed is right."""

MAX_INTEGER: Final = 2**53
"""Beyond it a JavaScript number no longer tells neighbouring integers apart."""


class Reason(StrEnum):
    """Why an op was refused: one name per rule of SPEC.md."""

    # The op by itself (`check`): it would be refused whatever the document holds.
    OP_NOT_LIST = "op_not_list"
    TOO_MANY_COMPONENTS = "too_many_components"
    TOO_LARGE = "too_large"
    COMPONENT_NOT_OBJECT = "component_not_object"
    PATH_MISSING = "path_missing"
    PATH_STEP = "path_step"
    PATH_EMPTY = "path_empty"
    UNKNOWN_FIELD = "unknown_field"
    NO_INSTRUCTION = "no_instruction"
    MIXED_INSTRUCTIONS = "mixed_instructions"
    INDEX_TYPE = "index_type"
    KEY_TYPE = "key_type"
    TEXT_TYPE = "text_type"
    SUBTYPE_UNKNOWN = "subtype_unknown"
    SUBTYPE_REFUSED = "subtype_refused"
    ADD_TYPE = "add_type"
    ADD_FRACTION = "add_fraction"
    VALUE_TYPE = "value_type"
    NUMBER_RANGE = "number_range"
    SURROGATE = "surrogate"
    NUL = "nul"
    FORBIDDEN_NAME = "forbidden_name"
    TOO_DEEP = "too_deep"

    # The op on this document (`apply`).
    PATH_NOT_FOUND = "path_not_found"
    PATH_BLOCKED = "path_blocked"
    NOT_A_LIST = "not_a_list"
    NOT_AN_OBJECT = "not_an_object"
    NOT_A_STRING = "not_a_string"
    NOT_A_NUMBER = "not_a_number"
    INDEX_RANGE = "index_range"
    KEY_MISSING = "key_missing"
    KEY_USED = "key_used"
    ROOT_DELETED = "root_deleted"
    VALUE_DIFFERS = "value_differs"
    TEXT_DIFFERS = "text_differs"
    OFFSET_RANGE = "offset_range"
    SURROGATE_SPLIT = "surrogate_split"
    NUMBER_FRACTION = "number_fraction"
    SUM_RANGE = "sum_range"

    # Two ops that cannot have been made on the same document (`transform`).
    TEXT_CONFLICT = "text_conflict"


BADLY_FORMED: Final[frozenset[Reason]] = frozenset(
    list(Reason)[: list(Reason).index(Reason.PATH_NOT_FOUND)]
)
"""The reasons of `check`: the op itself is wrong. All others depend on the document."""


class OpError(Exception):
    """An op was refused, and nothing was changed.

    `reason` is the rule it broke, `message` says so in words for a person and names the place,
    `component` is the index of the component at fault (None: the op as a whole), `path` its path.
    """

    def __init__(
        self,
        reason: Reason,
        message: str,
        *,
        component: int | None = None,
        path: Path | None = None,
    ) -> None:
        super().__init__(message)
        self.reason = reason
        self.message = message
        self.component = component
        self.path = path

    def __str__(self) -> str:
        return f"{self.message} [{self.reason}]"


def where(path: Path) -> str:
    """A path in words for a message: `components/c1/props/label`."""
    return "/".join(str(step)[:80] for step in path) or "the document"
