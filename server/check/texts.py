"""The texts inside a value."""

from __future__ import annotations

from collections.abc import Iterator

from ot.types import Json, Step

__all__ = ["texts"]


def texts(value: Json, path: tuple[Step, ...]) -> Iterator[tuple[tuple[Step, ...], str]]:
    """Every text in `value`, which stands at `path`: (its path, itself), in no order that counts."""
    # Not by recursion: what a file nests is its maker's choice.
    queue: list[tuple[Json, tuple[Step, ...]]] = [(value, path)]
    while queue:
        value, path = queue.pop()
        if value.__class__ is str:
            yield path, value
        elif isinstance(value, dict):
            queue += [
                (inner, (*path, key)) for key, inner in value.items() if inner.__class__ in _HOLDING
            ]
        elif isinstance(value, list):
            queue += [
                (inner, (*path, index))
                for index, inner in enumerate(value)
                if inner.__class__ in _HOLDING
            ]


_HOLDING = frozenset((str, dict, list))
