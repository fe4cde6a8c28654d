"""What both adapters hold of batches and logs, whatever they keep them in. Pure; ST1-ST5, ST22."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Sequence

from ..leases.lease import LeaseTable
from ..ports import Commit, Committed, Overtaken, StoredOp

__all__ = ["LOG_CHUNK", "answer_where_moved", "check", "is_judged_by", "numbered", "passed_at"]

LOG_CHUNK = 1_000
"""Most ops that one `Overtaken` tells of."""


def check(commits: Sequence[Commit]) -> None:
    """Refuse what no adapter can answer rightly. Raises `ValueError`: a fault of the caller."""
    if len({commit.document for commit in commits}) != len(commits):
        raise ValueError("two batches of one document in one commit")
    for commit in commits:
        if len({(op.src, op.seq) for op in commit.ops}) != len(commit.ops):
            raise ValueError(f"one (src, seq) twice in a batch of {commit.document}")


def numbered(commit: Commit) -> list[StoredOp]:
    """The ops as they will be stored."""
    return [
        StoredOp(version, op.src, op.seq, op.author, op.time, op.body)
        for version, op in enumerate(commit.ops, commit.base)
    ]


def answer_where_moved(commit: Commit, theirs: Sequence[StoredOp]) -> Committed | Overtaken:
    """The answer where the head is not at the batch's base.

    Args: theirs: what is stored from the base on: as many ops as the batch has, and `LOG_CHUNK`.
    """
    if commit.ops and numbered(commit) == list(theirs[: len(commit.ops)]):
        return Committed(commit.base + len(commit.ops))
    return Overtaken(tuple(theirs[:LOG_CHUNK]))


def is_judged_by(commit: Commit, leases: LeaseTable) -> bool:
    """Whether these live leases are the ones that the batch was judged by, and all that it relies on hold."""
    return leases.epoch == commit.leases and commit.tokens <= {each.token for each in leases}


def passed_at(length: int, time_of: Callable[[int], int], time: int) -> int:
    """The version at which the times of a log pass `time`, by about log2(length) look-ups (ST22).

    Args: length: of the log. time_of: an op's time by its version.
    """
    return bisect_right(range(length), time, key=time_of)
