"""The real designs that tests may look at, and how two JSON values differ."""

import gzip
import json
import tarfile
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

CORPUS = Path(__file__).parents[4] / "shared" / "corpus"
APPSMITH = CORPUS / "designs" / "appsmith-fixtures"
APPSMITH_GIT = CORPUS / "designs" / "appsmith-git"
TOOLJET = CORPUS / "designs" / "tooljet"


def read(path: Path) -> Any:
    return json.loads(gzip.decompress(path.read_bytes()))


def exports(folder: Path) -> list[Path]:
    return sorted(folder.glob("*.json.gz"))


@cache
def git_folder() -> dict[str, str]:
    """The files of the one Appsmith app in its git form."""
    (archive,) = APPSMITH_GIT.glob("*.tar.gz")
    files = {}
    with tarfile.open(archive) as packed:
        for member in packed:
            if member.isfile() and (content := packed.extractfile(member)) is not None:
                files[member.name.removeprefix("./")] = content.read().decode("utf-8")
    return files


def differences(old: Any, new: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The paths at which two JSON values differ; 1 and 1.0 are the same number, True and 1 are not."""
    if isinstance(old, dict) and isinstance(new, dict):
        for key in sorted(old.keys() | new.keys()):
            if key in old and key in new:
                yield from differences(old[key], new[key], (*path, key))
            else:
                yield (*path, key)
    elif isinstance(old, list) and isinstance(new, list) and len(old) == len(new):
        for index, (before, after) in enumerate(zip(old, new, strict=True)):
            yield from differences(before, after, (*path, index))
    elif old != new or isinstance(old, bool) != isinstance(new, bool):
        yield path
