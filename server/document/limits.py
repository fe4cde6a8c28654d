"""How big a design and an edit of it may be. One table; DESIGN 4 and PROMISES D2 give the reasons.

Sizes are bytes of compact JSON in UTF-8. What one element may hold is said by its schema.
"""

from __future__ import annotations

from typing import Final

__all__ = [
    "MAX_BULK_OP_BYTES",
    "MAX_BULK_OP_COMPONENTS",
    "MAX_DEPTH",
    "MAX_DOCUMENT_BYTES",
    "MAX_ELEMENTS",
    "MAX_EXPLAINED",
    "MAX_FAULTS",
    "MAX_NAME",
    "MAX_OP_BYTES",
    "MAX_OP_COMPONENTS",
    "MAX_ORDER_KEY",
    "MAX_TREE_DEPTH",
]

MAX_OP_COMPONENTS: Final = 1_000
"""Of an op that a client sends."""

MAX_OP_BYTES: Final = 1_000_000

MAX_BULK_OP_COMPONENTS: Final = 20_000
"""Of an op that a server command makes, or that the server has completed."""

MAX_BULK_OP_BYTES: Final = 16_000_000

MAX_DOCUMENT_BYTES: Final = 32_000_000

MAX_ELEMENTS: Final = 20_000
"""In each section of a design; the largest real design seen has 3,394 components."""

MAX_DEPTH: Final = 64
"""Containers around a value, counted from the root of the document (orjson writes 254)."""

MAX_TREE_DEPTH: Final = 64
"""Components around a component; the deepest real tree seen has 14."""

MAX_NAME: Final = 64
"""Characters of the name of a component, query or script."""

MAX_ORDER_KEY: Final = 128

MAX_EXPLAINED: Final = 5_000
"""Values in an element whose faults are explained one by one: finding words costs 10 us a value."""

MAX_FAULTS: Final = 200
"""Faults that are listed of one element; one that has more is past telling new ones from old."""
