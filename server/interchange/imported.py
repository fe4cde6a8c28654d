"""What an import has made, and what a person should know of it."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any, Final

from ot.types import Json

__all__ = ["MAX_LISTED", "Imported", "Report"]

MAX_LISTED: Final = 200
"""Repairs and secrets listed one by one; all are counted."""


@dataclass(frozen=True, slots=True)
class Imported:
    """`document` is a whole design that `Design.from_json` takes; `report` is JSON for people and programs."""

    document: dict[str, Any]
    report: dict[str, Any]


@dataclass(slots=True)
class Report:
    """Collects what an importer did beyond copying."""

    counts: dict[str, int] = field(default_factory=dict)
    dropped: Counter[str] = field(default_factory=Counter)
    _repairs: list[dict[str, Any]] = field(default_factory=list)
    _secrets: list[dict[str, Any]] = field(default_factory=list)
    _repair_count: int = 0
    _secret_count: int = 0

    def repaired(self, element: str, what: str, old: Json, new: Json) -> None:
        """Something was not fit for a design and was changed."""
        self._repair_count += 1
        if len(self._repairs) < MAX_LISTED:
            repair = {"element": element, "what": what, "from": _brief(old), "to": _brief(new)}
            self._repairs.append(repair)

    def replaced(self, element: str, secret: str) -> None:
        """A secret was taken out; the design names it only."""
        self._secret_count += 1
        if len(self._secrets) < MAX_LISTED:
            self._secrets.append({"element": element, "secret": secret})

    def to_json(self, tool: str) -> dict[str, Any]:
        return {
            "tool": tool,
            "counts": self.counts,
            "repairs": {"count": self._repair_count, "listed": self._repairs},
            "secrets": {"count": self._secret_count, "listed": self._secrets},
            "dropped": dict(self.dropped.most_common(MAX_LISTED)),
        }


def _brief(value: Json) -> Json:
    if isinstance(value, str):
        return value[:200].encode("utf-8", "replace").decode()
    return value if value is None or isinstance(value, bool | int | float) else type(value).__name__
