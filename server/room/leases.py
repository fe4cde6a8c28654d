"""What a room knows of the leases of its document, and what they mean for each author's edits."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping

from ..document.closed import NOTHING, Hold
from ..errors import Code, DesignError
from ..leases.lease import Kind, LeaseTable, locked

__all__ = ["HeldElements"]

Around = Callable[[str], Iterable[str]]


class HeldElements:
    """A table of leases as it was when it was read. Costs nothing while there are none."""

    __slots__ = ("_by_author", "_has_hard", "table")

    def __init__(self, table: LeaseTable) -> None:
        self.table = table
        self._has_hard = any(lease.kind is Kind.HARD for lease in table)
        self._by_author: dict[str, Mapping[str, Hold]] = {}

    @property
    def epoch(self) -> int:
        return self.table.epoch

    def holds(self, author: str) -> Mapping[str, Hold]:
        """What is closed to `author`: hard leases of others; what they hold themselves is open."""
        if not self._has_hard:
            return NOTHING
        found = self._by_author.get(author)
        if found is None:
            found = {
                lease.element: Hold(lease.holder.principal != author, lease.contents)
                for lease in self.table
                if lease.kind is Kind.HARD or lease.holder.principal == author
            }
            if not any(hold.is_closed for hold in found.values()):
                found = NOTHING
            self._by_author[author] = found
        return found

    def require(self, author: str, token: int) -> None:
        """Raises: DesignError(LOCKED) if `author` holds nothing by this token any more (LE15)."""
        for lease in self.table:
            if lease.token == token and lease.holder.principal == author:
                return
        message = "You no longer hold the part of the design that this edit relies on holding."
        raise DesignError(Code.LOCKED, message, token=token)

    def refusal(self, error: DesignError) -> DesignError:
        """The document's refusal of a touched element, with who holds it and until when."""
        lease = self.table.get(error.details.get("lease", ""))
        return error if lease is None else locked(error.details["element"], lease)

    def edited(
        self, author: str, elements: Iterable[str], around: Around
    ) -> Iterator[tuple[str, str]]:
        """(author, leased element) of the author's leases that cover what they edited."""
        own = {
            lease.element: lease.contents
            for lease in self.table
            if lease.holder.principal == author
        }
        if not own:
            return
        for element in elements:
            if element in own:
                yield author, element
            if any(own.values()):
                for outer in around(element):
                    if own.get(outer):
                        yield author, outer
