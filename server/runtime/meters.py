"""What a node counts and times as it runs, in plain numbers: cheap enough to do it for every edit.

Nothing here says what is in a document, or whose it is: figures are the node's as a whole, and the
only labels are codes and reasons. One thread writes, so there is no lock (the client library's
own take one for each number). `server.web.metrics` tells them to whoever watches.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from typing import Final

__all__ = ["BOUNDS", "Histogram", "Meters"]

BOUNDS: Final = (
    *(0.0001, 0.00025, 0.0005, 0.001, 0.002, 0.003, 0.005, 0.0075),
    *(0.01, 0.015, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0),
)
"""Seconds; closest together where an ack should be, so that its p99 can be told."""


class Histogram:
    """How long something took, by `BOUNDS`."""

    __slots__ = ("counts", "total")

    def __init__(self) -> None:
        self.counts = [0] * (len(BOUNDS) + 1)
        """How many took up to each bound (and more than the one before); the last: longer."""
        self.total = 0.0

    def observe(self, seconds: float) -> None:
        """One took so long."""
        self.counts[bisect_left(BOUNDS, seconds)] += 1
        self.total += seconds

    def at_most(self, share: float) -> float:
        """The bound that `share` (0 to 1) of all did not exceed; 0 if there were none."""
        left = share * sum(self.counts)
        for bound, count in zip((*BOUNDS, float("inf")), self.counts, strict=True):
            left -= count
            if left <= 0:
                return bound if sum(self.counts) else 0.0
        return float("inf")


class Meters:
    """All figures of one node since its start."""

    __slots__ = (
        *("accepted", "ack", "commit", "dropped", "fan_out", "judging"),
        *("locking", "overtaken", "postponed", "refused"),
    )

    def __init__(self) -> None:
        self.ack = Histogram()
        """From the arrival of an edit to its ack, per edit; in whole milliseconds."""
        self.judging = Histogram()
        """To transform, complete, apply and validate a batch."""
        self.commit = Histogram()
        """From asking for a batch's commit to its answer, with the time in the queue."""
        self.fan_out = Histogram()
        """To give a committed batch to everybody who has the document open."""
        self.locking = Histogram()
        """To take the write locks of a batch."""
        self.postponed = 0
        """Edits that waited for a lock which another node held."""
        self.overtaken = 0
        """Batches judged again because another node had committed first."""
        self.accepted = 0
        """Edits committed."""
        self.refused: Counter[str] = Counter()
        """Requests that were answered with an error, by code."""
        self.dropped: Counter[str] = Counter()
        """Connections that were ended by this node, by reason."""
