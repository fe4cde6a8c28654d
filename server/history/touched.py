"""Which properties an op touches: what is looked up to find the ops that made a value."""

from __future__ import annotations

from typing import Final, NamedTuple

from ot.types import Op, Path, Step

from ..document.model import SECTIONS, Element

__all__ = ["WHOLE", "Touched", "bucket", "buckets", "touched"]

WHOLE = ""
"""The bucket of what becomes of an element as a whole: put in, taken out, replaced."""


_MOST_LETTERS: Final = 64
"""A key of PostgreSQL's indexes has at most 2,700 bytes."""


class Touched(NamedTuple):
    """An element, and a bucket of its properties: "props/label", "name", or `WHOLE`."""

    element: Element
    bucket: str


def touched(op: Op) -> set[Touched]:
    """The buckets that an op on a design touches."""
    return {_touched(component["p"]) for component in op}


def _touched(path: Path) -> Touched:
    steps = 2 if path[0] in SECTIONS else 1
    return Touched("/".join(map(str, path[:steps])), bucket(path[steps:]))


def bucket(path: Path | tuple[Step, ...]) -> str:
    """The bucket of a path inside of an element: at most two keys; indices and offsets are left out.

    Of a long key only the start counts, and what no database keeps is left out: then more is found
    there than belongs there, which costs a look.
    """
    if not path:
        return WHOLE
    first = _short(path[0])
    return f"{first}/{_short(path[1])}" if len(path) > 1 and type(path[1]) is str else first


def _short(step: Step) -> str:
    return str(step)[:_MOST_LETTERS].replace("\0", "")


def buckets(path: Path | tuple[Step, ...]) -> list[str]:
    """Where an op is found that may have made the value at a path: there and above."""
    return list(dict.fromkeys((bucket(path), bucket(path[:1]), WHOLE)))
