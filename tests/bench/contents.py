"""What the benchmark's designs hold: text inputs of about 400 B each, as real components are."""

from __future__ import annotations

from typing import Any

__all__ = ["component_ids", "design"]


def component_ids(count: int) -> list[str]:
    """The ids of a design's components."""
    return [f"c{n}" for n in range(1, count + 1)]


def design(count: int) -> dict[str, Any]:
    """A valid design with one page and `count` components."""
    return {
        "format": "coweave-design",
        "formatVersion": 1,
        "meta": {"name": f"Bench {count}", "description": ""},
        "settings": {},
        "theme": {},
        "libraries": {},
        "pages": {"p1": {"name": "Page", "order": "a0", "settings": {}}},
        "components": {id: _component(n) for n, id in enumerate(component_ids(count))},
        "queries": {},
        "scripts": {},
        "dataSources": {},
    }


def _component(n: int) -> dict[str, Any]:
    return {
        "type": "TextInput",
        "typeVersion": 1,
        "name": f"TextInput{n}",
        "place": {"page": "p1", "slot": "content", "order": "b" + _base62(n)},
        "layout": {"desktop": {"column": n % 12, "row": n // 12, "columns": 4, "rows": 2}},
        "props": {
            "label": "0",
            "placeholder": "As it stands on the claim form",
            "helpText": "The number is at the top right of the letter.",
            "defaultValue": f"{{{{ getClaims.data[0].field{n} }}}}",
            "inputType": "text",
            "required": True,
            "disabled": False,
        },
        "style": {"width": "half"},
    }


def _base62(n: int) -> str:
    digits = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
    return "".join(digits[n // 62**power % 62] for power in (2, 1)) + digits[n % 61 + 1]
