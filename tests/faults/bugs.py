"""Bugs made by hand, each put into the running code by a patch; `test_bugs.py` says who catches it.

A plugin of pytest: `-p tests.faults.bugs` with `COWEAVE_BUG=<name>` puts that one in.
"""

from __future__ import annotations

import os
import shutil
import sqlite3
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import alembic.op
import pytest
import sqlalchemy as sa

from server.errors import Code, DesignError
from server.ports import Committed, DocumentId, Head
from server.room.batch import Batch
from server.room.core import Room
from server.room.effects import CommitBatch, Deliver, OpsSince, Publish, Refused
from server.room.window import Window
from server.runtime.committer import Committer
from server.store import backup, chain, dialect, memory, oplog, snapshots
from server.store.audit import Audit
from server.store.database import Database
from server.store.sql import SqlStore

__all__ = ["BUGS"]

Patch = Callable[[pytest.MonkeyPatch], None]

BUGS: dict[str, Patch] = {}


def pytest_configure(config: pytest.Config) -> None:
    BUGS[os.environ["COWEAVE_BUG"]](pytest.MonkeyPatch())


def bug(patch: Patch) -> Patch:
    BUGS[patch.__name__] = patch
    return patch


# -- the room ----------------------------------------------------------------------------------------


def judging(patch: pytest.MonkeyPatch, early: Callable[[Room, CommitBatch], list[Any]]) -> None:
    """Have the room do something when it only asks for the commit."""
    judge = Room._judge

    def judged(self: Room) -> list[Any]:
        effects = judge(self)
        if isinstance(effects[-1] if effects else None, CommitBatch):
            return [*early(self, effects[-1]), *effects]
        return effects

    patch.setattr(Room, "_judge", judged)


@bug
def the_room_acks_before_the_commit(patch: pytest.MonkeyPatch) -> None:
    def early(room: Room, asked: CommitBatch) -> list[Any]:
        assert room._batch is not None
        return room._deliveries(room._batch)

    judging(patch, early)


@bug
def the_room_publishes_before_the_commit(patch: pytest.MonkeyPatch) -> None:
    judging(patch, lambda room, asked: [Publish(asked.base + len(asked.ops))])


@bug
def the_room_shows_others_before_the_commit(patch: pytest.MonkeyPatch) -> None:
    def early(room: Room, asked: CommitBatch) -> list[Any]:
        news = room._window.slice(asked.base, asked.base + len(asked.ops))
        return [Deliver(conn, (OpsSince(news),)) for conn in room._subscribers]

    judging(patch, early)


@bug
def a_failed_commit_is_told_as_a_refusal(patch: pytest.MonkeyPatch) -> None:
    failed = Room._on_commit_failed

    def refuse(self: Room, event: Any) -> list[Any]:
        error = DesignError(Code.UNAVAILABLE, "The disk is full.")
        told = [Deliver(one.conn, (Refused(error, one.request),)) for one in self.unanswered]
        return [*failed(self, event), *told]

    patch.setattr(Room, "_on_commit_failed", refuse)


@bug
def what_others_did_meanwhile_is_passed_over(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Window, "transform", lambda self, edit, elements, base, end: edit)


@bug
def a_resend_is_not_compared(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Batch, "_is_honest", lambda self, entry, op: True)


@bug
def a_snapshot_is_one_version_off(patch: pytest.MonkeyPatch) -> None:
    snapshot = Room.snapshot

    def off(self: Room) -> Any:
        state = snapshot(self)
        return replace(state, version=state.version + 1)

    patch.setattr(Room, "snapshot", off)


# -- the committer -----------------------------------------------------------------------------------


@bug
def the_committer_answers_before_the_store(patch: pytest.MonkeyPatch) -> None:
    commit = Committer._commit

    async def early(self: Committer, group: Any) -> None:
        for waiting in group:
            head = waiting.commit.base + len(waiting.commit.ops)
            waiting.answer(Committed(head))
        await commit(self, group)

    patch.setattr(Committer, "_commit", early)


# -- the store ---------------------------------------------------------------------------------------


@bug
def no_unique_key(patch: pytest.MonkeyPatch) -> None:
    create_table = alembic.op.create_table

    def without(name: str, *columns: Any, **options: Any) -> Any:
        kept = [one for one in columns if not isinstance(one, sa.UniqueConstraint)]
        return create_table(name, *kept, **options)

    patch.setattr(alembic.op, "create_table", without)


@bug
def doubles_are_known_in_memory_only(patch: pytest.MonkeyPatch) -> None:
    no_unique_key(patch)
    append = oplog.append
    seen: dict[int, set[tuple[DocumentId, str, int]]] = {}

    def remembering(connection: Any, commits: Any, *, careful: bool, clock: Any) -> Any:
        mine = seen.setdefault(id(connection.engine), set())
        keys = [(one.document, op.src, op.seq) for one in commits for op in one.ops]
        known = any(key in mine for key in keys)
        answers = append(connection, commits, careful=careful or known, clock=clock)
        mine.update(keys)
        return answers

    patch.setattr(oplog, "append", remembering)


@bug
def synchronous_normal(patch: pytest.MonkeyPatch) -> None:
    set_pragmas = dialect._set_pragmas

    def weaker(connection: sqlite3.Connection) -> None:
        set_pragmas(connection)
        connection.execute("PRAGMA synchronous = NORMAL")

    patch.setattr(dialect, "_set_pragmas", weaker)


@bug
def the_head_is_not_compared(patch: pytest.MonkeyPatch) -> None:
    append = oplog.append

    def anywhere(connection: Any, commits: Any, **others: Any) -> Any:
        moved = [replace(one, base=oplog.head(connection, one.document).version) for one in commits]
        return append(connection, moved, **others)

    patch.setattr(oplog, "append", anywhere)


@bug
def a_batch_is_written_op_by_op(patch: pytest.MonkeyPatch) -> None:
    commit = SqlStore.commit

    async def op_by_op(self: SqlStore, commits: Any) -> list[Any]:
        answers: list[Any] = []
        for one in commits:
            answer: Any = Committed(one.base)
            for base, op in enumerate(one.ops, one.base):
                (answer,) = await commit(self, [replace(one, base=base, ops=(op,))])
            answers.append(answer)
        return answers

    patch.setattr(SqlStore, "commit", op_by_op)


@bug
def rows_are_hashed_alone(patch: pytest.MonkeyPatch) -> None:
    row_hashes = chain.row_hashes

    def alone(document: DocumentId, base: int, previous: bytes, ops: Any) -> list[bytes]:
        return [
            row_hashes(document, version, chain.ROOT, [op])[0]
            for version, op in enumerate(ops, base)
        ]

    for module in (chain, oplog, memory):
        patch.setattr(module, "row_hashes", alone)


@bug
def the_author_is_not_hashed(patch: pytest.MonkeyPatch) -> None:
    row_hashes = chain.row_hashes

    def blind(document: DocumentId, base: int, previous: bytes, ops: Any) -> list[bytes]:
        return row_hashes(document, base, previous, [replace(op, author="") for op in ops])

    from server.store import audit

    for module in (chain, oplog, memory, audit):
        patch.setattr(module, "row_hashes", blind)


@bug
def the_head_moves_in_another_transaction(patch: pytest.MonkeyPatch) -> None:
    write = oplog._write

    def without_head(connection: Any, commits: Any, before: Any) -> None:
        write(connection, commits, before)
        for one in commits:
            was = before.get(one.document, Head(0, chain.ROOT))
            here = (oplog.heads.c.tenant, oplog.heads.c.collection, oplog.heads.c.document)
            connection.execute(
                sa.update(oplog.heads)
                .where(*(column == part for column, part in zip(here, one.document, strict=True)))
                .values(version=was.version)
            )

    patch.setattr(oplog, "_write", without_head)


@bug
def a_snapshots_checksum_is_not_looked_at(patch: pytest.MonkeyPatch) -> None:
    def believing(connection: Any, document: Any, version: int, *_: Any) -> Any:
        return snapshots.unpacked(connection, document, version)

    patch.setattr(snapshots, "_sound", believing)


@bug
def a_snapshot_needs_no_key(patch: pytest.MonkeyPatch) -> None:
    checksum = chain.checksum
    patch.setattr(
        snapshots, "checksum", lambda document, milestone, key: checksum(document, milestone)
    )


@bug
def a_commit_that_failed_is_tried_on_the_same_connection(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(sa.Connection, "invalidate", lambda self, exception=None: None)


@bug
def no_connection_stays_open(patch: pytest.MonkeyPatch) -> None:
    opening = Database._open

    def without(self: Database) -> None:
        opening(self)
        if self._anchor is not None:
            self._anchor.close()
            self._readers.dispose()

    patch.setattr(Database, "_open", without)


# -- upkeep ------------------------------------------------------------------------------------------


@bug
def a_backup_copies_the_file(patch: pytest.MonkeyPatch) -> None:
    def copy(source: Path, target: Path) -> None:
        shutil.copyfile(source, target)
        backup._leave_wal(target)

    patch.setattr(backup, "_copy_pages", copy)


@bug
def the_check_does_not_look_at_the_head(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Audit, "end", lambda self, head: None)
