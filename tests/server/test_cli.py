"""The command line, as a person or a script meets it."""

from __future__ import annotations

import gzip
import json
import signal
import socket
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

import schemas
from server import cli
from server.document.model import new_design
from tests.support.process import ServerProcess


@pytest.fixture(autouse=True)
def _own_database(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COWEAVE_DATABASE", f"sqlite:///{tmp_path / 'coweave.sqlite3'}")
    monkeypatch.setenv("COWEAVE_DATA_DIR", str(tmp_path))


def test_migrate_can_be_run_again(capsys: pytest.CaptureFixture[str]) -> None:
    for _ in range(2):
        assert cli.main(["migrate"]) == 0
    assert "tables" in capsys.readouterr().out


def test_samples_are_loaded_once(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["samples"]) == 0
    assert capsys.readouterr().out.count("/designs/") == len(schemas.samples())
    assert cli.main(["samples"]) == 0
    assert "/designs/" not in capsys.readouterr().out


@pytest.mark.parametrize("compressed", [False, True])
def test_import(tmp_path: Path, capsys: pytest.CaptureFixture[str], compressed: bool) -> None:
    file = tmp_path / "design.json"
    content = json.dumps(new_design("Claims")).encode()
    file.write_bytes(gzip.compress(content) if compressed else content)
    assert cli.main(["import", str(file)]) == 0
    assert cli.main(["import", str(file), "--name", "Mine"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.partition(":")[0] for line in lines] == ["Claims", "Mine"]


def test_import_of_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    missing = tmp_path / "none.json"
    assert cli.main(["import", str(missing)]) == 1
    told = capsys.readouterr().err
    assert told == f"coweave: {missing} cannot be read: No such file or directory\n"


def test_import_of_a_folder(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "design.json"
    file.write_text(json.dumps(new_design("Claims")))
    assert cli.main(["export", str(file), "--dir", str(tmp_path / "folder")]) == 0
    assert cli.main(["import", str(tmp_path / "folder")]) == 0
    assert capsys.readouterr().out.startswith("Claims: /designs/")
    (tmp_path / "folder" / "meta.json").unlink()
    assert cli.main(["import", str(tmp_path / "folder")]) == 1
    assert "meta.json is missing" in capsys.readouterr().err


@pytest.mark.parametrize(
    "content", [b"{", b"[]", b"{}", b'{"format":"coweave-design"}', b"\xff\xfe"]
)
def test_a_file_that_is_none(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], content: bytes
) -> None:
    file = tmp_path / "design.json"
    file.write_bytes(content)
    assert cli.main(["import", str(file)]) == 1
    told = capsys.readouterr()
    assert told.out == ""
    assert told.err.startswith("coweave: ") and told.err.count("\n") == 1


def test_what_cannot_be_done_is_said_in_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = tmp_path / "broken.sqlite3"
    broken.write_bytes(b"this is no database " * 100)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        for command in (
            ["import", str(tmp_path / "missing.json")],
            ["migrate", "--database", f"sqlite:///{broken}"],
            ["serve", "--port", "0", "--database", f"sqlite:///{broken}"],
            ["serve", "--port", port],
        ):
            assert cli.main(command) == 1
            told = capsys.readouterr()
            assert told.err.startswith("coweave: ") and told.err.count("\n") == 1, told.err
    monkeypatch.setenv("COWEAVE_PORT", "many")
    assert cli.main(["serve"]) == 1
    assert "COWEAVE_PORT" in capsys.readouterr().err


@pytest.mark.parametrize("arguments", [[], ["nonsense"], ["serve", "--port", "x"], ["import"]])
def test_misuse_is_explained(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as left:
        cli.main(arguments)
    assert left.value.code == 2
    assert "usage: coweave" in capsys.readouterr().err


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_serve_stops_cleanly(tmp_path: Path, number: signal.Signals) -> None:
    with ServerProcess(tmp_path) as server:
        assert httpx.get(f"{server.url}/readyz").json() == {"ready": True}
        assert server.stop(number) == 0
        assert "development mode" in server.log
        server.start()  # and can be started again on what it left


def test_import_while_the_server_runs(tmp_path: Path) -> None:
    with ServerProcess(tmp_path) as server:
        file = tmp_path / "design.json"
        file.write_text(json.dumps(new_design("From outside")))
        done = subprocess.run(
            [Path(cli.__file__).parents[1] / ".venv/bin/coweave", "import", str(file)],
            env=server.environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        rows = httpx.get(f"{server.url}/api/designs").json()["designs"]
        assert [row["name"] for row in rows] == ["From outside"]
        assert rows[0]["createdBy"]["name"] == "Import"
        snapshot = httpx.get(f"{server.url}/api/designs/{rows[0]['id']}/snapshot").json()
        assert snapshot["data"]["meta"]["name"] == "From outside"


def test_B5_a_second_node_on_the_same_database_says_why_it_stops(tmp_path: Path) -> None:
    with ServerProcess(tmp_path / "node") as first:
        environment = {**first.environment, "COWEAVE_PORT": "0"}
        second = subprocess.run(
            [Path(sys.executable).with_name("coweave"), "serve"],
            env=environment,
            cwd=first.folder,
            capture_output=True,
            text=True,
            timeout=60,
        )
        assert second.returncode == 1
        assert second.stderr.startswith("coweave: Another node serves ")
        assert len(second.stderr.splitlines()) == 1
        first.kill()
        first.start()
