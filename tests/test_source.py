"""Gates on the source itself: format, lint, types, who imports whom, and what must never be in the tree."""

from __future__ import annotations

import ast
import importlib.metadata
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

TOP = Path(__file__).parents[1]
PACKAGES = ("ot", "schemas", "server")

# A unit imports only from lower floors; units of one floor do not import each other.
FLOORS = (
    {"ot", "schemas"},
    {"server", "server.errors", "server.settings"},
    {"server.leases"},
    {"server.ports", "server.records", "server.protocol", "server.types", "server.policy"},
    {"server.accounts"},
    {"server.document"},
    {"server.room", "server.history", "server.check", "server.interchange"},
    {"server.redis"},
    {"server.packs", "server.store", "server.auth", "server.locks", "server.bus", "server.review"},
    {"server.runtime"},
    {"server.web"},
    {"server.yjs"},
    {"server.app", "server.limits"},
    {"server.serving", "server.commands"},
    {"server.cli"},
)
FLOOR_OF = {unit: floor for floor, units in enumerate(FLOORS) for unit in units}

# Cores: no I/O, no clock, no randomness, no tasks. What they need beside the standard library is listed.
PURE = {
    "ot": set(),
    "schemas": set(),
    "server.errors": set(),
    "server.types": {"jsonschema", "jsonschema_rs", "orjson", "referencing"},
    "server.protocol": {"msgpack", "orjson"},
    "server.policy": set(),
    "server.leases": set(),
    "server.document": {"jsonschema", "jsonschema_rs", "orjson", "referencing"},
    "server.room": {"orjson"},
    "server.history": {"orjson"},
    "server.check": {"jsonschema_rs", "orjson", "tree_sitter", "tree_sitter_javascript"},
    "server.interchange": {"orjson", "tree_sitter", "tree_sitter_javascript"},
    "server.review": {"orjson"},
}
IMPURE = set(
    "asyncio concurrent logging multiprocessing queue random secrets select selectors signal socket"
    " sqlite3 subprocess tempfile threading time uuid".split()
)


def modules() -> Iterator[tuple[str, Path]]:
    """Every module of the packages as (dotted name, file)."""
    for package in PACKAGES:
        for path in sorted((TOP / package).rglob("*.py")):
            parts = path.relative_to(TOP).with_suffix("").parts
            name = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
            yield name, path


def unit_of(name: str) -> str:
    """The unit on the floors that a module belongs to: `ot`, `schemas`, `server`, `server.<part>`."""
    return ".".join(name.split(".")[: 2 if name.startswith("server") else 1])


def imports(name: str, path: Path) -> Iterator[str]:
    """The absolute names that a module imports, wherever in it; `from p import m` gives `p.m`."""
    package = name if path.name == "__init__.py" else name.rpartition(".")[0]
    for node in ast.walk(ast.parse(path.read_bytes())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                up = package.split(".")[: len(package.split(".")) - node.level + 1]
                base = ".".join([*up, base] if base else up)
            yield from (f"{base}.{alias.name}" for alias in node.names)


def is_migration(path: Path) -> bool:
    return "migrations" in path.parts


def run(*command: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", *command], cwd=TOP, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


def tracked() -> list[Path]:
    """The files that are, or on the next commit would be, part of the project."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=TOP,
        capture_output=True,
        check=True,
    ).stdout.decode()
    return [path for name in listed.split("\0") if name and (path := TOP / name).is_file()]


def test_ruff_format() -> None:
    run("ruff", "format", "--check", "--quiet", "--diff", ".")


def test_ruff_check() -> None:
    run("ruff", "check", "--quiet", ".")


def test_mypy_strict() -> None:
    run("mypy", "--no-error-summary")


def test_each_module_has_a_floor() -> None:
    assert sorted({unit_of(name) for name, _ in modules()} - set(FLOOR_OF)) == []


def test_modules_import_only_from_lower_floors() -> None:
    wrong = []
    for name, path in modules():
        unit = unit_of(name)
        for imported in imports(name, path):
            if imported.split(".")[0] not in PACKAGES:
                continue
            other = unit_of(imported)
            if (
                other not in FLOOR_OF
            ):  # a name out of the package's own __init__: `from server import __version__`
                other = imported.split(".")[0]
            if other != unit and FLOOR_OF[other] >= FLOOR_OF[unit]:
                wrong.append(f"{name} imports {imported}")
    assert wrong == []


def test_cores_are_pure() -> None:
    wrong = []
    for name, path in modules():
        allowed = PURE.get(unit_of(name))
        if allowed is None:
            continue
        for imported in imports(name, path):
            root = imported.split(".")[0]
            foreign = root not in sys.stdlib_module_names and root not in PACKAGES
            if root in IMPURE or (foreign and root not in allowed):
                wrong.append(f"{name} imports {imported}")
        wrong += [
            f"{name}:{node.lineno} is asynchronous"
            for node in ast.walk(ast.parse(path.read_bytes()))
            if isinstance(node, ast.Await | ast.AsyncFunctionDef | ast.AsyncFor | ast.AsyncWith)
        ]
    assert wrong == []


def test_every_task_has_an_owner() -> None:
    """Tasks are made by a TaskGroup only, so that none outlives what started it."""
    loose = [
        f"{name}:{node.lineno}"
        for name, path in modules()
        for node in ast.walk(ast.parse(path.read_bytes()))
        if isinstance(node, ast.Attribute)
        and isinstance(node.value, ast.Name)
        and node.value.id in {"asyncio", "loop"}
        and node.attr in {"create_task", "ensure_future"}
    ]
    assert loose == []


def test_modules_say_what_they_are_and_what_is_public() -> None:
    wrong = []
    for name, path in modules():
        tree = ast.parse(path.read_bytes())
        if not ast.get_docstring(tree):
            wrong.append(f"{name}: no docstring")
        body = tree.body[1:]
        assigned = {
            target.id
            for node in body
            if isinstance(node, ast.Assign | ast.AnnAssign)
            for target in (node.targets if isinstance(node, ast.Assign) else [node.target])
            if isinstance(target, ast.Name)
        }
        says_nothing = all(isinstance(node, ast.Assign) for node in body) and not assigned - {
            "__version__"
        }
        if "__all__" not in assigned and not says_nothing and not is_migration(path):
            wrong.append(f"{name}: no __all__")
    assert wrong == []


def test_the_imports_are_ours() -> None:
    """Another distribution on PyPI owns the import name `ot` too, and would win over an editable install."""
    for package in PACKAGES:
        module = __import__(package)
        assert Path(module.__file__ or "").parent == TOP / package


def test_versions_agree() -> None:
    import server

    headings = re.findall(r"^## \[(.+?)\]", (TOP / "CHANGELOG.md").read_text("utf-8"), re.MULTILINE)
    assert headings[0] == "Unreleased"
    assert headings[1] == server.__version__
    project = tomllib.loads((TOP / "pyproject.toml").read_text("utf-8"))["project"]
    assert project["version"] == server.__version__


def pins() -> dict[str, str]:
    lines = (TOP / "constraints.txt").read_text("utf-8").splitlines()
    pairs = (line.split("==") for line in lines if line and not line.startswith("#"))
    return {canonicalize_name(name): version for name, version in pairs}


def test_the_whole_environment_is_pinned() -> None:
    """Everything that an install with all extras pulls in has its version in constraints.txt, and here it is."""
    expected, wrong, seen = pins(), [], set()
    queue = [
        ("coweave", frozenset({"server", "test"})),
        ("hatchling", frozenset()),
        ("editables", frozenset()),
    ]
    while queue:
        name, extras = queue.pop()
        if (name, extras) in seen:
            continue
        seen.add((name, extras))
        found = importlib.metadata.distribution(name)
        if name != "coweave" and expected.get(name) != found.version:
            wrong.append(f"{name} {found.version} (pinned: {expected.get(name)})")
        for line in found.requires or []:
            need = Requirement(line)
            marker = need.marker
            if marker is None or any(marker.evaluate({"extra": e}) for e in (extras or {""})):
                queue.append((canonicalize_name(need.name), frozenset(need.extras)))
    assert wrong == []


@pytest.mark.parametrize("folder", ["designer_ui", "tests/interop", "tests/bench"])
def test_node_packages_are_pinned_without_addresses(folder: str) -> None:
    """Locked by version and checksum; the address is the installer's own business."""
    lock = (TOP / folder / "package-lock.json").read_text("utf-8")
    assert '"integrity"' in lock
    assert '"resolved"' not in lock


# Spelt apart, so that this file does not find itself.
FORBIDDEN = re.compile(
    "|".join(
        [
            r"npm" r"js\.(org|com)",
            r"py" r"pi\.org",
            r"python" r"hosted",
            r"deb" r"ian\.(org|net)",
            r"/wo" r"rk/(main|notes|shared)",
            r"/ro" r"ot/",
            r"\bTO" r"DO\b",
            r"\bFIX" r"ME\b",
            r"NotImplemented" r"Error",
        ]
    )
)


def test_nothing_forbidden_is_in_the_tree() -> None:
    """No registry's host, no path of one machine, nothing left to do."""
    found = []
    for path in tracked():
        try:
            text = path.read_text("utf-8")
        except UnicodeDecodeError:
            continue
        for number, line in enumerate(text.splitlines(), 1):
            hit = FORBIDDEN.search(line)
            if hit:
                found.append(f"{path.relative_to(TOP)}:{number}: {hit[0]}")
    assert found == []
