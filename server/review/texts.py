"""Which strings of a design are texts, whose changes are merged inside."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from ot.types import Step

from ..types.registry import TypeRegistry

__all__ = ["texts_of"]

_BODIES: Final = frozenset({("queries", "body"), ("scripts", "body")})
_CONTROLS: Final = frozenset({"textarea", "code"})


def texts_of(
    document: Mapping[str, Any], types: TypeRegistry
) -> Callable[[tuple[Step, ...], str], bool]:
    """Whether the string at a path is a text.

    Texts are the bodies of queries and scripts, properties that a form edits in a text area, and
    whatever has several lines. Half of each of two colours or names would be neither.

    Args: document: says of which type a component is.
    """

    def is_text(path: tuple[Step, ...], text: str) -> bool:
        if "\n" in text:
            return True
        if len(path) == 3:
            return (path[0], path[2]) in _BODIES
        if len(path) == 4 and path[0] == "components" and path[2] == "props":
            return _control(document["components"].get(path[1]), path[3]) in _CONTROLS
        return False

    def _control(component: Any, name: Step) -> object:
        if type(component) is not dict:
            return None
        kind = types.get(component.get("type"), component.get("typeVersion"))
        schema: Any = None if kind is None else kind.schema
        for step in ("properties", "props", "properties", name, "x-form"):
            schema = schema.get(step) if type(schema) is dict else None
        return schema.get("control") if type(schema) is dict else None

    return is_text
