"""Designs as files on a disk: export, format, diff, and real merges by git with the driver set."""

import copy
import gzip
import json
import os
import random
import re
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


IDENTITY = ("-c", "user.name=T", "-c", "user.email=t@example.com", "-c", "init.defaultBranch=main")
ENVIRONMENT = {**os.environ, "PYTHONPATH": str(TOP)}


def git(folder: Path, *arguments: str, code: int = 0) -> str:
    done = subprocess.run(
        ["git", *IDENTITY, *arguments], cwd=folder, capture_output=True, text=True, env=ENVIRONMENT
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


Case = tuple[Any, Any, Any, Any]
"""Of one element: base, ours, theirs, the merge (with our name where the names are a conflict)."""


def case(rng: random.Random, *, conflict: bool) -> Case:
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
    if conflict:
        ours["name"], theirs["name"] = "Mine", "Yours"
        wanted["name"] = "Mine"
    elif rng.random() < 0.3:
        rng.choice([ours, theirs])["name"] = wanted["name"] = "Renamed"
    return base, ours, theirs, wanted


def one_file_per_element(elements: list[Any], seed: int) -> dict[str, Any]:
    return {f"components/c{seed}x{n}.json": each for n, each in enumerate(elements)}


def design_in_one_file(elements: list[Any], seed: int) -> dict[str, Any]:
    components = {f"c{n}": each for n, each in enumerate(elements)}
    return {f"design{seed}.json": {**new_design("D"), "components": components}}


def page_of_appsmith(elements: list[Any], seed: int) -> dict[str, Any]:
    widgets = [{**each, "widgetId": f"w{n}"} for n, each in enumerate(elements)]
    root = {"widgetId": "0", "children": [{"widgetId": "frame", "children": widgets}]}
    return {f"pages/P{seed}/P{seed}.json": {"unpublishedPage": {"layouts": [{"dsl": root}]}}}


def export_of_tooljet(elements: list[Any], seed: int) -> dict[str, Any]:
    rows = [{**each, "id": f"id-{n}"} for n, each in enumerate(elements)]
    return {f"tooljet{seed}.json": {"app": [{"definition": {"appV2": {"components": rows}}}]}}


FORMS = (one_file_per_element, design_in_one_file, page_of_appsmith, export_of_tooljet)


def merged_by_git(folder: Path, counts: list[int], seed: int) -> int:
    """Merge generated cases in files of every form; returns how many there were."""
    rng = random.Random(seed)
    set_driver(folder)
    cases: list[dict[str, Case]] = []
    total = 0
    for form, count in zip(FORMS, counts, strict=True):
        for has_conflicts in (False, True):
            made = [
                case(rng, conflict=has_conflicts and (n == 0 or rng.random() < 0.3))
                for n in range(count)
            ]
            sides = [form([each[side] for each in made], has_conflicts) for side in range(4)]
            cases.append({path: tuple(side[path] for side in sides) for path in sides[0]})  # type: ignore[misc]
            total += count
    files = {path: values for each in cases for path, values in each.items()}
    for branch, side in (("main", 0), ("ours", 1), ("theirs", 2)):
        if side:
            git(folder, "checkout", "-q", "-b", branch, "main")
        for path, values in files.items():
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / path).write_text(json.dumps(values[side], indent=2, sort_keys=True) + "\n")
        git(folder, "add", ".")
        git(folder, "commit", "-q", "-m", branch)
    git(folder, "checkout", "-q", "ours")
    git(folder, "merge", "-q", "theirs", code=1)
    unmerged = set(git(folder, "diff", "--name-only", "--diff-filter=U").split())
    assert unmerged == {path for path, values in files.items() if '"Mine"' in json.dumps(values)}
    for path, values in files.items():
        text = (folder / path).read_text()
        marked = len(MARKED.findall(text))
        assert marked == json.dumps(values[3]).count('"Mine"')
        assert json.loads(MARKED.sub(r"\1", text)) == values[3]
    return total


MARKED = re.compile(
    r'<<<<<<< ours\n( +"name": "Mine",?\n)=======\n +"name": "Yours",?\n>>>>>>> theirs\n'
)


def test_what_is_no_json_is_merged_as_text(tmp_path: Path) -> None:
    set_driver(tmp_path)
    base = "{ // a note\n" + "".join(f"line {n}\n" for n in range(20))
    edits = {
        "main": base,
        "theirs": base.replace("line 19", "their 19"),
        "ours": base.replace("line 1\n", "our 1\n"),
    }
    for branch, text in edits.items():
        if branch != "main":
            git(tmp_path, "checkout", "-q", "-b", branch, "main")
        (tmp_path / "notes.json").write_text(text)
        git(tmp_path, "add", ".")
        git(tmp_path, "commit", "-q", "-m", branch)
    git(tmp_path, "merge", "-q", "theirs")
    merged = base.replace("line 19", "their 19").replace("line 1\n", "our 1\n")
    assert (tmp_path / "notes.json").read_text() == merged
    git(tmp_path, "checkout", "-q", "theirs")
    (tmp_path / "notes.json").write_text(base.replace("line 1\n", "other 1\n"))
    git(tmp_path, "commit", "-qam", "again")
    git(tmp_path, "merge", "-q", "ours", code=1)
    assert (
        "<<<<<<< ours\nother 1\n=======\nour 1\n>>>>>>> theirs\n"
        in (tmp_path / "notes.json").read_text()
    )


MERGES = TOP.parent / "shared" / "corpus" / "merges"


@pytest.mark.skipif(not MERGES.is_dir(), reason="the corpus of real merges is not here")
@pytest.mark.parametrize("name, conflicts, right", [("82f8e96d", 0, 409), ("90f6e934", 2, 23)])
def test_real_merges_by_git(name: str, conflicts: int, right: int, tmp_path: Path) -> None:
    """Real merges of an app, again by git with the driver: as people left them, but where both sides had changed it."""
    (folder,) = MERGES.glob(f"*{name}")
    sides = {
        side: json.loads(gzip.decompress((folder / f"{side}.json.gz").read_bytes()))
        for side in ("base", "left", "right", "merged")
    }
    files = {side: element_files(value) for side, value in sides.items()}
    set_driver(tmp_path)
    for branch in ("base", "right", "left"):
        if branch != "base":
            git(tmp_path, "checkout", "-q", "-b", branch, "main")
        for path in files["base"].keys() - files[branch].keys():
            (tmp_path / path).unlink()
        for path, value in files[branch].items():
            (tmp_path / path).parent.mkdir(exist_ok=True)
            (tmp_path / path).write_text(json.dumps(value, indent=2, sort_keys=True) + "\n")
        git(tmp_path, "add", ".")
        git(tmp_path, "commit", "-q", "-m", branch)
    subprocess.run(["git", *IDENTITY, "merge", "-q", "right"], cwd=tmp_path, env=ENVIRONMENT)
    unmerged = set(git(tmp_path, "diff", "-z", "--name-only", "--diff-filter=U").split("\0")[:-1])
    assert len(unmerged) == conflicts
    merged = {
        path: json.loads((tmp_path / path).read_text()) == value
        for path, value in files["merged"].items()
        if path not in unmerged and (tmp_path / path).is_file()
    }
    assert len(merged) == right and all(merged.values())


def element_files(design: dict[str, Any]) -> dict[str, Any]:
    """One file per element; what is there once in a file each."""
    return {
        f"{section}/{id.replace('/', ' ')}.json": each
        for section, elements in design.items()
        if isinstance(elements, dict)
        for id, each in elements.items()
        if isinstance(each, dict)
    }


def test_git_merges_by_property(tmp_path: Path) -> None:
    assert merged_by_git(tmp_path, [6, 50, 50, 50], 1) >= 200


@pytest.mark.soak
def test_git_merges_by_property_many_times(tmp_path: Path) -> None:
    for seed in range(2, 6):
        (tmp_path / str(seed)).mkdir()
        merged_by_git(tmp_path / str(seed), [60, 200, 200, 200], seed)


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
