"""Designs as files on a disk: export, format, diff, and real merges by git with the driver set."""

import copy
import gzip
import json
import os
import random
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import schemas
from server import cli
from server.document.model import new_design
from server.interchange import import_appsmith
from server.interchange.appsmith_git import export_from_folder

TOP = Path(__file__).parents[3]
SHARED = TOP.parent / "shared" / "corpus" / "designs"


def run(capsys: pytest.CaptureFixture[str], *arguments: object) -> tuple[int, str, str]:
    code = cli.main([str(each) for each in arguments])
    told = capsys.readouterr()
    return code, told.out, told.err


def tree(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and ".git" not in path.parts
    }


@pytest.fixture
def sample(tmp_path: Path) -> Path:
    path = tmp_path / "claims.json"
    path.write_text(json.dumps(schemas.sample("claims-intake")), encoding="utf-8")
    return path


def test_export_import_export_is_byte_for_byte_the_same(
    sample: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    first, second = tmp_path / "first", tmp_path / "second"
    assert run(capsys, "export", sample, "--dir", first)[0] == 0
    assert run(capsys, "export", first, "--dir", second)[0] == 0
    assert tree(first) == tree(second)
    code, out, _ = run(capsys, "export", first)
    assert code == 0 and json.loads(out) == json.loads(sample.read_text("utf-8"))
    assert run(capsys, "diff", sample, second) == (0, "", "")


def test_export_into_a_folder_changes_what_has_changed(
    sample: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "design"
    run(capsys, "export", sample, "--dir", folder)
    (folder / "README.md").write_text("mine")
    before = {path: path.stat().st_mtime_ns for path in folder.rglob("*.json")}
    document = json.loads(sample.read_text("utf-8"))
    gone = next(iter(document["queries"]))
    del document["queries"][gone]
    document["meta"]["description"] = "Changed"
    sample.write_text(json.dumps(document))
    run(capsys, "export", sample, "--dir", folder)
    after = {path: path.stat().st_mtime_ns for path in folder.rglob("*.json")}
    assert before.keys() - after.keys() == {folder / "queries" / f"{gone}.json"}
    assert {path for path in after if after[path] != before[path]} == {folder / "meta.json"}
    assert (folder / "README.md").read_text() == "mine"


def test_format(sample: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = run(capsys, "format", "--check", sample)
    assert (code, out) == (1, f"would format {sample}\n")
    assert run(capsys, "format", sample)[0] == 0
    assert run(capsys, "format", "--check", sample)[:2] == (0, "")
    folder = tmp_path / "design"
    run(capsys, "export", sample, "--dir", folder)
    assert run(capsys, "format", "--check", folder)[0] == 0
    page = next((folder / "pages").iterdir())
    page.write_text(json.dumps(json.loads(page.read_text())))
    assert run(capsys, "format", folder)[1] == f"formatted {page}\n"
    page.write_text("{")
    assert run(capsys, "format", folder)[0] == 2


def test_diff_tells_elements_and_properties(
    sample: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    document = json.loads(sample.read_text("utf-8"))
    components = document["components"]
    button = next(id for id, each in components.items() if each["type"] == "Button")
    components[button]["props"]["label"] = "Go"
    components[button]["name"] = "goButton"
    gone = next(id for id, each in components.items() if each["type"] == "Divider")
    del components[gone]
    document["pages"]["pNew"] = {"name": "New", "order": "zz", "settings": {}}
    other = tmp_path / "other.json"
    other.write_text(json.dumps(document))
    code, out, _ = run(capsys, "diff", sample, other, "--format", "json")
    changes = json.loads(out)["changes"]
    assert code == 1
    found = {(each["kind"], each["element"]) for each in changes}
    assert found == {
        ("added", "pages/pNew"), ("removed", f"components/{gone}"),
        ("renamed", f"components/{button}"), ("changed", f"components/{button}"),
    }  # fmt: skip
    assert '"Go"' in run(capsys, "diff", sample, other)[1]


def test_what_cannot_be_read_is_exit_2(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "bad.json").write_text("{")
    for arguments in (
        ["export", tmp_path / "bad.json"],
        ["diff", tmp_path / "bad.json", tmp_path / "bad.json"],
        ["format", tmp_path / "none.json"],
        ["merge-driver", tmp_path / "bad.json", tmp_path / "bad.json", tmp_path / "bad.json"],
    ):
        code, _, err = run(capsys, *arguments)
        assert code == 2 and err.startswith("coweave: ")


def test_only_what_came_from_a_tool_goes_back(
    sample: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(capsys, "export", sample, "--to", "appsmith")[0] == 2


def test_a_name_that_leads_out_of_the_folder_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    page = {"unpublishedPage": {"name": "../../../evil", "layouts": [{"dsl": {"widgetId": "0"}}]}}
    file = tmp_path / "export.json"
    file.write_text(json.dumps({"exportedApplication": {"name": "x"}, "pageList": [page]}))
    code, _, err = run(capsys, "export", file, "--to", "appsmith", "--dir", tmp_path / "a" / "b")
    assert code == 2 and "leads out of the folder" in err


@pytest.mark.skipif(not SHARED.is_dir(), reason="the corpus of real exports is not here")
def test_an_edit_of_an_appsmith_folder_is_one_line_of_git_diff(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    import tarfile

    with tarfile.open(next((SHARED / "appsmith-git").glob("*.tar.gz"))) as packed:
        packed.extractall(tmp_path / "app", filter="data")
    app = tmp_path / "app"
    git(app, "init")
    git(app, "add", ".")
    git(app, "commit", "-m", "first")
    design = tmp_path / "design.json"
    assert run(capsys, "export", app, "--output", design)[0] == 0
    assert run(capsys, "export", design, "--to", "appsmith", "--dir", app)[0] == 0
    assert git(app, "status", "--porcelain") == ""
    document = json.loads(design.read_text("utf-8"))
    component = next(
        each
        for each in document["components"].values()
        if each["props"].get("text") == "Module Content"
    )
    component["props"]["text"] = "Contents"
    design.write_text(json.dumps(document))
    assert run(capsys, "export", design, "--to", "appsmith", "--dir", app)[0] == 0
    assert git(app, "diff", "--numstat").split("\t")[:2] == ["1", "1"]
    git(app, "worktree", "add", "-q", str(tmp_path / "before"), "HEAD")
    code, out, _ = run(capsys, "diff", tmp_path / "before", app)
    assert (
        code == 1
        and out.endswith('props/text: "Module Content" → "Contents"\n')
        and out.count("\n") == 1
    )


def git(folder: Path, *arguments: str, code: int = 0) -> str:
    identity = [
        "-c",
        "user.name=T",
        "-c",
        "user.email=t@example.com",
        "-c",
        "init.defaultBranch=main",
    ]
    environment = {**os.environ, "PYTHONPATH": str(TOP)}
    done = subprocess.run(
        ["git", *identity, *arguments], cwd=folder, capture_output=True, text=True, env=environment
    )
    assert done.returncode == code, done.stdout + done.stderr
    return done.stdout


def set_driver(folder: Path) -> None:
    git(folder, "init")
    (folder / ".gitattributes").write_text("*.json merge=coweave\n")
    program = "import sys; from server.cli import main; sys.exit(main(sys.argv[1:]))"
    driver = f"{shlex.quote(sys.executable)} -c {shlex.quote(program)} merge-driver %O %A %B %P"
    git(folder, "config", "merge.coweave.driver", driver)


def element(rng: random.Random) -> dict[str, Any]:
    """An element with some properties, as a canonical file or a widget of Appsmith has them."""
    props = {
        f"p{n}": rng.choice(["x", "{{ y }}", 1, True, {"a": 1, "b": [1]}])
        for n in range(rng.randrange(4, 9))
    }
    paths = [{"key": f"p{n}"} for n in range(3)]
    return {"name": "E", "dynamicBindingPathList": paths, "type": "Text", "props": props}


def case(rng: random.Random) -> tuple[Any, Any, Any, Any]:
    """(base, ours, theirs, the merge or None where it must be a conflict)."""
    base = element(rng)
    ours, theirs = copy.deepcopy(base), copy.deepcopy(base)
    keys = sorted(base["props"])
    rng.shuffle(keys)
    wanted = copy.deepcopy(base)
    for side, key in ((ours, keys[0]), (theirs, keys[1])):
        turn = rng.randrange(3)
        for target in (side, wanted):
            if turn == 0:
                target["props"][key] = f"changed {key}"
            elif turn == 1:
                del target["props"][key]
            else:
                target["props"][f"new-{key}"] = [key]
    theirs["dynamicBindingPathList"].append({"key": "q"})
    wanted["dynamicBindingPathList"].append({"key": "q"})
    if rng.random() < 0.3:
        ours["name"], theirs["name"] = "Mine", "Yours"
        return base, ours, theirs, None
    return base, ours, theirs, wanted


def merged_by_git(folder: Path, count: int, seed: int) -> None:
    rng = random.Random(seed)
    set_driver(folder)
    cases = {f"components/c{n}.json": case(rng) for n in range(count)}
    (folder / "components").mkdir()
    for branch, side in (("main", 0), ("ours", 1), ("theirs", 2)):
        if side:
            git(folder, "checkout", "-q", "-b", branch, "main")
        for path, values in cases.items():
            text = json.dumps(values[side], indent=2, sort_keys=True)
            (folder / path).write_text(text + "\n")
        git(folder, "add", ".")
        git(folder, "commit", "-q", "-m", branch)
    git(folder, "checkout", "-q", "ours")
    conflicts = {path for path, values in cases.items() if values[3] is None}
    git(folder, "merge", "-q", "theirs", code=1 if conflicts else 0)
    unmerged = set(git(folder, "diff", "--name-only", "--diff-filter=U").split())
    assert unmerged == conflicts
    for path, values in cases.items():
        text = (folder / path).read_text()
        if values[3] is None:
            assert (
                '<<<<<<< ours\n  "name": "Mine",\n=======\n  "name": "Yours",\n>>>>>>> theirs\n'
                in text
            )
        else:
            assert json.loads(text) == values[3]


def test_git_merges_by_property(tmp_path: Path) -> None:
    merged_by_git(tmp_path, 24, 1)


@pytest.mark.soak
def test_git_merges_by_property_many_times(tmp_path: Path) -> None:
    merged_by_git(tmp_path, 240, 2)


@pytest.mark.skipif(not SHARED.is_dir(), reason="the corpus of real exports is not here")
def test_git_merges_exports_of_tooljet(tmp_path: Path) -> None:
    data = json.loads(
        gzip.decompress((SHARED / "tooljet" / "job-application-tracker.json.gz").read_bytes())
    )
    set_driver(tmp_path)
    ids = sorted(data["editingVersion"]["definition"]["components"])

    def write(**names: str) -> dict[str, Any]:
        value: dict[str, Any] = copy.deepcopy(data)
        for id, name in names.items():
            value["editingVersion"]["definition"]["components"][ids[int(id[1:])]]["component"][
                "name"
            ] = name
        (tmp_path / "app.json").write_text(json.dumps(value))
        git(tmp_path, "add", ".")
        git(tmp_path, "commit", "-q", "-m", "x")
        return value

    write()
    git(tmp_path, "checkout", "-q", "-b", "theirs")
    write(n3="theirs3")
    git(tmp_path, "checkout", "-q", "main")
    write(n1="ours1")
    git(tmp_path, "merge", "-q", "theirs")
    wanted = copy.deepcopy(data)
    wanted["editingVersion"]["definition"]["components"][ids[1]]["component"]["name"] = "ours1"
    wanted["editingVersion"]["definition"]["components"][ids[3]]["component"]["name"] = "theirs3"
    assert json.loads((tmp_path / "app.json").read_text()) == wanted


def test_a_folder_of_appsmith_can_be_made_of_an_export(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "crud.json"
    file.write_text(json.dumps(schemas.sample("appsmith-crud")), encoding="utf-8")
    assert run(capsys, "export", file, "--to", "appsmith", "--dir", tmp_path / "app")[0] == 0
    files = {path: content.decode("utf-8") for path, content in tree(tmp_path / "app").items()}
    document = import_appsmith(export_from_folder(files)).document
    assert len(document["components"]) == 212
    assert run(capsys, "check", tmp_path / "app", "--fail-on", "never")[0] == 0


def test_import_reads_what_export_wrote(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    document = new_design("Folder")
    file = tmp_path / "d.json"
    file.write_text(json.dumps(document))
    run(capsys, "export", file, "--dir", tmp_path / "d")
    code, out, _ = run(capsys, "export", tmp_path / "d")
    assert code == 0 and json.loads(out) == document
