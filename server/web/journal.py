"""Log lines about requests: one event each, `event key=value ...`, with never any content.

`request` is `src:seq` of an edit (the public part of src), else what the client numbered it by; it
is the same in every line about one request, and in the history that the edit becomes part of.
Clients write ids as they like, so every value is cut and quoted where it is no plain word.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Final

from ot.types import Json

__all__ = ["line", "request_fields"]

_PLAIN: Final = re.compile(r"[\w.:/@+-]{1,100}", re.ASCII)
_MAX_SHOWN: Final = 80


def line(event: str, **fields: Json) -> str:
    """One line; fields that are None are left out."""
    shown = [f"{key}={_shown(value)}" for key, value in fields.items() if value is not None]
    return " ".join([event, *shown])


def request_fields(echo: Mapping[str, Json], own_src: str) -> dict[str, Json]:
    """What names a request, of the fields that its answer repeats."""
    fields: dict[str, Json] = {"action": echo.get("a")}
    if "d" in echo:
        fields["document"] = f"{echo.get('c')}/{echo['d']}"
    elif "ch" in echo:
        fields["channel"] = echo["ch"]
    if echo.get("a") == "op":
        src = echo.get("src")
        public = src.partition(".")[0] if type(src) is str else own_src
        fields["request"] = f"{public}:{echo.get('seq')}"
    elif "id" in echo:
        fields["request"] = echo["id"]
    return fields


def _shown(value: Json) -> str:
    text = value if type(value) is str else str(value)
    if _PLAIN.fullmatch(text):
        return text
    return json.dumps(text[:_MAX_SHOWN])  # ASCII only, so no line ends either
