"""Whatever is given to the command line: a finding, or exit code 2 with file, line and reason; never a traceback."""

import copy
import gzip
import io
import json
import os
import random
import resource
import subprocess
import sys
import tarfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import schemas
from server import cli
from server.document.model import new_design

from ..interchange.test_tooljet import v2

TOP = Path(__file__).parents[3]


def run(capsys: pytest.CaptureFixture[str], *arguments: object) -> tuple[int, str, str]:
    code = cli.main([str(each) for each in arguments])
    told = capsys.readouterr()
    assert "Traceback" not in told.out + told.err
    return code, told.out, told.err


def archive(*names: str) -> bytes:
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w:gz") as packed:
        for name in names:
            member = tarfile.TarInfo(name)
            member.size = 2
            packed.addfile(member, io.BytesIO(b"{}"))
    return made.getvalue()


def nested(deep: int, opening: str = "[", closing: str = "]") -> bytes:
    return (opening * deep + "1" + closing * deep).encode()


DESIGN = json.dumps(new_design("D")).encode()


@pytest.mark.parametrize(
    "content, reason",
    [
        (b"", ":1:1: this is not JSON"),
        (b"not json", ":1:1: this is not JSON"),
        (b"\0\1\2", ":1:1: this is not JSON"),
        (DESIGN[:200], ":1:"),
        (b'{\n "pageList": [{}', ":2:17: this is not JSON"),
        (b"{}", "neither a Coweave design nor an export"),
        (b"[1, 2]", "neither a Coweave design nor an export"),
        (b'{"format": "coweave-design"}', "This design is in format None"),
        (DESIGN.replace(b'"formatVersion": 1', b'"formatVersion": 7'), "This design is in format 7"),
        (DESIGN.replace(b'"components": {}', b'"components": []'), "The design's components must be an object"),
        (DESIGN.replace(b'"components": {}', b'"components": {"c": 1}'), "components/c must be an object"),
        (DESIGN.replace(b'"meta": {', b'"meta": 5, "x": {'), "The design's meta must be an object"),
        (nested(200_000), "nests too deep"),
        (nested(200_000, '{"a":', "}"), "nests too deep"),
        (b'{"a": 1,\n\n "a": 2}', ":3:2: the key 'a' stands here twice"),
        (DESIGN.replace(b'"theme": {}', b'"theme": {},\n"theme": {}'), ":2:1: the key 'theme' stands here twice"),
        (DESIGN.decode().encode("utf-16"), ":1: this is UTF-16"),
        (DESIGN.decode().encode("utf-16-be"), ":1:1: this is not JSON"),
        (b'{"a":\n "\xe9"}', ":2: this is not UTF-8"),
        (b'{"a": Infinity}', ":1:7: Infinity is no number that can be read"),
        (b'{"a": ' + b"9" * 5_000 + b"}", ":1: this is not JSON"),
        (b"\x1f\x8b\x08broken", "cannot be unpacked"),
        (gzip.compress(DESIGN)[:-20], "cannot be unpacked"),
        (gzip.compress(b" " * 65_000_000), "unpacked, this has more than 64,000,000 bytes"),
        (archive("../../escaped.json", "/tmp/escaped.json"), "this is not JSON"),
        (b'{"pageList": []}' + b" " * 70_000_000, "70,000,016 bytes; 64,000,000 can be read"),
        (json.dumps({"app": [{"definition": {"appV2": {"pages": []}}}]}).encode(), "has no page"),
    ],
)  # fmt: skip
def test_what_cannot_be_read_names_file_line_and_reason(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], content: bytes, reason: str
) -> None:
    path = tmp_path / "design.json"
    path.write_bytes(content)
    for form in ("text", "json", "sarif", "junit", "github"):
        code, _, err = run(capsys, "check", path, "--format", form)
        assert code == 2 and str(path) in err and reason in err
    for command in (["export"], ["format"], ["diff", path]):
        code, _, err = run(capsys, *command, path)
        assert code == 2 and str(path) in err
    assert [each.name for each in tmp_path.rglob("*")] == ["design.json"]


def test_a_canonical_folder_names_the_file_that_is_wrong(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "claims.json"
    file.write_text(json.dumps(schemas.sample("claims-intake")))
    folder = tmp_path / "app"
    run(capsys, "export", file, "--dir", folder)
    component = next((folder / "components").iterdir())
    for content, reason in (
        ("{\n]", ":2:1: this is not JSON"),
        ("[]", "must hold an object"),
        ('{"name": 1, "name": 2}', "stands here twice"),
    ):
        component.write_text(content)
        code, _, err = run(capsys, "check", folder)
        assert code == 2 and component.name in err and reason in err
    component.unlink()
    (folder / "theme.json").unlink()
    code, _, err = run(capsys, "check", folder)
    assert code == 2 and "theme.json is missing" in err


def test_links_are_not_followed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "secret.json").write_text('{"format": "coweave-design"}')
    folder = tmp_path / "app"
    folder.mkdir()
    (folder / "design.json").write_bytes(DESIGN)
    (folder / "link.json").symlink_to(outside / "secret.json")
    (folder / "loop").symlink_to(folder)
    (folder / "meta.json").write_text("{}")
    subprocess.run(["git", "init", "-q"], cwd=tmp_path, check=True)
    subprocess.run(["git", "add", "."], cwd=tmp_path, check=True)
    identity = ["-c", "user.name=T", "-c", "user.email=t@example.com"]
    subprocess.run(["git", *identity, "commit", "-qm", "x"], cwd=tmp_path, check=True)
    for arguments in ([folder], [folder, "--diff", "HEAD"]):
        _, out, err = run(capsys, "check", *arguments)
        assert "secret" not in out + err


@pytest.mark.parametrize(
    "option, content, reason",
    [
        ("--rules", b"{", ":1:2: this is not JSON"),
        ("--rules", b"\xff\xfe", "UTF-16"),
        ("--rules", b"\xe9", ":1: this is not UTF-8"),
        ("--rules", b"[]", "A file of rules holds"),
        ("--rules", b'{"rules": [{"id": "a", "message": "m", "schema": {"$ref": "https://x.org/y"}}]}', "not right"),
        ("--rules", b'{"rules": [{"id": "a", "message": "m", "schema": {"pattern": "(?<a>b)\\\\1"}}]}', "not right"),
        ("--baseline", b"{}", "no JSON report"),
        ("--baseline", b"\xe9", "this is not UTF-8"),
        ("--baseline", b'{"designs": [{"findings": [{"fingerprint": []}]}]}', "no JSON report"),
    ],
)  # fmt: skip
def test_files_beside_the_design_may_be_wrong_too(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], option: str, content: bytes, reason: str
) -> None:
    (tmp_path / "d.json").write_bytes(DESIGN)
    (tmp_path / "other").write_bytes(content)
    code, out, err = run(capsys, "check", tmp_path / "d.json", option, tmp_path / "other")
    assert (code, out) == (2, "") and reason in err


def test_rules_that_loop_or_backtrack_cost_no_time(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    document = new_design("D")
    place = {"page": "page1", "slot": "content", "order": "a0"}
    document["components"]["c"] = {
        "type": "Text", "typeVersion": 1, "name": "T", "place": place, "props": {"text": "a" * 9_000 + "!"},
    }  # fmt: skip
    (tmp_path / "d.json").write_text(json.dumps(document))
    catastrophic = {"properties": {"props": {"properties": {"text": {"pattern": "^(a|a)*(a+)+$"}}}}}
    rules = [
        {"id": f"r{turn}", "message": "No.", "schema": schema}
        for turn, schema in enumerate(
            [
                {"$ref": "#"},
                {"$defs": {"a": {"anyOf": [{"$ref": "#/$defs/a"}]}}, "$ref": "#/$defs/a"},
                catastrophic,
            ]
        )
    ]
    (tmp_path / "r.json").write_text(json.dumps({"rules": rules}))
    before = resource.getrusage(resource.RUSAGE_SELF).ru_utime
    code, out, _ = run(capsys, "check", tmp_path / "d.json", "--rules", tmp_path / "r.json")
    assert resource.getrusage(resource.RUSAGE_SELF).ru_utime - before < 5
    assert code == 0 and out.count("[r2]") == 1


def test_memory_and_time_are_bounded(tmp_path: Path) -> None:
    """A large design of the hardest values: in less than a gigabyte and half a minute."""
    document = new_design("Large")
    place = {"page": "page1", "slot": "content", "order": "a0"}
    for n in range(6_000):
        document["components"][f"c{n}"] = {
            "type": "Text", "typeVersion": 1, "name": f"T{n}", "place": place,
            "props": {"text": f"{{{{ [{{'}}}}': `${{T{n - 1}.text}}`}}, nobody{n % 50}] }}}} " + "x{{" * 300},
        }  # fmt: skip
    file = tmp_path / "large.json"
    file.write_text(json.dumps(document))
    assert file.stat().st_size > 6_000_000
    program = (
        "import resource, sys\n"
        "resource.setrlimit(resource.RLIMIT_AS, (1_000_000_000, 1_000_000_000))\n"
        "resource.setrlimit(resource.RLIMIT_CPU, (40, 40))\n"
        "from server.cli import main\n"
        f"sys.exit(main(['check', {str(file)!r}, '--output', '/dev/null']))\n"
    )
    environment = {**os.environ, "PYTHONPATH": str(TOP)}
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, env=environment
    )
    assert done.returncode == 1, done.stderr[-2_000:]


STRANGE: list[Any] = [
    *(None, True, 0, -1, 1e300, 2**70, -0.0, "", "x", "{{ a", "{{ }}", "\ud800", "\0", "__proto__", "a" * 3_000),
    *([], [[]], {}, {"a": 1}, ["a", {"b": [1]}], {"$packed": ["x"]}, {"$ref": "#"}, {"__proto__": 1}),
]  # fmt: skip


def ways(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    if path:
        yield path
    if isinstance(value, dict):
        for key in value:
            yield from ways(value[key], (*path, key))
    elif isinstance(value, list):
        for index in range(min(len(value), 5)):
            yield from ways(value[index], (*path, index))


def damaged(document: Any, rng: random.Random) -> Any:
    """Some values taken out or exchanged for strange ones, more often near the root."""
    document = copy.deepcopy(document)
    for _ in range(rng.randrange(1, 4)):
        every = list(ways(document))
        if not every:
            return document
        near = [way for way in every if len(way) <= 5] or every
        way = rng.choice(near if rng.random() < 0.6 else every)
        holder = document
        for step in way[:-1]:
            holder = holder[step]
        if rng.random() < 0.3:
            del holder[way[-1]]
        else:
            holder[way[-1]] = copy.deepcopy(rng.choice(STRANGE))
    return document


SEEDS = {
    "ours": lambda: schemas.sample("claims-intake"),
    "appsmith": lambda: {"pageList": schemas.sample("appsmith-crud")["pageList"][:2]},
    "dsl": lambda: {"dsl": schemas.sample("appsmith-crud")["pageList"][0]["unpublishedPage"]["layouts"][0]["dsl"]},
    "tooljet": v2,
}  # fmt: skip


@pytest.mark.parametrize("kind", SEEDS)
def test_damaged_designs_are_told_of_and_never_crash(
    kind: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rng = random.Random(kind)
    whole = SEEDS[kind]()
    path = tmp_path / "design.json"
    codes = []
    for _ in range(25):
        path.write_text(json.dumps(damaged(whole, rng)))
        form = rng.choice(["text", "json", "sarif", "junit", "github"])
        code, out, err = run(capsys, "check", path, "--format", form)
        codes.append(code)
        assert code in (0, 1) or (code == 2 and str(path) in err)
        out.encode()
        for command in (
            ["diff", path],
            ["export", "--output", tmp_path / "o"],
            ["export", "--dir", tmp_path / "dir"],
            ["export", "--to", "appsmith", "--dir", tmp_path / "git"],
            ["export", "--to", "tooljet", "--output", tmp_path / "o"],
        ):
            assert run(capsys, command[0], path, *command[1:])[0] in (0, 1, 2)
    assert len(set(codes)) > 1
