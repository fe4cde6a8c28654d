"""What is wrong with an element, and which of it is new.

Faults are compared before and after an edit: only new ones refuse it. So a fault is told again by
more than its message:

- a broken tree rule by the rule and the value that breaks it;
- a broken schema by keyword and path. In a list, what stands before may come or go: a fault that is
  found no more at its index is looked for at others of the same list, by the value at fault. Where a
  bound is broken (a text too long), going further beyond it is a new fault.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Sequence
from dataclasses import dataclass, field
from typing import Any

import orjson

from ot.types import Json, Step

from ..errors import Code, DesignError
from .limits import MAX_FAULTS
from .model import Element

__all__ = ["Fault", "fingerprint", "new_faults"]


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is wrong with one element.

    `path` is that of the value at fault, from the root of the document. `identity` tells it again after
    an edit; `kin` (None: nothing) also where lists have shifted. `excess` is how far a bound is broken.
    """

    code: Code
    element: Element
    rule: str
    message: str
    path: tuple[Step, ...]
    identity: Hashable
    kin: Hashable = None
    excess: int = 0
    details: dict[str, Any] = field(default_factory=dict, hash=False, compare=False)

    def error(self, name: str | None) -> DesignError:
        """As a refusal; `name` is what people call the element."""
        about = {"element": self.element, "path": list(self.path), "rule": self.rule}
        if name is not None:
            about["name"] = name
        return DesignError(self.code, self.message, **about, **self.details)


def fingerprint(value: Json) -> bytes:
    """Equal for equal JSON values, whatever the order of their keys."""
    return orjson.dumps(value, option=orjson.OPT_SORT_KEYS)


def new_faults(before: Sequence[Fault], after: Sequence[Fault]) -> list[Fault]:
    """The faults of `after` that no fault of `before` accounts for; each accounts for one."""
    if not before:
        return list(after)
    if len(before) >= MAX_FAULTS:
        return []  # Not all of the old ones are listed: none can be called new.
    old: dict[Hashable, list[Fault]] = {}
    for fault in before:
        old.setdefault(fault.identity, []).append(fault)
    unknown = []
    for fault in after:
        match = old.get(fault.identity)
        if match and match[-1].excess >= fault.excess:
            match.pop()
        else:
            unknown.append(fault)
    shifted = Counter(
        fault.kin for faults in old.values() for fault in faults if fault.kin is not None
    )
    new = []
    for fault in unknown:
        if fault.kin is not None and shifted[fault.kin]:
            shifted[fault.kin] -= 1
        else:
            new.append(fault)
    return new
