"""A pack from outside is taken whole and right, or refused with the file and the reason."""

import copy
import json
from pathlib import Path
from typing import Any

import pytest

from server import cli
from server.packs import read_pack, registry
from server.types.packs import Pack, PackError

DRAFT = "https://json-schema.org/draft/2020-12/schema"


def schema(version: int, props: dict[str, Any], **about: Any) -> dict[str, Any]:
    declared = {"title": "Gauge", "category": "Display", "icon": "", "slots": {}, "events": []}
    return {
        "$schema": DRAFT, "$id": f"https://example.com/Gauge/{version}", "title": "Gauge", "type": "object",
        "x-coweave": {**declared, "defaults": {"props": {}}, **about},
        "properties": {"props": {"type": "object", "additionalProperties": False, "properties": props}},
    }  # fmt: skip


TEXT = {"type": "string", "maxLength": 50}
EXPRESSION = {"$ref": "https://coweave.dev/schemas/expression.schema.json"}
MANIFEST = {
    "name": "ours", "title": "Ours", "version": "1.0.0", "owner": "Ada", "formatVersions": [1], "capabilities": [],
    "deprecations": [{"type": "Gauge", "versions": [1], "reason": "Use version 2."}], "types": ["Gauge"],
}  # fmt: skip
FILES: dict[str, Any] = {
    "pack.json": MANIFEST,
    "Gauge/1.schema.json": schema(1, {"text": TEXT, "value": {"anyOf": [{"type": "number"}, EXPRESSION]}}),
    "Gauge/2.schema.json": schema(
        2, {"label": TEXT, "value": {"anyOf": [{"type": "number"}, EXPRESSION]}},
        migration=[{"move": ["props", "text"], "to": ["props", "label"]}],
    ),
}  # fmt: skip


def written(folder: Path, files: dict[str, Any]) -> Path:
    for name, value in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(value if isinstance(value, str) else json.dumps(value), encoding="utf-8")
    return folder


def test_its_types_stand_beside_ours(tmp_path: Path) -> None:
    types = registry([written(tmp_path, FILES)])
    old, new = types.get("Gauge", 1), types.get("Gauge", 2)
    assert old is not None and new is not None and types.get("Text", 1) is not None
    assert (old.pack, old.deprecated, new.deprecated) == ("ours", "Use version 2.", None)
    assert new.migration == ({"move": ["props", "text"], "to": ["props", "label"]},)
    assert [each["type"] for each in types.to_api()["types"]][-2:] == ["Gauge", "Gauge"]
    assert types.etag != registry([]).etag


def changed(path: str, *way: Any, to: Any) -> dict[str, Any]:
    files = copy.deepcopy(FILES)
    at: Any = files[path]
    for step in way[:-1]:
        at = at[step]
    at[way[-1]] = to
    return files


def without(path: str, *way: Any) -> dict[str, Any]:
    files = copy.deepcopy(FILES)
    at: Any = files[path]
    for step in way[:-1]:
        at = at[step]
    del at[way[-1]]
    return files


SECOND = "Gauge/2.schema.json"
VALUE = ("properties", "props", "properties", "value")


@pytest.mark.parametrize(
    "files, reason",
    [
        ({}, "pack.json: this is not there"),
        ({**FILES, "pack.json": []}, "pack.json: this is not there, or holds no object"),
        ({**FILES, "pack.json": "{"}, "pack.json:1: this is not JSON"),
        ({**FILES, "pack.json": '{"name": 1, "name": 2}'}, "the key 'name' stands there twice"),
        (changed("pack.json", "name", to="core"), "cannot be its name"),
        (changed("pack.json", "name", to="../x"), "cannot be its name"),
        (changed("pack.json", "more", to=1), "'more' is no part"),
        (changed("pack.json", "owner", to=""), "'owner' must be a text"),
        (changed("pack.json", "formatVersions", to=[2]), "formatVersions must hold 1"),
        (changed("pack.json", "capabilities", to=["network"]), "capabilities are asked for"),
        (changed("pack.json", "types", to=["Gauge", "Gauge"]), "each once"),
        (changed("pack.json", "types", to=["../Gauge"]), "is no name of a type"),
        (changed("pack.json", "types", to=["Gauge", "Other"]), "there is no Other"),
        (changed("pack.json", "deprecations", to=[{"type": "X"}]), "deprecations must hold"),
        ({**FILES, "Other/1.schema.json": {}}, "Other/1.schema.json: this is no schema of a type"),
        (changed(SECOND, "$schema", to="https://example.com/other"), f"with `.schema` {DRAFT}"),
        (changed(SECOND, "$id", to=3), "no `.id` of its own"),
        (changed(SECOND, "x-coweave", to=None), "x-coweave"),
        (without(SECOND, "x-coweave", "title"), "`x-coweave` is not complete"),
        (changed(SECOND, "x-coweave", "defaults", to={"props": {"x": 1}}), "its own defaults do not fit it"),
        (changed(SECOND, "x-coweave", "migration", to=[{"run": "x"}]), "a step of the migration"),
        (changed(SECOND, "x-coweave", "migration", to=[{"move": "x", "to": ["y"]}]), "must be a path"),
        (changed(SECOND, "x-coweave", "migration", to=[{"move": ["x"]}]), "a step of the migration"),
        (changed(SECOND, *VALUE, to={"$ref": "https://example.com/x.json"}), "Retrieval is disabled"),
        (changed(SECOND, *VALUE, to={"$ref": "file:///etc/passwd"}), "Retrieval is disabled"),
        (changed(SECOND, *VALUE, to={"$ref": "#/properties/props/properties/value"}), "without end"),
        (changed(SECOND, *VALUE, to={"anyOf": [{"type": "null"}, {"$ref": "#/properties/props/properties/value"}]}),
         "without end"),
        (changed(SECOND, *VALUE, to={"$dynamicRef": "#x"}), "is not read here"),
        (changed(SECOND, *VALUE, to={"patternProperties": {"(a+)+": {}}}), "is not read here"),
        (changed(SECOND, *VALUE, to={"type": "strange"}), "strange"),
        (changed(SECOND, *VALUE, to={"pattern": "(?=a)b"}), "is not a .regex."),
        (without(SECOND, "x-coweave", "migration"), "declares no migration"),
    ],
)  # fmt: skip
def test_what_is_not_right_is_named(tmp_path: Path, files: dict[str, Any], reason: str) -> None:
    with pytest.raises(PackError, match=reason):
        read_pack(written(tmp_path, files))


def test_a_type_of_ours_cannot_be_declared_again(tmp_path: Path) -> None:
    files = {"pack.json": {**MANIFEST, "types": ["Text"], "deprecations": []},
             "Text/1.schema.json": FILES["Gauge/1.schema.json"]}  # fmt: skip
    with pytest.raises(PackError, match="another pack declares Text already"):
        registry([written(tmp_path, files)])


def test_a_schema_may_refer_to_itself_further_down(tmp_path: Path) -> None:
    tree = {"type": "object", "maxProperties": 5,
            "properties": {"left": {"$ref": "#/properties/props/properties/value"}}}  # fmt: skip
    files = {**changed("Gauge/1.schema.json", *VALUE, to=tree)}
    files[SECOND] = changed(SECOND, *VALUE, to=tree)[SECOND]
    assert len(read_pack(written(tmp_path, files)).types) == 2


def test_a_catastrophic_pattern_costs_no_time(tmp_path: Path) -> None:
    """Neither where it decides nor where it is explained."""
    from server.check.rules import check
    from server.document.model import new_design

    files = changed(
        "Gauge/1.schema.json",
        *VALUE,
        to={"type": "string", "maxLength": 9_000, "pattern": "^(a+)+$"},
    )
    files[SECOND] = changed(
        SECOND,
        *VALUE,
        to=files["Gauge/1.schema.json"]["properties"]["props"]["properties"]["value"],
    )[SECOND]
    types = registry([written(tmp_path, files)])
    document = new_design("D")
    place = {"page": "page1", "slot": "content", "order": "a0"}
    document["components"]["c"] = {
        "type": "Gauge", "typeVersion": 2, "name": "G", "place": place, "props": {"value": "a" * 5_000 + "!"},
    }  # fmt: skip
    (finding,) = check(document, types)
    assert finding.path == ("components", "c", "props", "value")


def test_files_that_are_no_schemas_are_passed_over(tmp_path: Path) -> None:
    written(tmp_path, {**FILES, "README.md": "x", ".hidden.json": "{"})
    (tmp_path / "link.json").symlink_to("/etc/passwd")
    assert isinstance(read_pack(tmp_path), Pack)
    with pytest.raises(PackError, match="there is no such folder"):
        read_pack(tmp_path / "none")


def run(capsys: pytest.CaptureFixture[str], *arguments: object) -> tuple[int, str, str]:
    code = cli.main([str(each) for each in arguments])
    told = capsys.readouterr()
    return code, told.out, told.err


def test_the_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    old, new, bad = (written(tmp_path / name, FILES) for name in ("old", "new", "bad"))
    assert run(capsys, "types", old) == (0, "ours 1.0.0: 2 versions of types\n", "")
    assert run(capsys, "types", new, "--against", old)[0] == 0
    written(new, changed(SECOND, *VALUE, to={"type": "number"}))
    code, out, _ = run(capsys, "types", new, "--against", old)
    assert code == 1 and "Gauge version 2: props/value: no longer takes" in out
    written(bad, {"pack.json": "{"})
    code, out, err = run(capsys, "types", bad)
    assert (code, out) == (2, "") and err.startswith(
        f"coweave: {bad}: pack.json:1: this is not JSON"
    )


def test_check_with_a_pack(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    from server.document.model import new_design

    pack = written(tmp_path / "pack", FILES)
    document = new_design("D")
    place = {"page": "page1", "slot": "content", "order": "a0"}
    document["components"]["c"] = {
        "type": "Gauge", "typeVersion": 1, "name": "G", "place": place, "props": {"text": 5},
    }  # fmt: skip
    file = tmp_path / "design.json"
    file.write_text(json.dumps(document))
    assert "[unknown-type]" in run(capsys, "check", file)[1]
    code, out, _ = run(capsys, "check", file, "--packs", pack)
    assert code == 1 and "[schema]" in out and "[deprecated-type]" in out
    monkeypatch.setenv("COWEAVE_PACKS", str(pack))
    assert run(capsys, "check", file)[:2] == (code, out)
    code, out, err = run(capsys, "check", file, "--packs", tmp_path / "none")
    assert (code, out) == (2, "") and "there is no such folder" in err
