"""`coweave export`, `format`, `diff` and `merge-driver`: designs as files, without a server."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import DesignError

if TYPE_CHECKING:
    from ..history.diff import Change

__all__ = ["add_commands"]

Add = Callable[[str, Callable[..., int], str], argparse.ArgumentParser]


def add_commands(add: Add) -> None:
    """Add the commands. `add(name, run, about)` makes a subcommand's parser."""
    export = add(
        "export",
        _export,
        "Write a design as canonical files, or back to the tool that it came from.",
    )
    export.add_argument("path", type=Path, metavar="DESIGN", help="file or folder of a design")
    export.add_argument(
        "--dir", type=Path, metavar="DIR", help="the folder to write: one file per element"
    )
    export.add_argument(
        "--to", choices=("appsmith", "tooljet"), help="write that tool's form instead"
    )
    export.add_argument(
        "--output", type=Path, metavar="FILE", help="the file to write (default: the output)"
    )
    form = add(
        "format", _format, "Give designs their canonical form: files of ours, canonical folders."
    )
    form.add_argument("paths", nargs="+", type=Path, metavar="PATH")
    form.add_argument(
        "--check", action="store_true", help="change nothing; exit code 1 if something would change"
    )
    diff = add(
        "diff",
        _diff,
        "Tell what has changed between two designs, or two versions of one. Exit code 1: something has.",
    )
    diff.add_argument("old", metavar="OLD", help="file or folder; with --server a version")
    diff.add_argument("new", metavar="NEW", help="file or folder; with --server a version, or now")
    diff.add_argument("--server", metavar="URL", help="ask a running server (COWEAVE_TOKEN)")
    diff.add_argument("--design", metavar="ID", help="with --server: of which design")
    diff.add_argument("--format", choices=("text", "json"), default="text")
    driver = add(
        "merge-driver",
        _merge,
        "Merge two edits of a JSON file by property, as git asks: %%O %%A %%B %%P. Exit code 1: conflicts.",
    )
    for name in ("base", "ours", "theirs"):
        driver.add_argument(name, type=Path)
    driver.add_argument("path", nargs="?", default="", help="the file's own path, for messages")


def _guarded(run: Callable[[], int]) -> int:
    from .remote import RemoteError
    from .sources import SourceError

    try:
        return run()
    except (RemoteError, SourceError, DesignError, OSError, ValueError) as error:
        print(
            f"coweave: {error.message if isinstance(error, DesignError) else error}",
            file=sys.stderr,
        )
        return 2


def _export(options: argparse.Namespace, settings: object) -> int:
    return _guarded(lambda: _exported(options))


def _exported(options: argparse.Namespace) -> int:
    from ..interchange import export_to
    from ..interchange.appsmith_git import folder_from_export
    from ..interchange.canonical import canonical_text, folder_from_design
    from .sources import read

    document = read(options.path).document
    if options.to is None:
        if options.dir is not None:
            _write_folder(options.dir, folder_from_design(document), _OURS)
        else:
            _write(options.output, canonical_text(document))
        return 0
    export = export_to(options.to, document)
    if options.dir is not None:
        if options.to != "appsmith":
            raise ValueError("ToolJet's export is one file: name it with --output.")
        _write_folder(options.dir, folder_from_export(export), _APPSMITH)
        return 0
    export.pop("git", None)
    _write(options.output, _as_json(export))
    return 0


def _as_json(value: object) -> str:
    text = json.dumps(value, ensure_ascii=False, indent=2) + "\n"
    try:
        text.encode()
    except UnicodeEncodeError:
        # Half a character, as the other tool had it: only as an escape can it stand in a file.
        return json.dumps(value, indent=2) + "\n"
    return text


_OURS = ("pages", "components", "queries", "scripts", "dataSources")
_APPSMITH = ("pages", "datasources", "jslibs")


def _write(path: Path | None, text: str) -> None:
    if path is None:
        sys.stdout.write(text)
    else:
        path.write_text(text, encoding="utf-8", newline="")


def _write_folder(folder: Path, files: Mapping[str, str], owned: tuple[str, ...]) -> None:
    """Write what has changed; in the folders that are a design's own, what is no more is deleted."""
    root = folder.resolve()
    for name, text in files.items():
        path = folder / name
        if not path.resolve().is_relative_to(root):
            raise ValueError(f"{name!r} leads out of the folder.")
        content = text.encode("utf-8")
        if not path.is_file() or path.read_bytes() != content:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
    for name in owned:
        for path in sorted((folder / name).rglob("*"), reverse=True):
            if path.is_file() and path.relative_to(folder).as_posix() not in files:
                path.unlink()
            elif path.is_dir() and not path.is_symlink() and not any(path.iterdir()):
                path.rmdir()


def _format(options: argparse.Namespace, settings: object) -> int:
    return _guarded(lambda: _formatted(options))


def _formatted(options: argparse.Namespace) -> int:
    from ..interchange.canonical import MARK, canonical_text
    from .sources import find, folder_files, parse, read

    changed = 0
    for path, _ in find(options.paths):
        if path.is_dir():
            names = folder_files(path)
            if MARK not in names:
                continue  # A folder of another tool has the form that its tool gives it.
            read(path)
            texts = {path / name: text for name, text in names.items() if name.endswith(".json")}
        else:
            if read(path).tool != "coweave":
                continue
            texts = {path: path.read_text("utf-8")}
        for file, text in texts.items():
            canonical = canonical_text(parse(text, str(file)))
            if canonical != text:
                changed += 1
                print(f"{'would format' if options.check else 'formatted'} {file}")
                if not options.check:
                    _write(file, canonical)
    return int(options.check and changed > 0)


def _diff(options: argparse.Namespace, settings: object) -> int:
    return _guarded(lambda: _differs(options))


def _differs(options: argparse.Namespace) -> int:
    from ..history.diff import changes
    from .sources import read

    if options.server is not None:
        return _differs_there(options)
    old, new = read(Path(options.old)), read(Path(options.new))
    found = [
        each
        for each in changes(old.document, new.document)
        # An importer's notes are no change of a design.
        if "ext" not in (each.element, *each.path[:1])
        # A git folder has no name of its own: it is called after where it lies.
        and not ((each.element, each.path) == ("meta", ("name",)) and old.kind == new.kind == "git")
    ]
    if options.format == "json":
        print(json.dumps({"changes": [_row(e) for e in found]}, ensure_ascii=False, indent=2))
    else:
        for each in found:
            print(_line(each))
    return int(bool(found))


def _differs_there(options: argparse.Namespace) -> int:
    from ..history.diff import ABSENT, Change
    from .remote import RemoteError, differences

    if options.design is None:
        raise RemoteError("Say of which --design")
    found = differences(options.server, options.design, options.old, options.new)
    if options.format == "json":
        print(json.dumps(found, ensure_ascii=False, indent=2))
    else:
        for row in found["changes"]:
            values = (row.get("old", ABSENT), row.get("new", ABSENT))
            path = tuple(row["path"])
            print(_line(Change(row["kind"], row["element"], row["name"], path, *values)))
    return int(bool(found["changes"]))


def _row(change: Change) -> dict[str, Any]:
    return {
        "kind": change.kind,
        "element": change.element,
        "name": change.name,
        "path": list(change.path),
        "old": _value(change, change.old),
        "new": _value(change, change.new),
    }


def _line(change: Change) -> str:
    what = f"{change.kind} {change.element}" + (f" {change.name}" if change.name else "")
    if not change.path:
        return what
    values = f"{_brief(_value(change, change.old))} → {_brief(_value(change, change.new))}"
    return f"{what}: {'/'.join(map(str, change.path))}: {values}"


def _value(change: Change, value: Any) -> Any:
    """What is shown of it: no whole elements, and nothing where there was nothing."""
    from ..history.diff import ABSENT

    return None if value is ABSENT or not change.path else value


def _brief(value: object) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 120 else f"{text[:117]}…"


def _merge(options: argparse.Namespace, settings: object) -> int:
    from ..interchange.merge import merge_texts, told

    path = options.path or options.ours
    try:
        texts = [each.read_text("utf-8") for each in (options.base, options.ours, options.theirs)]
        merged, conflicts = merge_texts(*texts)
        _write(options.ours, merged)
    except (OSError, ValueError, RecursionError) as error:
        print(f"coweave: {path}: merged as text: {error}", file=sys.stderr)
        return _merged_as_text(options)
    for conflict in conflicts:
        print(f"coweave: conflict in {path}: {told(conflict)}", file=sys.stderr)
    return int(bool(conflicts))


def _merged_as_text(options: argparse.Namespace) -> int:
    """What is no JSON is git's to merge, line by line. Exit code 1: conflicts; 2: it cannot."""
    import subprocess

    names = ["-L", "ours", "-L", "base", "-L", "theirs"]
    files = [str(each) for each in (options.ours, options.base, options.theirs)]
    done = subprocess.run(["git", "merge-file", *names, *files])
    return done.returncode if done.returncode in (0, 1) else 1 if done.returncode < 128 else 2
