"""Holding a design and its ops within the limits."""

from __future__ import annotations

from typing import Any

import orjson

from ot.types import Json, Op

from ..errors import Code, DesignError
from .limits import MAX_BULK_OP_BYTES, MAX_DOCUMENT_BYTES, MAX_ELEMENTS

__all__ = ["check_count", "check_op", "check_size", "growth"]


def growth(op: Op) -> int:
    """By how many bytes an op makes the design longer as compact JSON; numbers added to do not count."""
    total = 0
    for component in op:
        if "si" in component:
            total += _size(component["si"]) - 2
        elif "sd" in component:
            total -= _size(component["sd"]) - 2
        else:
            for inserted, deleted, around in (("oi", "od", 4), ("li", "ld", 1)):
                for field, sign in ((inserted, 1), (deleted, -1)):
                    if field in component:
                        total += sign * (_size(component[field]) + around + _key(component))
    return total


def _size(value: Json) -> int:
    return len(orjson.dumps(value))


def _key(component: dict[str, Any]) -> int:
    step = component["p"][-1]
    return len(step) if isinstance(step, str) else 0


def check_size(size: int) -> None:
    """Raises: DesignError(TOO_LARGE) for a design of more bytes than may be."""
    if size > MAX_DOCUMENT_BYTES:
        raise _too_large("A design may be {:,} bytes", MAX_DOCUMENT_BYTES, size)


def check_count(section: str, count: int) -> None:
    """Raises: DesignError(TOO_LARGE) for a section with more elements than may be."""
    if count > MAX_ELEMENTS:
        raise _too_large(f"A design may have {{:,}} {section}", MAX_ELEMENTS, count)


def check_op(op: Op) -> None:
    """Raises: DesignError(TOO_LARGE) for an op that the server has completed beyond what may be sent."""
    size = _size(op)
    if size > MAX_BULK_OP_BYTES:
        raise _too_large(
            "An edit with all that it takes along may be {:,} bytes", MAX_BULK_OP_BYTES, size
        )


def _too_large(message: str, limit: int, actual: int) -> DesignError:
    return DesignError(
        Code.TOO_LARGE,
        f"{message.format(limit)}; this would be {actual:,}.",
        rule="size",
        limit=limit,
        actual=actual,
    )
