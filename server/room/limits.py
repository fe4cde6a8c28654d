"""What a room bounds, with the reason of each number."""

from __future__ import annotations

from dataclasses import dataclass

from ot import Limits as OpLimits

__all__ = ["RoomLimits"]


@dataclass(frozen=True, slots=True)
class RoomLimits:
    """One value for all rooms of a node."""

    batch_ops: int = 256
    """Submitted ops worked on at once: about 20 ms of work, so that reads come in between."""
    batch_components: int = 4_000
    """Components of those together, unless one op alone has more."""
    batch_work: int = 500_000
    """Pairs of components that meet in transform: about 0.5 s, in one op or all of a batch."""
    recent_ops: int = 8_192
    """Committed ops kept in memory: a client away for 5,000 ops needs no read."""
    recent_bytes: int = 16_000_000
    """Stored size of the committed ops kept in memory."""
    piece_ops: int = 1_000
    """Ops asked of the store at once."""
    piece_bytes: int = 4_000_000
    """And bytes of them, or one op."""
    catch_up_bytes: int = 64_000_000
    """Stored size of the ops that are read back into memory for an edit made on an old version."""
    catch_up_ops: int = 100_000
    """How far behind the head an op may have been made; older ones are refused."""
    milestone_ops: int = 100
    """A snapshot is kept after so many ops, so that any version opens in few milliseconds; of a
    large document after more of them, one for each KB of it, so that writing snapshots costs about
    a KB per op."""
    milestone_most_ops: int = 500
    """However large the document is."""
    milestone_bytes: int = 1_000_000
    """A snapshot is kept after so many bytes of ops."""
    submitters: int = 4_096
    """Connections without a subscription of which is known what they were sent."""
    readers: int = 256
    """Catch-ups from the store under way at once; more are told to come again."""
    client: OpLimits = OpLimits(components=1_000, depth=64, size=1_000_000)
    """One op of a client."""
    bulk: OpLimits = OpLimits(components=20_000, depth=64, size=16_000_000)
    """One op of a server command."""
