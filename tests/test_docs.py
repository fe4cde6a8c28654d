"""What the documents say, held against the code."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

TOP = Path(__file__).parents[1]
DOCUMENTS = [*sorted(TOP.glob("*.md")), *sorted((TOP / "docs").glob("*.md"))]


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(TOP)))
def test_links_and_pictures_lead_somewhere(document: Path) -> None:
    links = re.findall(r"\]\(([^)#]+?)(?:#[^)]*)?\)", document.read_text("utf-8"))
    local = [link for link in links if not re.match(r"[a-z]+:", link)]
    assert [link for link in local if not (document.parent / link).exists()] == []


def test_the_table_of_settings_is_complete() -> None:
    table = set(
        re.findall(r"^\| `(COWEAVE_\w+)`", (TOP / "docs/operations.md").read_text("utf-8"), re.M)
    )
    source = (TOP / "server/settings.py").read_text("utf-8")
    read = {
        f"COWEAVE_{key}"
        for key in re.findall(r"\b(?:text|flag|whole|names|address|one_of)\(\s*\"(\w+)\"", source)
    }
    read |= set(re.findall(r"\"(COWEAVE_\w+)\"", source))
    assert table == read


def test_the_commands_are_told_of() -> None:
    text = (TOP / "docs/operations.md").read_text("utf-8")
    told = set(re.findall(r"^\| `coweave ([\w-]+)", text, re.M))
    command = [Path(sys.executable).with_name("coweave"), "--help"]
    shown = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert told == set(re.findall(r"^    ([\w-]+)(?: |$)", shown, re.M))


def test_the_makefile_has_the_commands_that_are_told_of() -> None:
    targets = set(re.findall(r"^(\w+):", (TOP / "Makefile").read_text("utf-8"), re.M))
    told = {
        command
        for document in DOCUMENTS
        for command in re.findall(r"^make (\w+)|`make (\w+)`", document.read_text("utf-8"), re.M)
        for command in command
        if command
    }
    assert told
    assert told <= targets


def test_every_package_needed_directly_is_pinned() -> None:
    project = tomllib.loads((TOP / "pyproject.toml").read_text("utf-8"))["project"]
    pins = (TOP / "constraints.txt").read_text("utf-8").lower().replace("_", "-")
    needs = [*project["dependencies"], *sum(project["optional-dependencies"].values(), [])]
    names = {re.split(r"[\[>=;]", need)[0].strip().lower() for need in needs} - {"coweave"}
    assert [name for name in names if f"\n{name}==" not in pins] == []


@pytest.mark.parametrize("folder", ["designer_ui", "tests/interop", "tests/bench"])
def test_node_packages_are_exact(folder: str) -> None:
    package = json.loads((TOP / folder / "package.json").read_text("utf-8"))
    versions = {**package["dependencies"], **package.get("devDependencies", {})}
    assert [f"{k} {v}" for k, v in versions.items() if not re.fullmatch(r"\d+\.\d+\.\d+", v)] == []
