"""`coweave verify`, `backup` and `restore`: for whoever keeps the database."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from ..ports import DocumentId, Head
from ..settings import Settings, SettingsError

if TYPE_CHECKING:
    from ..store.verify import Anchors, Checked

__all__ = ["add_commands"]

Add = Callable[[str, Callable[[argparse.Namespace, Settings], int], str], argparse.ArgumentParser]


def add_commands(add: Add) -> None:
    """Add the three commands. `add(name, run, about)` makes a subcommand's parser."""
    check = add("verify", _verify, "Check every row of the database, also beside a running node.")
    check.add_argument("--json", action="store_true", help="one JSON object per document and line")
    check.add_argument(
        "--against",
        type=Path,
        metavar="FILE",
        help="output of an earlier --json: what was there then must be there still",
    )
    check.add_argument(
        "--rebuild",
        action="store_true",
        help="make histories anew that are not what the edits say, when they are next asked for",
    )
    save = add("backup", _backup, "Copy the database to a file, also beside a running node.")
    save.add_argument("file", type=Path, metavar="FILE")
    save.add_argument("--replace", action="store_true", help="write over FILE")
    load = add("restore", _restore, "Make a backup the database; no node may be running.")
    load.add_argument("file", type=Path, metavar="FILE")
    load.add_argument("--replace", action="store_true", help="put what is there aside")
    load.add_argument("--damaged", action="store_true", help="also when the check finds faults")


@dataclass(slots=True)
class _Result:
    """What checks found, in numbers."""

    documents: int = 0
    ops: int = 0
    milestones: int = 0
    acts: int = 0
    faults: int = 0
    histories: list[DocumentId] = field(default_factory=list)  # that are not what the edits say

    def __str__(self) -> str:
        found = "no fault" if not self.faults else f"{self.faults} with faults"
        return (
            f"{self.documents} documents, {self.ops} versions, {self.milestones} snapshots"
            f"{f', {self.acts} acts' if self.acts else ''}: {found}"
        )


def _check(url: str, anchors: Anchors | None = None, *, as_json: bool = False) -> _Result:
    """Check a database and print what is found, as it is found."""
    from ..store import StoreUnfit
    from ..store.audit import Kind
    from ..store.verify import verify

    result = _Result()
    try:
        for one in verify(url, anchors):
            if one.document.collection == "audit":
                result.acts += one.ops
            else:
                result.documents += 1
                result.ops += one.ops
            result.milestones += one.milestones
            result.faults += any(not fault.is_note for fault in one.faults)
            if any(fault.kind is Kind.INDEX for fault in one.faults):
                result.histories.append(one.document)
            if as_json:
                print(_line(one), flush=True)
            else:
                for fault in one.faults:
                    print(f"{'note' if fault.is_note else 'fault'}: {fault}", flush=True)
    except StoreUnfit as error:
        raise SettingsError(str(error)) from error
    return result


def _line(one: Checked) -> str:
    return json.dumps(
        {
            "document": list(one.document),
            "version": one.head.version if one.head else None,
            "hash": one.head.hash.hex() if one.head else None,
            "ops": one.ops,
            "snapshots": one.milestones,
            "faults": [
                {"kind": fault.kind, "version": fault.version, "message": fault.message}
                for fault in one.faults
            ],
        }
    )


def _verify(options: argparse.Namespace, settings: Settings) -> int:
    anchors = dict(_anchors(options.against)) if options.against is not None else None
    result = _check(settings.database, anchors, as_json=options.json)
    told = sys.stderr if options.json else sys.stdout
    print(result, file=told)
    if options.rebuild and result.histories:
        from ..store.chronicle import forget_histories

        forget_histories(settings.database, result.histories)
        print(f"{len(result.histories)} histories will be made anew", file=told)
    return 1 if result.faults else 0


def _anchors(file: Path) -> Iterator[tuple[DocumentId, Head]]:
    with file.open(encoding="utf-8") as lines:
        for number, line in enumerate(lines, 1):
            try:
                one = json.loads(line)
                if one["hash"] is not None:
                    head = Head(int(one["version"]), bytes.fromhex(one["hash"]))
                    tenant, collection, id = one["document"]
                    yield DocumentId(tenant, collection, id), head
            except (ValueError, KeyError, TypeError) as error:
                told = f"{file}, line {number} is not what `coweave verify --json` prints"
                raise SettingsError(told) from error


def _backup(options: argparse.Namespace, settings: Settings) -> int:
    from ..store import StoreUnfit
    from ..store.backup import back_up, url_of

    try:
        back_up(settings.database, options.file, replace=options.replace)
    except StoreUnfit as error:
        raise SettingsError(str(error)) from error
    result = _check(url_of(options.file))
    print(f"{options.file}: {result}")
    return 1 if result.faults else 0


def _restore(options: argparse.Namespace, settings: Settings) -> int:
    from ..app import milestone_key
    from ..store import StoreUnfit
    from ..store.backup import put_back, seal, unpack, url_of

    try:
        with unpack(options.file, settings.database) as copy:
            before = _check(url_of(copy))
            if before.faults and not options.damaged:
                print(f"{options.file}: {before}; nothing was restored (--damaged does so)")
                return 1
            if not before.faults:
                seal(copy, milestone_key(settings))
            aside = put_back(copy, settings.database, replace=options.replace)
    except StoreUnfit as error:
        raise SettingsError(str(error)) from error
    if aside is not None:
        print(f"What was there lies at {aside}")
    after = _check(settings.database)
    print(f"Restored from {options.file}: {after}")
    return 0 if after == before else 1
