"""What people do with leases, by whatever door: who may, on what, and how it is shown."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import partial
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from ot.types import Json

from ..document.closed import ancestors
from ..document.model import SECTIONS, Element
from ..errors import Code, DesignError
from ..leases.lease import Holder, Kind, Lease, LeaseEvent, with_name
from ..leases.rules import Take, release, renew, take
from ..policy.rights import DESIGNS, Principal, Right
from ..ports import DocumentId, Leases
from ..protocol.messages import LeaseCall, lease_call
from ..room.effects import Notice
from ..runtime.lease_desk import Known, LeaseDesk
from ..runtime.registry import Rooms
from .access import Access
from .acts import Acts
from .names import Names
from .replies import json_reply
from .requests import Endpoint, coded, json_body, whole_number
from .who import Doorkeeper

__all__ = ["MAX_EVENTS", "LeaseDoor", "LeaseRoutes"]

MAX_EVENTS: Final = 200
"""Of the history of leases, in one answer."""

_RIGHTS: Final = {
    "watch": Right.READ,
    "take": Right.LEASE,
    "takeover": Right.TAKE_OVER,
    "renew": Right.LEASE,
    "ask": Right.LEASE,
    # Giving back needs no right but to hold: a person whose rights were taken may still do it.
    "release": Right.READ,
}


class LeaseDoor:
    """Carries out calls; raises DesignError and `StoreUnavailable`."""

    def __init__(
        self,
        *,
        desk: LeaseDesk,
        leases: Leases,
        rooms: Rooms,
        access: Access,
        acts: Acts,
        names: Names,
    ) -> None:
        self.desk = desk
        self._leases = leases
        self._rooms = rooms
        self._access = access
        self._acts = acts
        self._names = names

    async def check(self, principal: Principal, do: str, document: DocumentId) -> None:
        """Whether the person may. Raises: DesignError."""
        if document.collection != DESIGNS:
            raise DesignError(Code.NOT_FOUND, "Only designs have leases")
        await self._access.check(principal, _RIGHTS[do], document)

    async def call(
        self, principal: Principal, session: str, document: DocumentId, call: LeaseCall
    ) -> Known:
        """Take, take over, renew, release or ask; the leases after it.

        Args: session: the public part of a connection's id; "" for a request without one.
        """
        await self.check(principal, call.do, document)
        try:
            return await self._call(principal, session, document, call)
        except DesignError as error:
            if error.code is not Code.LOCKED:
                raise
            holder = error.details["holder"]["id"]
            names = await self._names.find(document.tenant, [holder])
            raise with_name(error, names[holder]) from None

    async def _call(
        self, principal: Principal, session: str, document: DocumentId, call: LeaseCall
    ) -> Known:
        holder = Holder(principal.id, session)
        elements = None if call.elements is None else frozenset(call.elements)
        terms = self.desk.terms
        match call.do:
            case "take" | "takeover":
                return await self._take(principal, holder, document, call)
            case "renew":
                rule = partial(renew, holder=holder, elements=elements, terms=terms)
            case "release":
                rule = partial(release, holder=holder, elements=elements, terms=terms)
            case _:
                return await self._ask(principal, document, call)
        return await self.desk.change(document, rule)

    async def _take(
        self, principal: Principal, holder: Holder, document: DocumentId, call: LeaseCall
    ) -> Known:
        data = (await self._rooms.snapshot(document)).data
        wished = frozenset(call.elements or ())
        for element in sorted(wished):
            if _value(data, element) is None:
                raise DesignError(
                    Code.NOT_FOUND, f"There is no {element[:80]} in this design.", element=element
                )
        is_over = call.do == "takeover"
        wish = Take(holder, wished, Kind(call.kind), call.contents, is_over, call.text)
        above = partial(_above, data)
        if is_over:
            # Before it is done: what cannot be recorded is not done.
            reason: dict[str, Json] = {"elements": sorted(wished), "reason": call.text}
            await self._acts.record(principal, "lease.take-over", document, **reason)
        return await self.desk.change(
            document, partial(take, wish=wish, terms=self.desk.terms, above=above)
        )

    async def _ask(self, principal: Principal, document: DocumentId, call: LeaseCall) -> Known:
        known = await self.desk.read(document)
        (element,) = call.elements or ("",)
        lease = known.table.get(element)
        if lease is None:
            raise DesignError(Code.NOT_FOUND, "Nobody holds this any more.", element=element)
        message = "Somebody asks you for what you have locked."
        details = {"element": element, "by": principal.id, "text": call.text}
        await self.desk.tell(
            document, lease.holder.principal, Notice("lease-asked", message, details)
        )
        return known

    async def history(
        self, principal: Principal, document: DocumentId, before: int | None, limit: int
    ) -> list[dict[str, Json]]:
        """What happened to the leases of a design, newest first."""
        await self.check(principal, "watch", document)
        events = await self._leases.events(document, before, limit)
        people = {person for event in events for person in (event.holder, event.by) if person}
        names = await self._names.find(document.tenant, people)
        return [_event(event, names) for event in events]

    async def shown(self, document: DocumentId, known: Known) -> dict[str, Json]:
        """The leases as clients get them."""
        table = known.table
        holders = {lease.holder.principal for lease in table}
        names = await self._names.find(document.tenant, holders)
        return {
            "known": known.is_sure,
            "epoch": table.epoch,
            "now": table.now,
            "leases": [_lease(lease, names) for lease in table],
        }


def _value(data: Any, element: Element) -> Json | None:
    section, _, id = element.partition("/")
    if type(data) is not dict or (section in SECTIONS) != bool(id):
        return None
    return data[section].get(id) if id else data.get(section)


def _above(data: Any, element: Element) -> Sequence[Element]:
    return tuple(ancestors(element, partial(_value, data)))


def _person(id: str, names: dict[str, str]) -> dict[str, Json]:
    return {"id": id, "name": names.get(id, "")}


def _lease(lease: Lease, names: dict[str, str]) -> dict[str, Json]:
    return {
        "element": lease.element,
        "kind": lease.kind.value,
        "contents": lease.contents,
        "holder": _person(lease.holder.principal, names),
        "session": lease.holder.session,
        "token": lease.token,
        "since": lease.since,
        "until": lease.until,
        "reason": lease.reason,
    }


def _event(event: LeaseEvent, names: dict[str, str]) -> dict[str, Json]:
    return {
        "number": event.epoch,
        "time": event.time,
        "what": event.what.value,
        "element": event.element,
        "kind": event.kind.value,
        "contents": event.contents,
        "holder": _person(event.holder, names),
        "by": _person(event.by, names) if event.by else None,
        "token": event.token,
        "reason": event.reason,
        "why": event.why,
    }


class LeaseRoutes:
    """The same by REST. `schemas/api/leases.json` describes it."""

    def __init__(self, door: LeaseDoor, doorkeeper: Doorkeeper) -> None:
        self._door = door
        self._doorkeeper = doorkeeper

    def routes(self) -> Iterable[Route]:
        """In the order of their paths in the OpenAPI document."""
        base = "/api/designs/{id}/leases"
        listed: list[tuple[str, str, Endpoint]] = [
            ("GET", base, self.listing),
            ("POST", base, partial(self.act, "take")),
            ("POST", f"{base}/take-over", partial(self.act, "takeover")),
            ("POST", f"{base}/renew", partial(self.act, "renew")),
            ("POST", f"{base}/release", partial(self.act, "release")),
            ("POST", f"{base}/ask", partial(self.act, "ask")),
            ("GET", f"{base}/history", self.history),
        ]
        return [Route(path, coded(call), methods=[method]) for method, path, call in listed]

    async def listing(self, request: Request) -> Response:
        principal, document = await self._asked(request)
        await self._door.check(principal, "watch", document)
        known = await self._door.desk.read(document)
        return json_reply(await self._door.shown(document, known))

    async def act(self, do: str, request: Request) -> Response:
        principal, document = await self._asked(request)
        call = lease_call(document.collection, document.id, do, await json_body(request))
        known = await self._door.call(principal, "", document, call)
        return json_reply(await self._door.shown(document, known))

    async def history(self, request: Request) -> Response:
        principal, document = await self._asked(request)
        before = whole_number(request.query_params.get("before"), "before")
        limit = whole_number(request.query_params.get("limit"), "limit")
        limit = min(MAX_EVENTS, max(1, MAX_EVENTS if limit is None else limit))
        events = await self._door.history(principal, document, before, limit)
        return json_reply({"events": events})

    async def _asked(self, request: Request) -> tuple[Principal, DocumentId]:
        principal = await self._doorkeeper.principal(request)
        return principal, DocumentId(principal.tenant, DESIGNS, request.path_params["id"])
