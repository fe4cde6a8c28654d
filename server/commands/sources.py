"""Designs from paths: a file of ours, an export of Appsmith or ToolJet, a canonical folder, a git folder.

What comes in is not trusted: how much is read is bounded, what is wrong names file, line and reason, and
nothing that a file says is ever fetched or run.
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from math import isfinite
from pathlib import Path, PurePosixPath
from typing import Any, Final, TypeAlias

import orjson

from ot.types import Json, Step

from ..check.locate import Locator, position
from ..document.model import SECTIONS
from ..errors import DesignError
from ..interchange import import_from, sniff
from ..interchange.appsmith_git import export_from_folder, is_folder
from ..interchange.canonical import MARK, design_from_folder
from ..interchange.origin import Origins

__all__ = [
    "Source",
    "SourceError",
    "decoded",
    "find",
    "folder_files",
    "from_files",
    "json_at",
    "parse",
    "read",
]

MAX_FILE: Final = 64_000_000
"""Bytes of a file, and of a folder; also after unpacking."""

MAX_FILES: Final = 100_000
_TEXTS: Final = frozenset({".json", ".txt", ".js"})


class SourceError(Exception):
    """A path that holds no design that can be read; the message names the file, and the line if there is one."""


@dataclass(frozen=True, slots=True)
class Source:
    """A design and where it comes from. `files` holds the texts that it was read from, by path under `path`."""

    path: Path
    tool: str
    document: dict[str, Any]
    report: dict[str, Any]
    files: Mapping[str, str]
    kind: str
    export: Json = None
    _origins: list[Origins] = field(default_factory=list)
    _locators: dict[str, Locator] = field(default_factory=dict)

    def where(self, path: Sequence[Step], offset: int | None) -> tuple[str, int, int]:
        """(file, line, column) of what a path of the design leads to."""
        name, inside, is_text = self._place(path)
        text = self.files.get(name, "")
        file = str(self.path if name == "" else self.path / name)
        if is_text:
            return (file, *position(text, min(offset or 0, len(text))))
        if name not in self._locators:
            self._locators[name] = Locator(text)
        is_element = name == "" and self.tool == "coweave" and path[:1] and path[0] in SECTIONS
        known = 2 if is_element else 0
        return (file, *self._locators[name].locate(inside, offset, known=known))

    def _place(self, path: Sequence[Step]) -> tuple[str, Sequence[Step], bool]:
        if self.kind == "canonical":
            if len(path) > 1 and f"{path[0]}/{path[1]}.json" in self.files:
                return f"{path[0]}/{path[1]}.json", path[2:], False
            single = f"{path[0]}.json" if path else ""
            return (single, path[1:], False) if single in self.files else (MARK, (), False)
        if self.kind == "file" and self.tool == "coweave":
            return "", path, False
        if not self._origins:
            self._origins.append(Origins(self.document, self.export, self.tool))
        whole = self._origins[0].of(path)
        if self.kind == "file":
            return "", whole, False
        return self._git_place(path, whole)

    def _git_place(
        self, path: Sequence[Step], whole: Sequence[Step]
    ) -> tuple[str, Sequence[Step], bool]:
        """In a git folder of Appsmith: the file of the row or widget, and the way inside it."""
        node: Any = self.export
        trail: list[tuple[Any, int]] = []
        for turn, step in enumerate(whole):
            try:
                node = node[step]
            except (KeyError, IndexError, TypeError):
                break
            trail.append((node, turn + 1))
        for value, depth in reversed(trail):
            name = value.get(_FILE) if isinstance(value, dict) else None
            if isinstance(name, str):
                if path[2:3] == ("body",):
                    folder = PurePosixPath(name).parent
                    for ending in (".js", ".txt"):
                        body = str(folder / f"{folder.name}{ending}")
                        if body in self.files:
                            return body, (), True
                return name, whole[depth:], False
        return "application.json", (), False


_FILE: Final = "\0file"


Parsed: TypeAlias = tuple[str, Any]
"""A file's text and its JSON."""


def find(paths: Sequence[Path]) -> Iterator[tuple[Path, Parsed | None]]:
    """The designs at the paths: a path that is one, or all in a folder that holds some.

    With each comes what was read already to find out that it is a design, for `read`.
    Raises: SourceError for a path that is not there or holds none.
    """
    for path in paths:
        if path.is_file():
            yield path, None
        elif path.is_dir():
            found = False
            for each in _within(path):
                found = True
                yield each
            if not found:
                raise SourceError(f"{path}: there is no design in this folder.")
        else:
            raise SourceError(f"{path}: there is no such file or folder.")


def _within(folder: Path) -> Iterator[tuple[Path, Parsed | None]]:
    names = {each.name for each in folder.iterdir()}
    if MARK in names or {"application.json", "metadata.json"} <= names:
        yield folder, None
        return
    for each in sorted(folder.iterdir()):
        if each.name.startswith(".") or each.is_symlink():
            continue
        if each.is_dir():
            yield from _within(each)
        elif each.name.endswith((".json", ".json.gz")) and (parsed := _design_in(each)) is not None:
            yield each, parsed


def _design_in(path: Path) -> Parsed | None:
    """What is in a file that was not named, but met; None: no design."""
    try:
        text = _text(path)
        data = _parsed(text, str(path))
    except SourceError:
        return None
    return None if sniff(data) is None else (text, data)


def read(path: Path, parsed: Parsed | None = None) -> Source:
    """The design at a path. `parsed`: what `find` gave. Raises: SourceError, naming file, line and reason."""
    if path.is_dir():
        return from_files(path, folder_files(path))
    if parsed is None:
        text = _text(path)
        parsed = (text, _parsed(text, str(path)))
    text, data = parsed
    tool = sniff(data)
    if tool is None:
        raise SourceError(
            f"{path}: this is neither a Coweave design nor an export of Appsmith or ToolJet."
        )
    if tool == "coweave":
        return Source(path, tool, _shaped(path, data), {}, {"": text}, "file")
    document, report = _imported(path, data)
    return Source(path, tool, document, report, {"": text}, "file", data)


def from_files(path: Path, files: Mapping[str, str]) -> Source:
    """The design that the files of a folder are. Raises: SourceError."""
    try:
        if MARK in files:
            for name, text in files.items():
                if name.endswith(".json"):
                    parse(text, f"{path}/{name}")
            document = _shaped(path, design_from_folder(files))
            return Source(path, "coweave", document, {}, files, "canonical")
        if not is_folder(files):
            raise SourceError(f"{path}: this folder is no design.")
        export = export_from_folder(files, mark=_FILE)
    except DesignError as error:
        raise SourceError(f"{path}: {error.message}") from None
    document, report = _imported(path, _unmarked(export), path.resolve().name)
    return Source(path, "appsmith", document, report, files, "git", export)


def _shaped(path: Path, data: Any) -> dict[str, Any]:
    """A design of ours, of which nothing is known but that it has the sections of one."""
    from ..document.design import check_whole

    try:
        check_whole(data, 0)
    except DesignError as error:
        raise SourceError(f"{path}: {error.message}") from None
    design: dict[str, Any] = data
    return design


def _unmarked(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _unmarked(each) for key, each in value.items() if key != _FILE}
    return [_unmarked(each) for each in value] if isinstance(value, list) else value


def _imported(
    path: Path, data: Json, name: str | None = None
) -> tuple[dict[str, Any], dict[str, Any]]:
    try:
        imported = import_from(data, name)
    except DesignError as error:
        raise SourceError(f"{path}: {error.message}") from None
    return imported.document, imported.report


def json_at(path: Path) -> Any:
    """The JSON of one file. Raises: SourceError, naming file, line and reason; OSError."""
    return parse(_text(path), str(path))


def folder_files(folder: Path) -> dict[str, str]:
    """The texts of a folder, by path with `/`. Links are not followed. Raises: SourceError."""
    files: dict[str, str] = {}
    size = 0
    for path in sorted(folder.rglob("*")):
        if path.suffix not in _TEXTS or path.is_symlink() or not path.is_file():
            continue
        if any(part.startswith(".") for part in path.relative_to(folder).parts):
            continue
        size += path.stat().st_size
        if size > MAX_FILE or len(files) >= MAX_FILES:
            raise SourceError(
                f"{folder}: this folder has more than {MAX_FILE:,} bytes or {MAX_FILES:,} files."
            )
        files[path.relative_to(folder).as_posix()] = _text(path)
    return files


def _text(path: Path) -> str:
    if path.stat().st_size > MAX_FILE:
        raise SourceError(
            f"{path}: this file has {path.stat().st_size:,} bytes; {MAX_FILE:,} can be read."
        )
    content = path.read_bytes()
    if content.startswith(b"\x1f\x8b"):
        try:
            with gzip.open(path) as file:
                content = file.read(MAX_FILE + 1)
        except (OSError, EOFError) as error:
            raise SourceError(f"{path}: this cannot be unpacked: {error}.") from None
        if len(content) > MAX_FILE:
            raise SourceError(f"{path}: unpacked, this has more than {MAX_FILE:,} bytes.")
    return decoded(content, str(path))


def decoded(content: bytes, path: str) -> str:
    """Bytes as text. Raises: SourceError where they are not UTF-8."""
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise SourceError(f"{path}:1: this is UTF-16; a design is UTF-8.")
    try:
        return content.removeprefix(b"\xef\xbb\xbf").decode("utf-8")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise SourceError(f"{path}:{line}: this is not UTF-8.") from None


def _parsed(text: str, path: str) -> Any:
    """As `parse`, at a tenth of the cost for a design of ours, and for what is no design."""
    try:
        data = orjson.loads(text)
        quotes = orjson.dumps(data).count(b'"')
    except (ValueError, TypeError):
        return parse(text, path)
    # A key that stands there twice is gone now, and its quotes with it; only an escaped quote adds one.
    if quotes != text.count('"') or "\\u0022" in text:
        return parse(text, path)
    # Other tools' files are to come back to the last digit, which numbers of 64 bits would lose.
    return data if sniff(data) in ("coweave", None) else parse(text, path)


def parse(text: str, path: str) -> Any:
    """JSON, without duplicate keys and NaN. Raises: SourceError naming the line."""
    try:
        return json.loads(
            text, object_pairs_hook=_unique, parse_constant=_refuse, parse_float=_finite
        )
    except json.JSONDecodeError as error:
        raise SourceError(
            f"{path}:{error.lineno}:{error.colno}: this is not JSON: {error.msg}."
        ) from None
    except RecursionError:
        raise SourceError(f"{path}:1: this nests too deep to be read.") from None
    except _DuplicateError as error:
        at = text.find(json.dumps(error.key, ensure_ascii=False), 0)
        again = text.find(json.dumps(error.key, ensure_ascii=False), at + 1)
        line, column = position(text, max(at, again, 0))
        raise SourceError(
            f"{path}:{line}:{column}: the key {error.key[:80]!r} stands here twice."
        ) from None
    except _NumberError as error:
        line, column = position(text, max(0, text.find(error.digits)))
        told = f"{error.digits[:40]} is no number that can be read"
        raise SourceError(f"{path}:{line}:{column}: {told}.") from None
    except ValueError as error:
        # Whole numbers of more than 4,300 digits.
        raise SourceError(f"{path}:1: this is not JSON: {error}.") from None


class _DuplicateError(Exception):
    def __init__(self, key: str) -> None:
        super().__init__(key)
        self.key = key


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        seen: set[str] = set()
        for key, _ in pairs:
            if key in seen:
                raise _DuplicateError(key)
            seen.add(key)
    return found


def _refuse(constant: str) -> Any:
    raise _NumberError(constant)


def _finite(digits: str) -> float:
    number = float(digits)
    if not isfinite(number):
        raise _NumberError(digits)
    return number


class _NumberError(Exception):
    def __init__(self, digits: str) -> None:
        super().__init__(digits)
        self.digits = digits
