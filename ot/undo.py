"""Undo of one op after others have been made since (SPEC OT130-OT133)."""

from collections.abc import Iterable

from .json0 import invert, transform
from .types import Op

__all__ = ["undo"]


def undo(op: Op, later: Iterable[Op]) -> Op:
    """What takes `op` back now: its inverse, past the ops made after it.

    Args: op: as it was committed. later: the ops committed after it, in order.
    Returns: an op on the version after the last of `later`; `[]` when nothing of `op` is left. The
    document becomes what it would be had `op` never been made. The undo is an op like any other: to
    redo is to undo it.
    Raises: OpError as `transform` does.
    """
    back = invert(op)
    for other in later:
        back = transform(back, other, "left")
    return back
