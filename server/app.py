"""The composition root: settings → adapters → rooms → doors.

Everything that lives as long as the process is opened here, in order, and closed in the opposite
order: doors first (the server has closed its sockets by then), then rooms, which finish what was
submitted, then the committer, which commits what they asked for, then the store.
"""

from __future__ import annotations

import asyncio
import hmac
import secrets
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, ExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route, WebSocketRoute
from starlette.types import ASGIApp
from starlette.websockets import WebSocket

from .auth.provider import Provider
from .bus.memory import MemoryBus
from .bus.redis import RedisBus
from .errors import Code
from .leases.lease import Terms
from .locks.memory import MemoryLocks
from .locks.redis import RedisLocks
from .packs import registry
from .policy.roles import Role
from .ports import Bus, DocumentId, Locks
from .protocol.identity import Identities
from .redis.link import Link, LinkError
from .room.kind import SCRATCH, designs
from .runtime.chronicle import Chronicle
from .runtime.committer import Committer
from .runtime.history import History
from .runtime.lease_desk import LeaseDesk
from .runtime.presence_hub import PresenceHub
from .runtime.registry import Rooms
from .runtime.room_task import Node
from .settings import Settings, SettingsError
from .store import SqlStore, StoreUnfit, claimed
from .types.registry import TypeRegistry
from .web.access import Access
from .web.acts import Acts
from .web.audience import Audience
from .web.branches import BranchRoutes
from .web.budget import Budget
from .web.catalogue import Catalogue
from .web.cluster_key import cluster_key
from .web.comments import CommentRoutes
from .web.connection import Services
from .web.entrance import doors_of, provider_client, provider_of, public_host, sign_in_of
from .web.environments import EnvironmentRoutes
from .web.gate import Gate
from .web.history import HistoryRoutes
from .web.http import Api
from .web.leases import LeaseDoor, LeaseRoutes
from .web.members import MemberRoutes
from .web.metrics import Metrics
from .web.names import Names
from .web.quotas import Quotas
from .web.replies import error_reply
from .web.review.branches import Branches
from .web.review.comments import Comments
from .web.review.contributors import Contributors
from .web.review.desk import Desk, Hashes
from .web.review.environments import Environments
from .web.review.news import News
from .web.review.reviews import Reviews
from .web.reviews import ReviewRoutes
from .web.seats import Seats
from .web.sharing import Sharing, SharingRoutes
from .web.sockets import ShareDBSocket
from .web.static import designer_routes
from .web.versions import Ground
from .web.watch import Watch
from .web.who import Doorkeeper
from .yjs.gateway import Needs
from .yjs.gateways import Gateways
from .yjs.shape import Shape
from .yjs.sockets import YjsSocket

__all__ = ["Backend", "claim", "create_app", "milestone_key", "open_backend", "open_store"]

_GZIP_FROM_BYTES = 1_024
_WATCH_SECONDS = 1.0
"""Between two looks for what the bus has lost: nobody is behind for longer than 2 s (B5)."""


@dataclass(frozen=True, slots=True)
class Backend:
    """Everything of a node but its doors."""

    store: SqlStore
    committer: Committer
    rooms: Rooms
    history: History
    chronicle: Chronicle
    presence: PresenceHub
    leases: LeaseDesk
    types: TypeRegistry
    access: Access
    audience: Audience
    catalogue: Catalogue
    acts: Acts
    names: Names
    desk: Desk
    provider: Provider | None
    doorkeeper: Doorkeeper
    watch: Watch
    gateways: Gateways


def _types(settings: Settings) -> TypeRegistry:
    try:
        return registry(map(Path, settings.packs))
    except (ValueError, OSError) as error:
        raise SettingsError(f"COWEAVE_PACKS: {error}") from None


@asynccontextmanager
async def open_backend(
    settings: Settings, *, client: httpx.AsyncClient | None = None
) -> AsyncIterator[Backend]:
    """A node's backend; the command line uses it without doors.

    Args: client: for requests to the identity provider.
    Raises: `StoreUnavailable` if the database cannot be used now, SettingsError if it never can.
    """
    async with AsyncExitStack() as stack:
        store = await stack.enter_async_context(open_store(settings))
        committer = await stack.enter_async_context(Committer(store))
        types = _types(settings)
        await asyncio.to_thread(lambda: types.etag)  # reads them all: now, not at the first request
        bus, locks = await _open_ties(stack, settings)
        name = f"node-{secrets.token_hex(6)}"
        terms = Terms(settings.lease_idle_seconds * 1_000, settings.lease_grace_seconds * 1_000)
        leases = await stack.enter_async_context(LeaseDesk(store.leases, bus, name, terms))
        node = Node(
            name=name,
            store=store,
            commits=committer,
            locks=locks,
            bus=bus,
            clock=_milliseconds,
            leases=leases,
        )
        kinds = {"designs": designs(types)}
        if settings.scratch:
            kinds["scratch"] = SCRATCH
        compare = _WATCH_SECONDS if store.is_shared else None
        rooms = await stack.enter_async_context(Rooms(node, kinds, watch_seconds=compare))
        presence = await stack.enter_async_context(PresenceHub(bus, name))
        acts = Acts(store.audit, _milliseconds)
        quotas = Quotas(store.tenants)
        access = Access(
            store.designs, store.grants, scratch=settings.scratch, acts=acts, quotas=quotas
        )
        client = await stack.enter_async_context(client or provider_client())
        provider = provider_of(settings, client)
        doors = doors_of(settings, provider)
        doorkeeper = Doorkeeper(
            doors,
            store.people,
            store.accounts,
            store.tokens,
            _milliseconds,
            budget=Budget(settings.requests_per_second, settings.requests_burst),
        )
        watch = await stack.enter_async_context(
            Watch(store.accounts, access, doorkeeper, acts, _milliseconds, quotas)
        )
        names = Names(store.people)
        watch.also(names.forget_tenant)
        watch.also(quotas.forget)
        history = History(store)
        chronicle = await stack.enter_async_context(
            Chronicle(
                name=name,
                store=store,
                chronicle=store.chronicle,
                history=history,
                types=types,
                bus=bus,
            )
        )
        audience = Audience()

        async def protection_changed(document: DocumentId) -> None:
            leases.look_again(document)
            rooms.know_leases(document, (await store.leases.read(document)).live())

        news = await stack.enter_async_context(News(audience, bus, protection_changed))
        needs = Needs(
            rooms=rooms,
            store=store,
            states=store.yjs_states,
            history=history,
            rights=access,
            shape=Shape(types),
            clock=_milliseconds,
        )
        gateways = await stack.enter_async_context(Gateways(needs, presence))
        yield Backend(
            store=store,
            committer=committer,
            rooms=rooms,
            history=history,
            chronicle=chronicle,
            presence=presence,
            leases=leases,
            types=types,
            access=access,
            audience=audience,
            catalogue=Catalogue(
                rooms=rooms,
                designs=store.designs,
                people=store.people,
                grants=store.grants,
                access=access,
                audience=audience,
                types=types,
                acts=acts,
                clock=_milliseconds,
                new_for_all=Role(role) if (role := settings.role_on_new_designs) else None,
            ),
            acts=acts,
            desk=Desk(
                rooms=rooms,
                store=store,
                history=history,
                designs=store.designs,
                records=store.records,
                access=access,
                acts=acts,
                names=names,
                news=news,
                types=types,
                clock=_milliseconds,
                contributors=Contributors(store),
                hashes=Hashes(),
                protection_changed=protection_changed,
            ),
            names=names,
            provider=provider,
            doorkeeper=doorkeeper,
            watch=watch,
            gateways=gateways,
        )


async def _open_ties(stack: AsyncExitStack, settings: Settings) -> tuple[Bus, Locks]:
    """What ties this node to the others. Redis need not be there now, or ever: edits do without."""
    if settings.redis is None:
        own = MemoryBus(), MemoryLocks()
        for adapter in own:
            stack.push_async_callback(adapter.close)
        return own
    try:
        link = Link.parse(settings.redis)
    except LinkError as error:
        raise SettingsError(f"COWEAVE_REDIS {error}") from error
    locks = RedisLocks(link) if settings.write_locks else MemoryLocks()
    stack.push_async_callback(locks.close)
    return await stack.enter_async_context(RedisBus(link)), locks


@contextmanager
def claim(settings: Settings) -> Iterator[None]:
    """Be the one node that serves the database, where there can be only one.

    Raises: SettingsError if another node does.
    """
    with ExitStack() as stack:
        try:
            stack.enter_context(claimed(settings.database))
        except StoreUnfit as error:
            raise SettingsError(str(error)) from error
        yield


@asynccontextmanager
async def open_store(settings: Settings) -> AsyncIterator[SqlStore]:
    """The database, brought to this version's tables. Raises: as `open_backend`."""
    store = SqlStore(settings.database, key=milestone_key(settings))
    try:
        await store.open()
    except StoreUnfit as error:
        raise SettingsError(str(error)) from error
    try:
        yield store
    finally:
        await store.close()


def milestone_key(settings: Settings) -> bytes:
    """What a node seals milestones with: who can only write the database cannot make one.

    Raises: SettingsError if the cluster key cannot be used.
    """
    return hmac.digest(cluster_key(settings), b"coweave milestones", "sha256")


def create_app(settings: Settings, backend: Backend) -> ASGIApp:
    """The doors to an open backend, as one ASGI application.

    Raises: SettingsError if the cluster key cannot be used.
    """
    app = Starlette(
        routes=_routes(settings, backend, Identities(cluster_key(settings))),
        middleware=[Middleware(GZipMiddleware, minimum_size=_GZIP_FROM_BYTES, compresslevel=6)],
        exception_handlers={HTTPException: _http_fault, Exception: _fault},
    )
    app.state.meters = backend.rooms.meters
    return Gate(
        app,
        bind=settings.host,
        hosts=(*settings.allowed_hosts, *public_host(settings)),
        origins=(*settings.allowed_origins, *filter(None, [settings.public_url])),
        proxies=settings.trusted_proxies,
    )


def _routes(settings: Settings, backend: Backend, identities: Identities) -> list[BaseRoute]:
    doorkeeper, accounts = backend.doorkeeper, backend.store.accounts
    names = backend.names
    leases = LeaseDoor(
        desk=backend.leases,
        leases=backend.store.leases,
        rooms=backend.rooms,
        access=backend.access,
        acts=backend.acts,
        names=names,
    )
    services = Services(
        rooms=backend.rooms,
        history=backend.history,
        store=backend.store,
        presence=backend.presence,
        access=backend.access,
        audience=backend.audience,
        leases=leases,
        names=names,
        acts=backend.acts,
        clock=_milliseconds,
    )
    budget = Budget(settings.ops_per_second, settings.ops_burst)
    seats = Seats(settings.connections_per_user, settings.connections)
    socket = ShareDBSocket(services, doorkeeper, backend.watch, identities, budget, seats)
    sign_in: list[Route] = []
    if (provider := backend.provider) is not None:
        sign_in = sign_in_of(
            settings, provider, doorkeeper, accounts, backend.acts, _milliseconds
        ).routes()
    api = Api(
        catalogue=backend.catalogue,
        rooms=backend.rooms,
        store=backend.store,
        history=backend.history,
        types=backend.types,
        doorkeeper=doorkeeper,
        scratch=settings.scratch,
    )
    yjs = YjsSocket(
        backend.gateways,
        doorkeeper,
        backend.watch,
        budget,
        seats,
        services.names,
        backend.audience,
    )
    return [
        WebSocketRoute("/ws/sharedb", socket),
        WebSocketRoute("/ws/yjs/{design}", yjs),
        WebSocketRoute("/{path:path}", _no_such_socket),
        *api.routes(),
        *LeaseRoutes(leases, doorkeeper).routes(),
        *_history(backend, doorkeeper).routes(),
        *_review_routes(backend.desk, doorkeeper),
        *sign_in,
        *_people_routes(backend),
        _metrics(backend, socket, yjs).route(),
        *designer_routes(),
    ]


def _history(backend: Backend, doorkeeper: Doorkeeper) -> HistoryRoutes:
    ground = Ground(
        catalogue=backend.catalogue,
        rooms=backend.rooms,
        store=backend.store,
        entries=backend.store.chronicle,
        labels=backend.store.labels,
        people=backend.store.people,
        history=backend.history,
        chronicle=backend.chronicle,
        types=backend.types,
        acts=backend.acts,
        clock=_milliseconds,
    )
    return HistoryRoutes(ground, doorkeeper)


def _review_routes(desk: Desk, doorkeeper: Doorkeeper) -> list[Route]:
    branches, comments = Branches(desk), Comments(desk)
    return [
        *BranchRoutes(desk, branches, doorkeeper).routes(),
        *ReviewRoutes(desk, Reviews(desk, branches), comments, doorkeeper).routes(),
        *CommentRoutes(desk, comments, doorkeeper).routes(),
        *EnvironmentRoutes(desk, Environments(desk), doorkeeper).routes(),
    ]


def _people_routes(backend: Backend) -> list[Route]:
    """Sharing, members, tokens and the record of acts."""
    store, doorkeeper = backend.store, backend.doorkeeper
    sharing = Sharing(
        designs=store.designs,
        grants=store.grants,
        people=store.people,
        accounts=store.accounts,
        access=backend.access,
        watch=backend.watch,
        acts=backend.acts,
        clock=_milliseconds,
    )
    members = MemberRoutes(
        accounts=store.accounts,
        tokens=store.tokens,
        audit=store.audit,
        access=backend.access,
        watch=backend.watch,
        acts=backend.acts,
        names=backend.names,
        doorkeeper=doorkeeper,
        clock=_milliseconds,
    )
    return [*SharingRoutes(sharing, doorkeeper).routes(), *members.routes()]


def _metrics(backend: Backend, socket: ShareDBSocket, yjs: YjsSocket) -> Metrics:
    rooms, committer, audience = backend.rooms, backend.committer, backend.audience
    return Metrics(
        rooms.meters,
        {
            ("connections", "People's connections, one per open tab."): socket.__len__,
            ("yjs_connections", "Yjs clients that are connected."): yjs.__len__,
            ("outbox_bytes", "Bytes that wait to be read."): lambda: socket.waiting_bytes,
            ("rooms", "Documents that are open in memory."): rooms.__len__,
            ("documents_followed", "Documents that somebody has open."): audience.__len__,
            ("requests_waiting", "Requests that wait for their room."): lambda: rooms.waiting,
            ("commits_waiting", "Batches that wait to be committed."): lambda: committer.waiting,
            ("leases", "Leases in documents that are open here."): backend.leases.__len__,
            (
                "histories_behind",
                "Designs whose history is still to be made.",
            ): backend.chronicle.__len__,
            ("ready", "Whether edits can be committed now."): lambda: rooms.ready,
        },
    )


async def _no_such_socket(websocket: WebSocket) -> None:
    await websocket.send_denial_response(error_reply(404, Code.NOT_FOUND, "There is nothing here"))


async def _http_fault(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    return error_reply(error.status_code, Code.NOT_FOUND, "There is nothing here")


async def _fault(request: Request, error: Exception) -> Response:
    return error_reply(500, Code.UNKNOWN, "Something went wrong on the server")


def _milliseconds() -> int:
    return time.time_ns() // 1_000_000
