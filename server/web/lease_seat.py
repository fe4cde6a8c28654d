"""One connection's part in leases: what it asks, what it is told, and that it keeps its own alive."""

from __future__ import annotations

from collections.abc import Callable

from ..errors import Code, DesignError
from ..policy.rights import Principal
from ..ports import DocumentId
from ..protocol.messages import LeaseCall
from ..protocol.session import MAX_SUBSCRIPTIONS, Request, Session, Step
from ..room.effects import Notice
from ..runtime.lease_desk import Known
from .leases import LeaseDoor

__all__ = ["LeaseSeat"]


class LeaseSeat:
    """A `LeaseWatcher`.

    Args: tell: sends. notify: sends a notice, with the name of who is behind it. call: `run_errands`
        is wanted once all else is sent.
    """

    def __init__(
        self,
        principal: Principal,
        session: Session,
        door: LeaseDoor,
        *,
        tell: Callable[[list[Step]], None],
        notify: Callable[[DocumentId, Notice], None],
        call: Callable[[], None],
    ) -> None:
        self.principal = principal
        self._session = session
        self._door = door
        self._send = tell
        self._notify = notify
        self._call = call
        self._watched: set[DocumentId] = set()
        self._news: dict[DocumentId, Known] = {}

    @property
    def holder(self) -> tuple[str, str]:
        return self.principal.id, self._session.src

    async def carry_out(self, call: LeaseCall, request: Request) -> None:
        """Do what the client asks and answer it. Raises: DesignError, `StoreUnavailable`."""
        document = DocumentId(self.principal.tenant, call.collection, call.id)
        if call.do == "unwatch":
            self.drop(document)
            self._send([self._session.leases(request, {})])
            return
        await self._door.check(self.principal, call.do, document)
        if call.do == "watch":
            known = await self._watch(document)
        else:
            if call.do != "ask":  # who holds something must be heard of
                await self._watch(document)
            session = self._session.src
            known = await self._door.call(self.principal, session, document, call)
        if call.do == "ask":
            self._send([self._session.leases(request, {})])
            return
        state = await self._door.shown(document, known)
        news = self._news.get(document)
        if news is not None and news.table.epoch <= known.table.epoch:
            del self._news[document]  # the answer says it
        self._send([self._session.leases(request, state)])

    async def _watch(self, document: DocumentId) -> Known:
        if document not in self._watched and len(self._watched) >= MAX_SUBSCRIPTIONS:
            raise DesignError(
                Code.TOO_LARGE,
                f"One connection may watch the leases of {MAX_SUBSCRIPTIONS:,} designs",
                limit=MAX_SUBSCRIPTIONS,
            )
        known = await self._door.desk.watch(document, self)
        self._watched.add(document)
        return known

    def leases_known(self, document: DocumentId, known: Known) -> None:
        """Of what is not told yet only the newest is: each tells all."""
        self._news[document] = known
        self._call()

    def lease_news(self, document: DocumentId, notice: Notice) -> None:
        self._notify(document, notice)

    async def run_errands(self) -> None:
        """Tell what has changed, to who may still know."""
        while self._news:
            document = next(iter(self._news))
            known = self._news.pop(document)
            if document not in self._watched:
                continue
            try:
                await self._door.check(self.principal, "watch", document)
            except DesignError as error:
                if not error.code.is_retryable:
                    self.drop(document)
                continue
            state = await self._door.shown(document, known)
            names = document.collection, document.id
            self._send([self._session.lease_state(names, state)])

    def drop(self, document: DocumentId) -> None:
        """No more of this document."""
        self._watched.discard(document)
        self._news.pop(document, None)
        self._door.desk.unwatch(document, self)

    def leave(self) -> None:
        """The connection has ended: what it holds ends after the grace."""
        for document in tuple(self._watched):
            self.drop(document)
