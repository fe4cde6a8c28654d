"""Transforming lists of components, given how one component passes another (SPEC OT30-OT33).

Type and subtype are both lists of components, so this is written once. Every component of one side
meets every component of the other, in order; each comes out as none, one or several components.
"""

from collections.abc import Callable
from typing import TypeAlias

from .types import Component, Op, Side

__all__ = ["Append", "Pass", "transform_both", "transform_list"]

Pass: TypeAlias = Callable[[Op, Component, Component, Side], None]
"""`(out, component, other, side)`: appends to `out` what is left of `component` after `other`."""

Append: TypeAlias = Callable[[Op, Component], None]
"""`(out, component)`: adds to the end of `out`, merging with its last component where it can."""


def transform_list(op: Op, other: Op, side: Side, passed: Pass, append: Append) -> Op:
    """Rewrite `op` so that it applies after `other`; `side` is the side of `op`."""
    if not other:
        return op
    if len(op) == 1 and len(other) == 1:
        out: Op = []
        passed(out, op[0], other[0], side)
        return out
    if side == "left":
        return transform_both(op, other, passed, append)[0]
    return transform_both(other, op, passed, append)[1]


def transform_both(left: Op, right: Op, passed: Pass, append: Append) -> tuple[Op, Op]:
    """Both sides at once: `left` after `right`, and `right` after `left`.

    A deletion that is split travels on as an op of its own, inside the crossing that it was part
    of. The stack of crossings is kept by hand: a thousand inserts into one deleted text are a
    thousand splits, deeper than Python recurses.
    """
    crossings = [_Crossing(left, right)]
    while True:
        inner = crossings[-1].run(passed, append)
        if inner is not None:
            crossings.append(inner)
            continue
        done = crossings.pop()
        if not crossings:
            return done.left, done.new_right
        crossings[-1].resume(done, append)


class _Crossing:
    """One pair of ops on their way past one another."""

    __slots__ = ("left", "new_left", "new_right", "rights")

    def __init__(self, left: Op, right: Op) -> None:
        self.left = left
        self.rights = iter(right)
        self.new_left: Op = []
        self.new_right: Op = []

    def run(self, passed: Pass, append: Append) -> "_Crossing | None":
        """Go on until done (None), or until a crossing within this one has to be done first."""
        for travelling in self.rights:
            # One component of the right goes past all of the left.
            self.new_left = []
            for at, met in enumerate(self.left, 1):
                parts: Op = []
                passed(self.new_left, met, travelling, "left")
                passed(parts, travelling, met, "right")
                if len(parts) != 1:
                    return _Crossing(self.left[at:], parts)
                travelling = parts[0]
            append(self.new_right, travelling)
            self.left = self.new_left
        return None

    def resume(self, inner: "_Crossing", append: Append) -> None:
        """Take in what came of the rest of the left and the parts of the right."""
        for component in inner.left:
            append(self.new_left, component)
        for component in inner.new_right:
            append(self.new_right, component)
        self.left = self.new_left
