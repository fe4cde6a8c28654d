"""Packs of component types from folders: the reading; what is right is said by `server.types.packs`."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final

from .types import TypeRegistry
from .types.packs import Pack, PackError

__all__ = ["read_pack", "registry"]

_MOST_FILES: Final = 2_000
_MOST_BYTES: Final = 16_000_000


def registry(folders: Iterable[Path]) -> TypeRegistry:
    """Our types and those of the packs in folders. Raises: PackError, OSError."""
    packs = [read_pack(folder) for folder in folders]
    try:
        return TypeRegistry.load(packs)
    except ValueError as error:
        raise PackError(str(error)) from None


def read_pack(folder: Path) -> Pack:
    """The pack in a folder. Raises: PackError naming the file and the reason; OSError."""
    try:
        return Pack.from_files(_files(folder))
    except PackError as error:
        raise PackError(f"{folder}: {error}") from None


def _files(folder: Path) -> dict[str, Any]:
    if not folder.is_dir():
        raise PackError("there is no such folder")
    found: dict[str, Any] = {}
    left = _MOST_BYTES
    for top, _, names in os.walk(folder):  # links to folders are not followed
        for name in sorted(names):
            path = Path(top, name)
            inside = path.relative_to(folder).as_posix()
            if not name.endswith(".json") or path.is_symlink() or inside.startswith("."):
                continue
            left -= path.stat().st_size
            if left < 0 or len(found) >= _MOST_FILES:
                raise PackError(f"it has more than {_MOST_FILES:,} files or {_MOST_BYTES:,} bytes")
            found[inside] = _read(path, inside)
    return found


def _read(path: Path, inside: str) -> Any:
    try:
        return json.loads(path.read_bytes(), object_pairs_hook=_once)
    except json.JSONDecodeError as error:
        raise PackError(f"{inside}:{error.lineno}: this is not JSON: {error.msg}") from None
    except (ValueError, RecursionError) as error:
        raise PackError(f"{inside}: this is not JSON: {error}") from None


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        key = next(key for turn, (key, _) in enumerate(pairs) if key in dict(pairs[:turn]))
        raise ValueError(f"the key {key[:80]!r} stands there twice")
    return found
