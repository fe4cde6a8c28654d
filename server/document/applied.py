"""What became of an op that a draft accepted."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ot.types import Op

__all__ = ["Applied"]


@dataclass(frozen=True, slots=True)
class Applied:
    """The op as it is stored, and what its author should hear.

    `op` is the submitted op with all `fixups` composed onto it; `fixups` are the server's
    completions, in order; `elements` are those that `op` touches. Each notice is (code, message,
    details). `name` is the design's new name if `op` changes it, else None.
    """

    op: Op
    elements: frozenset[str]
    fixups: tuple[Op, ...] = ()
    notices: tuple[tuple[str, str, dict[str, Any]], ...] = ()
    name: str | None = None
