"""Taking a change back, or making it somewhere else: what others have changed since stays."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..types.registry import TypeRegistry
from .merge import Choice, Clash, merge_designs

__all__ = ["carried"]


def carried(
    now: Mapping[str, Any], old: Mapping[str, Any], new: Mapping[str, Any], types: TypeRegistry
) -> tuple[dict[str, Any], tuple[Clash, ...]]:
    """`now` with what leads from `old` to `new` done to it, and where that was not possible.

    The other way round, from a version to the one before it, it takes a change back. Where `now` is
    neither as in `old` nor as in `new` it stays as it is, and that is told: `main` is what stays there,
    `branch` what should have come.
    """
    choices: dict[tuple[str | int, ...], Choice] = {}
    while True:
        done = merge_designs(old, now, new, types, choices)
        if not done.conflicts:
            return done.document, done.settled
        # Each pass settles paths that had no choice yet, so this ends.
        choices |= {clash.path: Choice("main") for clash in done.conflicts}
