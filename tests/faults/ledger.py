"""What was asked for, what was promised, what is there: one check for loss, doubling and order.

Every op carries tokens of its own, so that each can be found in the document afterwards.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import sqlite3
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import zstandard

from server.document.versioned import Snapshot, decode, replay

__all__ = ["Entry", "Kept", "Ledger", "kept", "tokens_of"]


@dataclass
class Entry:
    """One op that a writer sent, and what it heard."""

    document: tuple[str, str]  # collection, id
    token: str
    src: str  # the public part
    seq: int
    version: int | None = None  # of the ack
    error: Any = None
    asked: float = 0.0  # when it was first sent, by time.monotonic()
    told: float = 0.0  # when it was answered


@dataclass
class Ledger:
    """All that the writers did."""

    entries: list[Entry] = field(default_factory=list)
    heard: asyncio.Event = field(default_factory=asyncio.Event)  # set at every answer

    async def reach(self, count: int) -> None:
        """Wait until so many ops are acked."""
        while len(self.acked) < count:
            self.heard.clear()
            await self.heard.wait()

    def longest_wait(self, since: float = 0.0) -> float:
        """The longest that anybody has waited for an answer, or waits, in seconds.

        Args: since: of what was sent then (time.monotonic()) or was not answered yet.
        """
        now = time.monotonic()
        return max(
            (
                (entry.told or now) - entry.asked
                for entry in self.entries
                if entry.told == 0.0 or entry.told > since
            ),
            default=0.0,
        )

    async def usual_wait(self, acks: int = 50) -> float:
        """The longest wait over the next `acks`: what the machine costs, when nothing is wrong."""
        since = time.monotonic()
        await self.reach(len(self.acked) + acks)
        return self.longest_wait(since)

    @property
    def acked(self) -> list[Entry]:
        return [entry for entry in self.entries if entry.version is not None]

    def faults(self, log: Kept, shown: Snapshot) -> Iterator[str]:
        """Everything that is wrong with one document.

        Args: log: what the database holds of it. shown: what a client that joins now is given.
        """
        mine = [entry for entry in self.entries if entry.document == log.document]
        yield from log.faults()
        yield from self._tokens(mine, shown)
        yield from self._rows(mine, log)
        if log.replayed() != shown:
            yield f"{log.document}: the snapshot is not the replay of the log"

    def _tokens(self, mine: list[Entry], shown: Snapshot) -> Iterator[str]:
        there = Counter(tokens_of(shown.data))
        for token, times in there.items():
            if times > 1:
                yield f"{token} is there {times} times"
        asked = {entry.token for entry in mine}
        yield from (f"{token} was never asked for" for token in there.keys() - asked)
        for entry in mine:
            if entry.version is not None and entry.token not in there:
                yield f"{entry.token} was acked and is lost"
            if entry.error is not None and entry.token in there:
                yield f"{entry.token} was refused ({entry.error}) and is there"

    def _rows(self, mine: list[Entry], log: Kept) -> Iterator[str]:
        for entry in mine:
            if entry.version is not None:
                row = log.rows[entry.version] if entry.version < len(log.rows) else None
                if row is None or (row["src"], row["seq"]) != (entry.src, entry.seq):
                    yield f"{entry.token} was acked as version {entry.version}, where it is not"
        last: dict[str, int] = {}
        for row in log.rows:
            if row["seq"] <= last.get(row["src"], 0):
                yield f"{row['src']}: seq {row['seq']} came after {last[row['src']]}"
            last[row["src"]] = row["seq"]


@dataclass
class Kept:
    """One document as the database holds it."""

    document: tuple[str, str]
    tenant: str
    rows: list[sqlite3.Row]  # of `ops`, by version
    head: tuple[int, bytes]
    milestones: dict[int, bytes]  # version → state

    def faults(self) -> Iterator[str]:
        """Whether versions are dense, every op is there once, and the chain of hashes holds.

        The hashes are computed here as server/store/SPEC.md ST11 says, not by the server's code.
        """
        name = "/".join(self.document)
        if [row["version"] for row in self.rows] != list(range(len(self.rows))):
            yield f"{name}: the versions are not 0 to {len(self.rows) - 1}"
        for who, times in Counter((row["src"], row["seq"]) for row in self.rows).items():
            if times > 1:
                yield f"{name}: {who} is stored {times} times"
        before = bytes(32)
        for row in self.rows:
            parts = [before]
            for column in (
                *("tenant", "collection", "document", "version"),
                *("src", "seq", "author", "time", "body"),
            ):
                value = row[column]
                if isinstance(value, int):
                    parts.append(value.to_bytes(8, "big", signed=True))
                else:
                    raw = value.encode() if isinstance(value, str) else value
                    parts.append(len(raw).to_bytes(8, "big") + raw)
            before = hashlib.sha256(b"".join(parts)).digest()
            if before != row["hash"]:
                yield f"{name}: the hash of version {row['version']} is wrong"
                before = row["hash"]
        if self.head != (len(self.rows), before):
            yield f"{name}: the head is {self.head[0]} and the log ends at {len(self.rows)}"

    def replayed(self, version: int | None = None) -> Snapshot:
        """The state after the first `version` ops, from the ops alone."""
        snapshot = Snapshot(0, None, None)
        for row in self.rows[:version]:
            snapshot = replay(snapshot, decode(row["body"])[0])
        return snapshot


def kept(database: Path, tenant: str, document: tuple[str, str], *, repair: bool = False) -> Kept:
    """Read a document's rows, past the server.

    Args: repair: whether the database may be written: what a crash left needs that to be read.
    """
    mode = "rw" if repair else "ro"
    connection = sqlite3.connect(f"file:{database}?mode={mode}", uri=True)
    connection.row_factory = sqlite3.Row
    here = "tenant = ? and collection = ? and document = ?"
    key = (tenant, *document)
    try:
        rows = connection.execute(
            f"select * from ops where {here} order by version", key
        ).fetchall()
        head = connection.execute(f"select version, hash from heads where {here}", key).fetchone()
        milestones = connection.execute(
            f"select version, body, base from milestones where {here} order by version", key
        ).fetchall()
        states: dict[int, bytes] = {}
        for version, body, base in milestones:
            raw = zstandard.DICT_TYPE_RAWCONTENT
            prefix = base and zstandard.ZstdCompressionDict(states[base], dict_type=raw)
            unpacker = zstandard.ZstdDecompressor(dict_data=prefix)
            states[version] = unpacker.decompressobj().decompress(body)
        return Kept(
            document,
            tenant,
            rows,
            tuple(head) if head else (0, bytes(32)),
            states,
        )
    finally:
        connection.close()


def tokens_of(data: Any) -> Iterable[str]:
    """Every token in a document: they look like <w3-17>, and nothing else has angle brackets."""
    text = json.dumps(data)
    return [piece.partition(">")[0] for piece in text.split("<")[1:]]
