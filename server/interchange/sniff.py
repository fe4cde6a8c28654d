"""Which tool a file comes from."""

from __future__ import annotations

from typing import Literal

from ot.types import Json

from ..document.model import FORMAT
from .tooljet import is_tooljet

__all__ = ["sniff"]


def sniff(data: Json) -> Literal["coweave", "appsmith", "tooljet"] | None:
    """By its shape; None: no tool that we can read. Says nothing of whether the file is right."""
    if not isinstance(data, dict):
        return None
    if data.get("format") == FORMAT:
        return "coweave"
    if isinstance(data.get("pageList"), list) or isinstance(data.get("dsl"), dict):
        return "appsmith"
    if is_tooljet(data):
        return "tooljet"
    return None
