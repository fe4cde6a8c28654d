"""A design as files, one per element, so that git shows edits as lines and merges what does not touch.

    design.json                  format and formatVersion
    meta.json settings.json …    what is there once
    pages/<id>.json components/<id>.json queries/<id>.json scripts/<id>.json dataSources/<id>.json

JSON with sorted keys, two spaces deep, UTF-8, a line feed at the end: the same design always gives the same
bytes. Nothing here touches a disk.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final

from ot.types import Json

from ..document.model import SECTIONS, SINGLES, is_id
from ..errors import Code, DesignError

__all__ = ["MARK", "canonical_text", "design_from_folder", "folder_from_design"]

MARK: Final = "design.json"
"""The file that makes a folder a design."""


def canonical_text(value: Json) -> str:
    """JSON in its one form."""
    return json.dumps(value, ensure_ascii=False, indent=2, sort_keys=True) + "\n"


def folder_from_design(document: Mapping[str, Any]) -> dict[str, str]:
    """The files of a design, by path."""
    head = {key: document[key] for key in ("format", "formatVersion")}
    files = {MARK: canonical_text(head)}
    for single in SINGLES:
        if single in document:
            files[f"{single}.json"] = canonical_text(document[single])
    for section in SECTIONS:
        for id, element in document[section].items():
            files[f"{section}/{id}.json"] = canonical_text(element)
    return files


def design_from_folder(files: Mapping[str, str]) -> dict[str, Any]:
    """The design that files are; files of other names are no part of it.

    Raises: DesignError(IMPORT) naming the file that is not right.
    """
    document: dict[str, Any] = dict(_object(files, MARK))
    for single in SINGLES:
        path = f"{single}.json"
        if path in files:
            document[single] = _object(files, path)
        elif single != "ext":
            raise DesignError(Code.IMPORT, f"The file {path} is missing.", path=[path])
    for section in SECTIONS:
        elements = {}
        for path in sorted(files):
            folder, _, name = path.partition("/")
            if folder == section and name.endswith(".json") and is_id(name.removesuffix(".json")):
                elements[name.removesuffix(".json")] = _object(files, path)
        document[section] = elements
    return document


def _object(files: Mapping[str, str], path: str) -> dict[str, Any]:
    try:
        value = json.loads(files[path])
    except (ValueError, RecursionError) as error:
        raise DesignError(Code.IMPORT, f"{path} is not JSON: {error}.", path=[path]) from None
    if not isinstance(value, dict):
        raise DesignError(Code.IMPORT, f"{path} must hold an object.", path=[path])
    return value
