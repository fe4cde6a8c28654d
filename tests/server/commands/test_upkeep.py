"""`coweave verify`, `backup` and `restore`, as the person meets them who keeps the database."""

from __future__ import annotations

import asyncio
import json
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from server import cli
from tests.server.store.histories import write_all


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("template") / "coweave.sqlite3"
    asyncio.run(write_all(path))
    return path


@pytest.fixture
def path(template: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "coweave.sqlite3"
    shutil.copy(template, path)
    monkeypatch.setenv("COWEAVE_DATABASE", f"sqlite:///{path}")
    monkeypatch.setenv("COWEAVE_DATA_DIR", str(tmp_path))
    return path


def change(path: Path, statement: str) -> None:
    with closing(sqlite3.connect(path)) as connection, connection:
        assert connection.execute(statement).rowcount > 0


SOUND = "3 documents, 127 versions, 11 snapshots: no fault\n"


def test_verify_says_what_it_looked_at(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["verify"]) == 0
    assert capsys.readouterr().out == SOUND
    assert cli.main(["verify", "--database", f"sqlite:///{path}"]) == 0
    assert not (path.parent / "secret").exists(), "nothing is made"


def test_A6_verify_names_each_document_and_version(
    path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    change(path, "update ops set author = 'u9' where document = 'claims' and version = 8")
    change(path, "delete from ops where document = 'notes' and version = 12")
    change(path, "update milestones set body = x'00' where document = 'orders' and version = 10")
    assert cli.main(["verify"]) == 1
    lines = capsys.readouterr().out.splitlines()
    assert [line.partition(": ")[2][:40] for line in lines[:3]] == [
        "acme/designs/claims, version 8: it was c",
        "acme/designs/orders, version 10: its mil",
        "acme/scratch/notes, version 12: it is mi",
    ]
    assert lines[3].endswith("3 with faults")


def test_what_is_no_fault_is_a_note(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    change(path, "delete from designs where id = 'orders'")
    assert cli.main(["verify"]) == 0
    assert capsys.readouterr().out.startswith("note: acme/designs/orders: ")


def test_verify_json_and_against(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["verify", "--json"]) == 0
    told = capsys.readouterr()
    assert told.err == SOUND
    lines = [json.loads(line) for line in told.out.splitlines()]
    assert [line["document"][2] for line in lines] == ["claims", "orders", "notes"]
    assert all(len(bytes.fromhex(line["hash"])) == 32 and line["faults"] == [] for line in lines)
    earlier = path.with_name("earlier")
    earlier.write_text(told.out, "utf-8")
    assert cli.main(["verify", "--against", str(earlier)]) == 0
    capsys.readouterr()
    for table in ("ops", "heads", "milestones"):
        change(path, f"delete from {table} where document = 'notes'")
    assert cli.main(["verify"]) == 0
    assert cli.main(["verify", "--json", "--against", str(earlier)]) == 1
    last = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert last["document"] == ["acme", "scratch", "notes"]
    assert [fault["kind"] for fault in last["faults"]] == ["missing"]


@pytest.mark.parametrize("content", ["{", "[]", '{"hash":"xx"}', '{"hash":"00"}'])
def test_what_is_no_earlier_output(
    path: Path, capsys: pytest.CaptureFixture[str], content: str
) -> None:
    earlier = path.with_name("earlier")
    earlier.write_text(content, "utf-8")
    assert cli.main(["verify", "--against", str(earlier)]) == 1
    assert "line 1 is not what" in capsys.readouterr().err


def test_A9_backup_and_restore(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = path.with_name("backup")
    assert cli.main(["backup", str(file)]) == 0
    assert capsys.readouterr().out == f"{file}: {SOUND}"
    assert cli.main(["backup", str(file)]) == 1
    assert "--replace" in capsys.readouterr().err
    path.unlink()
    assert cli.main(["restore", str(file)]) == 0
    assert capsys.readouterr().out == f"Restored from {file}: {SOUND}"
    assert cli.main(["restore", str(file)]) == 1
    assert "--replace" in capsys.readouterr().err
    assert cli.main(["restore", str(file), "--replace"]) == 0
    told = capsys.readouterr().out.splitlines()
    assert told[0] == f"What was there lies at {path}.replaced"
    assert cli.main(["verify"]) == 0


def test_a_backup_of_a_damaged_database_is_kept_and_told(
    path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = path.with_name("backup")
    change(path, "update ops set author = 'u9' where document = 'claims' and version = 8")
    assert cli.main(["backup", str(file)]) == 1
    assert "claims, version 8" in capsys.readouterr().out
    assert file.exists()
    before = path.read_bytes()
    assert cli.main(["restore", str(file), "--replace"]) == 1
    assert "nothing was restored" in capsys.readouterr().out
    assert path.read_bytes() == before
    assert cli.main(["restore", str(file), "--replace", "--damaged"]) == 0
    assert "Restored" in capsys.readouterr().out


@pytest.mark.parametrize("command", [["verify"], ["backup", "b"], ["restore", "b"]])
def test_what_is_no_database_is_one_line(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    command: list[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COWEAVE_DATABASE", f"sqlite:///{tmp_path / 'nowhere'}")
    assert cli.main(command) == 1
    told = capsys.readouterr()
    assert told.out == "" and told.err.startswith("coweave: There is no database at ")
    assert told.err.count("\n") == 1
    assert list(tmp_path.iterdir()) == []
