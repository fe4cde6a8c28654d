"""`coweave check` as a pipeline meets it: what it prints, its exit codes, and what it refuses to read."""

import gzip
import json
import os
import resource
import subprocess
import sys
import threading
import xml.etree.ElementTree as Tree
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import jsonschema
import pytest

import schemas
from server import cli
from server.document.model import new_design


def faulty() -> dict[str, Any]:
    made = new_design("Claims")
    place = {"page": "page1", "slot": "content", "order": "a0"}
    made["components"] = {
        "c1": {"type": "Text", "typeVersion": 1, "name": "T", "place": place, "props": {"text": "{{ Gone.text }}"}},
        "c2": {"type": "Image", "typeVersion": 1, "name": "I", "place": place, "props": {"src": "x", "alt": ""}},
    }  # fmt: skip
    return made


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "claims.json"
    path.write_text(json.dumps(faulty(), indent=2), encoding="utf-8")
    return path


def run(capsys: pytest.CaptureFixture[str], *arguments: object) -> tuple[int, str, str]:
    code = cli.main(["check", *map(str, arguments)])
    told = capsys.readouterr()
    assert "Traceback" not in told.err
    return code, told.out, told.err


def line_of(path: Path, text: str) -> int:
    return next(n for n, line in enumerate(path.read_text("utf-8").split("\n"), 1) if text in line)


def test_a_good_design_passes(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "good.json"
    path.write_text(json.dumps(schemas.sample("claims-intake")), encoding="utf-8")
    assert run(capsys, path) == (0, "1 design: 0 errors, 0 warnings, 0 notes\n", "")


def test_text_says_where_what_and_how_to_mend(
    file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = file.read_bytes()
    code, out, _ = run(capsys, file)
    assert code == 1
    line = line_of(file, "Gone.text")
    assert f"{file}:{line}:21: error: T: Gone is not there" in out
    assert "at components/c1/props/text" in out
    assert "Set `alt`." in out
    assert out.endswith("1 design: 1 error, 1 warning, 0 notes\n")
    assert file.read_bytes() == before


@pytest.mark.parametrize("level, code", [("note", 1), ("warning", 1), ("error", 1), ("never", 0)])
def test_fail_on(file: Path, capsys: pytest.CaptureFixture[str], level: str, code: int) -> None:
    assert run(capsys, file, "--fail-on", level)[0] == code
    only = json.loads(file.read_text())
    del only["components"]["c1"]
    file.write_text(json.dumps(only))
    assert run(capsys, file, "--fail-on", level)[0] == (code if level in ("note", "warning") else 0)


def test_json_and_baseline(file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    report = tmp_path / "report.json"
    assert run(capsys, file, "--format", "json", "--output", report)[0] == 1
    (design,) = json.loads(report.read_text("utf-8"))["designs"]
    assert [each["rule"] for each in design["findings"]] == ["unknown-name", "image-description"]
    assert run(capsys, file, "--baseline", report)[0] == 0
    changed = faulty()
    changed["components"]["c9"] = {**changed["components"]["c1"], "name": "T9"}
    file.write_text(json.dumps(changed))
    code, out, _ = run(capsys, file, "--baseline", report)
    assert (code, out.count("unknown-name")) == (1, 1) and "T9" in out


def test_sarif(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    log = json.loads(run(capsys, file, "--format", "sarif")[1])
    (only,) = log["runs"]
    assert log["version"] == "2.1.0"
    rules = only["tool"]["driver"]["rules"]
    assert all(each["help"]["text"] and each["helpUri"] for each in rules)
    result = only["results"][0]
    assert result["ruleId"] == rules[result["ruleIndex"]]["id"] == "unknown-name"
    region = result["locations"][0]["physicalLocation"]["region"]
    assert region == {"startLine": line_of(file, "Gone.text"), "startColumn": 21}
    prints = [each["partialFingerprints"]["coweave/v1"] for each in only["results"]]
    file.write_text(json.dumps(faulty()))
    again = json.loads(run(capsys, file, "--format", "sarif")[1])["runs"][0]["results"]
    assert sorted(each["partialFingerprints"]["coweave/v1"] for each in again) == sorted(prints)


def test_junit_has_passing_designs_too(
    file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "good.json").write_text(json.dumps(new_design('A "good" <one>')))
    (tmp_path / "broken.json").write_text("{")
    code, out, _ = run(
        capsys, file, tmp_path / "good.json", tmp_path / "broken.json", "--format", "junit"
    )
    assert code == 2
    root = Tree.fromstring(out)
    assert (root.get("tests"), root.get("failures"), root.get("errors")) == ("3", "1", "1")
    cases = {case.get("name"): [child.tag for child in case] for case in root.iter("testcase")}
    assert cases == {"Claims": ["failure"], 'A "good" <one>': [], "broken.json": ["error"]}


def test_github(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    lines = run(capsys, file, "--format", "github")[1].splitlines()
    assert lines[0].startswith(
        f"::error file={file},line={line_of(file, 'Gone.text')},col=21,title=unknown-name::T"
    )
    assert lines[1].startswith("::warning ")


def test_folders_are_searched(
    file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "package.json").write_text('{"name": "not a design"}')
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "packed.json.gz").write_bytes(
        gzip.compress(json.dumps(new_design("P")).encode())
    )
    assert cli.main(["export", str(file), "--dir", str(tmp_path / "canonical")]) == 0
    code, out, _ = run(capsys, tmp_path)
    assert code == 1
    assert out.endswith("3 designs: 2 errors, 2 warnings, 0 notes\n")
    assert f"{tmp_path / 'canonical' / 'components' / 'c1.json'}:9:17: error" in out


def bomb(path: Path) -> None:
    with gzip.open(path, "wb") as packed:
        for _ in range(80):
            packed.write(b" " * 1_000_000)


@pytest.mark.parametrize(
    "content, reason",
    [
        (b"", "1:1: this is not JSON"),
        (b"hello", "1:1: this is not JSON"),
        (b'{\n"a": [1,', "2:9: this is not JSON"),
        (b"{}", "neither a Coweave design nor"),
        (b'{"format":"coweave-design"}', "This design is in format None"),
        (b'{"a": 1,\n "a": 2}', "2:2: the key 'a' stands here twice"),
        (b"[" * 200_000, "nests too deep"),
        ("{}".encode("utf-16"), "UTF-16"),
        (b'{"a":\n"\xff"}', ":2: this is not UTF-8"),
        (b'{"a":\n NaN}', "2:2: NaN is no number that can be read"),
        (b'{"a": [1,\n1e999]}', "2:1: 1e999 is no number that can be read"),
        (b"\x1f\x8bnot gzip", "cannot be unpacked"),
    ],
)
def test_what_cannot_be_read_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], content: bytes, reason: str
) -> None:
    path = tmp_path / "bad.json"
    path.write_bytes(content)
    code, out, err = run(capsys, path)
    assert code == 2
    assert str(path) in out + err and reason in err


def test_a_bomb_is_not_unpacked(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    bomb(tmp_path / "bomb.json.gz")
    code, _, err = run(capsys, tmp_path / "bomb.json.gz")
    assert code == 2 and "unpacked, this has more than 64,000,000 bytes" in err


def test_a_huge_file_is_not_read(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with open(tmp_path / "huge.json", "wb") as huge:
        huge.truncate(100_000_000)
    code, _, err = run(capsys, tmp_path / "huge.json")
    assert code == 2 and "100,000,000 bytes" in err


@pytest.mark.parametrize(
    "arguments", [["nothing.json"], [], ["--server", "file:///etc/passwd", "--design", "x"]]
)
def test_nothing_to_check(capsys: pytest.CaptureFixture[str], arguments: list[str]) -> None:
    code, _, err = run(capsys, *arguments)
    assert code == 2 and err.startswith("coweave: ")


def git(folder: Path, *arguments: str) -> None:
    identity = [
        "-c",
        "user.name=T",
        "-c",
        "user.email=t@example.com",
        "-c",
        "init.defaultBranch=main",
    ]
    subprocess.run(["git", *identity, *arguments], cwd=folder, check=True, capture_output=True)


def test_diff_tells_only_what_a_change_brought(
    file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    old = tmp_path / "old.json"
    old.write_text(file.read_text())
    git(tmp_path, "init")
    git(tmp_path, "add", ".")
    git(tmp_path, "commit", "-m", "first")
    changed = faulty()
    changed["components"]["c9"] = {**changed["components"]["c1"], "name": "T9"}
    file.write_text(json.dumps(changed))
    for against in (str(old), "HEAD"):
        code, out, _ = run(capsys, file, "--diff", against)
        assert code == 1 and out.count("unknown-name") == 1 and "T9" in out
    assert run(capsys, file, "--diff", "no-such-revision")[0] == 2
    git(tmp_path, "commit", "-am", "second")
    assert run(capsys, file, "--diff", "HEAD")[0] == 0


@pytest.mark.parametrize("place", [".", "app", "deep/er/app"])
def test_diff_of_a_folder(
    file: Path,
    tmp_path: Path,
    place: str,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Also where it is the whole repository, and where one stands in it."""
    top = tmp_path / "repository"
    folder = top / place
    folder.mkdir(parents=True)
    assert cli.main(["export", str(file), "--dir", str(folder)]) == 0
    git(top, "init")
    git(top, "add", ".")
    git(top, "commit", "-m", "first")
    component = json.loads((folder / "components" / "c1.json").read_text())
    (folder / "components" / "c9.json").write_text(json.dumps({**component, "name": "T9"}))
    for stand, path in ((top, place), (folder, "."), (tmp_path, folder)):
        monkeypatch.chdir(stand)
        code, out, _ = run(capsys, path, "--diff", "HEAD")
        assert code == 1 and out.count("unknown-name") == 1 and "T9" in out


def test_own_rules(file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rules = tmp_path / "rules.json"
    rule = {
        "id": "short",
        "message": "Names are longer.",
        "schema": {"properties": {"name": {"minLength": 3}}},
    }
    rules.write_text(json.dumps({"rules": [rule]}))
    assert "T: Names are longer. [short]" in run(capsys, file, "--rules", rules)[1]
    rules.write_text("[]")
    assert run(capsys, file, "--rules", rules)[0] == 2


def test_no_network_and_nothing_of_the_server_is_needed(file: Path) -> None:
    """A fresh process opens no socket and imports none of the server's packages."""
    code = (
        "import socket, sys\n"
        "def refuse(*a): raise AssertionError('the network')\n"
        "socket.socket.connect = refuse\n"
        "from server import cli\n"
        f"code = cli.main(['check', {str(file)!r}])\n"
        "heavy = {'sqlalchemy', 'starlette', 'uvicorn', 'alembic', 'redis', 'pycrdt', 'websockets', 'jsonschema'}\n"
        "assert code == 1 and not heavy & set(sys.modules), heavy & set(sys.modules)\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True, capture_output=True)


def test_one_small_file_is_checked_at_once(file: Path) -> None:
    """300 ms from a cold start on an idle machine; here, where others run too, its own computing counts."""
    program = f"from server import cli; cli.main(['check', {str(file)!r}])"
    taken = []
    for _ in range(4):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run([sys.executable, "-c", program], capture_output=True, check=True)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        taken.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
    assert min(taken) < 0.5


@pytest.mark.parametrize(
    "text",
    ['"__proto__": 1', '"a": 12345678901234567890', '"a": -0.0', '"a": "\\ud800"',
     '"a": "\\u0000"', '"__pr\\u006fto__": 1', '"a": [[[[[[[[[' + "[" * 60 + "]" * 69],
)  # fmt: skip
def test_values_that_no_design_holds_are_findings(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], text: str
) -> None:
    path = tmp_path / "odd.json"
    whole = json.dumps(new_design("Odd"), indent=1)
    line = whole[: whole.index('"settings": {}')].count("\n") + 2
    path.write_text(whole.replace('"settings": {}', '"settings": {\n' + text + "}", 1))
    code, out, _ = run(capsys, path, "--format", "json")
    (finding,) = json.loads(out)["designs"][0]["findings"]
    assert code == 1 and finding["rule"] == "schema"
    assert finding["path"][0] == "settings"
    assert finding["line"] == (line - 1 if "__pr" in text else line)


def test_a_long_run_says_how_far_it_is(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    from server.commands import check

    for name in "abc":
        (tmp_path / f"{name}.json").write_text(json.dumps(new_design(name)))
    assert run(capsys, tmp_path)[2] == ""
    monkeypatch.setattr(check, "_SLOW", -1.0)
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True, raising=False)
    told = run(capsys, tmp_path)[2].splitlines()
    assert told == [
        f"coweave: checking design {turn}: {tmp_path / name}.json"
        for turn, name in enumerate("abc", 1)
    ]


OFFICIAL = os.environ.get("COWEAVE_SARIF_SCHEMA")
"""Path of OASIS' schema of SARIF 2.1.0, which is not ours to pass on."""


@pytest.mark.skipif(OFFICIAL is None, reason="COWEAVE_SARIF_SCHEMA names no file")
def test_sarif_fits_the_official_schema(
    file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert OFFICIAL is not None
    schema = json.loads(Path(OFFICIAL).read_text("utf-8"))
    (tmp_path / "brok\u00e9n %.json").write_text("{")
    (tmp_path / "crud.json").write_text(json.dumps(schemas.sample("appsmith-crud")))
    log = json.loads(run(capsys, tmp_path, tmp_path / "brok\u00e9n %.json", "--format", "sarif")[1])
    assert len(log["runs"][0]["results"]) > 10
    jsonschema.validators.validator_for(schema)(schema).validate(log)


SARIF = {
    "log": ({"version", "runs"}, {"$schema"}),
    "run": ({"tool"}, {"results", "invocations", "columnKind"}),
    "driver": ({"name"}, {"version", "semanticVersion", "informationUri", "rules"}),
    "rule": ({"id"}, {"shortDescription", "help", "helpUri", "defaultConfiguration"}),
    "invocation": ({"executionSuccessful"}, {"toolExecutionNotifications"}),
    "result": ({"message"}, {"ruleId", "ruleIndex", "level", "locations", "partialFingerprints"}),
}
"""What the standard asks for and allows, as far as we use it (SARIF 2.1.0, 3.13 to 3.49)."""


def test_sarif_has_the_form_of_the_standard(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    def fits(kind: str, value: dict[str, Any]) -> dict[str, Any]:
        needed, allowed = SARIF[kind]
        assert needed <= value.keys() <= needed | allowed, (kind, value.keys())
        return value

    log = fits("log", json.loads(run(capsys, file, "--format", "sarif")[1]))
    (only,) = log["runs"]
    fits("run", only)
    assert only["columnKind"] in ("utf16CodeUnits", "unicodeCodePoints")
    for rule in fits("driver", only["tool"]["driver"])["rules"]:
        assert fits("rule", rule)["defaultConfiguration"].keys() == {"level"}
        assert rule["helpUri"].startswith("https://")
    for each in only["invocations"]:
        fits("invocation", each)
    for result in only["results"]:
        assert fits("result", result)["level"] in ("none", "note", "warning", "error")
        (place,) = result["locations"]
        assert place.keys() == {"physicalLocation", "logicalLocations"}
        region = place["physicalLocation"]["region"]
        assert region["startLine"] >= 1 and region["startColumn"] >= 1
        uri = place["physicalLocation"]["artifactLocation"]["uri"]
        assert " " not in uri and "\\" not in uri
        assert all(isinstance(each, str) for each in result["partialFingerprints"].values())


def test_a_stored_design_at_a_version(
    file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []

    class Stored(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append((self.path, self.headers.get("authorization")))
            known = self.path.startswith("/api/designs/d%201/snapshot")
            body = json.dumps({"v": 7, "data": faulty()} if known else {"error": {"code": "x"}})
            self.send_response(200 if known else 302 if "moved" in self.path else 404)
            self.send_header("location", "/api/designs/d%201/snapshot")
            self.end_headers()
            self.wfile.write(body.encode())

        def log_message(self, *arguments: object) -> None: ...

    server = HTTPServer(("127.0.0.1", 0), Stored)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        url = f"http://127.0.0.1:{server.server_port}"
        code, out, _ = run(capsys, "--server", url, "--design", "d 1", "--version", "7")
        assert code == 1 and "T: Gone is not there" in out and "at components/c1/props/text" in out
        monkeypatch.setenv("COWEAVE_TOKEN", "cw_secret")
        assert run(capsys, "--server", f"{url}/", "--design", "d 1")[0] == 1
        code, out, err = run(capsys, "--server", url, "--design", "none")
        assert (code, out) == (2, "") and "404" in err and "cw_secret" not in err
        code, out, err = run(capsys, "--server", url, "--design", "moved")
        assert (code, out) == (2, "") and "302" in err
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
    assert asked == [
        ("/api/designs/d%201/snapshot?version=7", None),
        ("/api/designs/d%201/snapshot", "Bearer cw_secret"),
        ("/api/designs/none/snapshot", "Bearer cw_secret"),
        ("/api/designs/moved/snapshot", "Bearer cw_secret"),
    ]
    code, _, err = run(capsys, "--server", url, "--design", "d 1")
    assert code == 2 and url in err
