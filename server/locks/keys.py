"""What a lock is called in Redis: `design:{tenant/document}:<section>/<id>#w`.

The braces put all locks of a document into one slot of a cluster. Whatever an id is made of, it can
neither leave its place in the key nor look like a pattern: all but letters, digits, `-`, `_`, `.`
and `~` is percent-encoded, so that the `:`, `/`, `{`, `}` and `#` in a key are ours (C6).
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from urllib.parse import quote

from ..ports import DocumentId

__all__ = ["lock_keys", "plain", "prefix"]

_KINDS = {"designs": "design"}


@lru_cache(maxsize=4_096)
def prefix(document: DocumentId) -> str:
    """How the keys of a document begin; no two documents share one, and none begins another."""
    tenant, collection, id = (plain(part) for part in document)
    return f"{_KINDS.get(collection, collection)}:{{{tenant}/{id}}}:"


def lock_keys(document: DocumentId, elements: Iterable[str]) -> dict[str, str]:
    """The key of each element's write lock, by element, in sorted order."""
    start = prefix(document)
    return {element: f"{start}{_element(element)}#w" for element in sorted(elements)}


@lru_cache(maxsize=65_536)
def _element(element: str) -> str:
    section, slash, id = element.partition("/")
    return plain(section) + slash + plain(id)


def plain(part: str) -> str:
    """`part` with everything percent-encoded that could mean something in a key."""
    # A lone surrogate is refused long before; here it must only not raise.
    return quote(part, safe="", errors="surrogatepass")
