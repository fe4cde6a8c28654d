"""Designs from other tools and from files. Pure: JSON in, a document and a report out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ot.types import Json

from ..errors import Code, DesignError
from .appsmith import import_appsmith
from .appsmith_export import export_appsmith
from .imported import Imported, Report
from .sniff import sniff
from .tooljet import import_tooljet
from .tooljet_export import export_tooljet

__all__ = [
    "Imported",
    "Report",
    "export_appsmith",
    "export_to",
    "export_tooljet",
    "import_appsmith",
    "import_from",
    "import_tooljet",
    "sniff",
]


def import_from(data: Json, name: str | None = None) -> Imported:
    """A design of whichever tool's export that is. Raises: DesignError(IMPORT) if of none that we read."""
    if sniff(data) == "tooljet":
        return import_tooljet(data, name)
    return import_appsmith(data, name)


def export_to(tool: str, document: Mapping[str, Any]) -> dict[str, Any]:
    """The export for `tool` of a design that came from there. Raises: DesignError(IMPORT)."""
    if tool == "appsmith":
        return export_appsmith(document)
    if tool == "tooljet":
        return export_tooljet(document)
    raise DesignError(Code.IMPORT, f"There is no export to {tool[:40]}.")
