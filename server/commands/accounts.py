"""`coweave token` and `coweave tenant`: for whoever keeps the installation, beside running nodes."""

from __future__ import annotations

import argparse
import asyncio
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from ..errors import DesignError
from ..settings import Settings, SettingsError

if TYPE_CHECKING:
    from ..store import SqlStore

__all__ = ["add_commands"]

Add = Callable[[str, Callable[[argparse.Namespace, Settings], int], str], argparse.ArgumentParser]

QUOTAS: Final = ("bytes", "connections", "designs")
"""What a tenant may have only so much of."""


def add_commands(add: Add) -> None:
    """Add the two commands. `add(name, run, about)` makes a subcommand's parser."""
    token = add("token", _token, "Make, list and revoke service tokens.")
    token.add_argument("--tenant", default="default", help="whose (default: `default`)")
    actions = token.add_subparsers(dest="action", required=True, metavar="ACTION")
    create = actions.add_parser("create", help="make one; prints it, once")
    create.add_argument("name", metavar="NAME")
    create.add_argument(
        "--scope",
        action="append",
        required=True,
        metavar="SCOPE",
        help="create, audit, <role>:* or <role>:<design>; may be repeated",
    )
    create.add_argument("--days", type=int, default=90, help="until it expires (default: 90)")
    actions.add_parser("list", help="all, without their secrets")
    revoke = actions.add_parser("revoke", help="let it in no more, at once on every node")
    revoke.add_argument("id", metavar="ID")

    tenant = add("tenant", _tenant, "Make, list, limit and disable tenants.")
    actions = tenant.add_subparsers(dest="action", required=True, metavar="ACTION")
    create = actions.add_parser("create", help="make one")
    create.add_argument("id", metavar="ID")
    create.add_argument("--name", help="what people call it")
    actions.add_parser("list", help="all")
    for name, about in (
        ("disable", "let nobody of it in, at once on every node"),
        ("enable", "let them in again"),
    ):
        actions.add_parser(name, help=about).add_argument("id", metavar="ID")
    quota = actions.add_parser("quota", help="how much it may have")
    quota.add_argument("id", metavar="ID")
    quota.add_argument(
        "quota", nargs="*", metavar="WHAT=MOST", help=f"{', '.join(QUOTAS)}; none: no limits"
    )


def _token(options: argparse.Namespace, settings: Settings) -> int:
    actions = {"create": _create_token, "list": _list_tokens, "revoke": _revoke_token}
    return _on_store(settings, actions[options.action], options)


def _tenant(options: argparse.Namespace, settings: Settings) -> int:
    actions = {
        "create": _create_tenant,
        "list": _list_tenants,
        "disable": _set_disabled,
        "enable": _set_disabled,
        "quota": _set_quota,
    }
    return _on_store(settings, actions[options.action], options)


def _on_store(
    settings: Settings,
    act: Callable[[SqlStore, argparse.Namespace], Awaitable[int]],
    options: argparse.Namespace,
) -> int:
    from ..app import open_store

    async def run() -> int:
        async with open_store(settings) as store:
            return await act(store, options)

    return asyncio.run(run())


async def _create_token(store: SqlStore, options: argparse.Namespace) -> int:
    from ..auth.issue import new_token

    await _require_tenant(store, options.tenant)
    try:
        token, secret = new_token(
            options.tenant, options.name, options.scope, options.days, "", _now()
        )
    except DesignError as error:
        raise SettingsError(error.message) from error
    await _record(store, options.tenant, "token.create", token.id)
    await store.tokens.add(options.tenant, token)
    print(secret)
    return 0


async def _list_tokens(store: SqlStore, options: argparse.Namespace) -> int:
    for token in await store.tokens.list(options.tenant):
        state = "revoked" if token.revoked_at else f"until {_day(token.expires_at)}"
        if not token.revoked_at and token.expires_at <= _now():
            state = f"expired {_day(token.expires_at)}"
        print(f"{token.id}  {state}  {token.name}: {', '.join(sorted(token.scopes))}")
    return 0


async def _revoke_token(store: SqlStore, options: argparse.Namespace) -> int:
    await _record(store, options.tenant, "token.revoke", options.id)
    if not await store.tokens.revoke(options.tenant, options.id, _now()):
        raise SettingsError(f"There is no token {options.id} that still holds")
    print(f"{options.id} holds no more")
    return 0


async def _create_tenant(store: SqlStore, options: argparse.Namespace) -> int:
    from ..accounts import Tenant
    from ..auth.secret import TENANT_ID

    if not TENANT_ID.fullmatch(options.id):
        raise SettingsError("A tenant's id has 1 to 40 small letters, digits and -")
    made = Tenant(options.id, options.name or options.id, _now())
    if not await store.tenants.add(made):
        raise SettingsError(f"There is a tenant {options.id} already")
    await _record(store, options.id, "tenant.create")
    print(f"Made the tenant {options.id}")
    return 0


async def _list_tenants(store: SqlStore, options: argparse.Namespace) -> int:
    for tenant in await store.tenants.list():
        state = f"disabled {_day(tenant.disabled_at)}" if tenant.disabled_at else "open"
        quotas = ", ".join(f"{name}={most}" for name, most in sorted(tenant.quotas.items()))
        print(f"{tenant.id}  {state}  {tenant.name}{f': {quotas}' if quotas else ''}")
    return 0


async def _set_disabled(store: SqlStore, options: argparse.Namespace) -> int:
    is_disabled = options.action == "disable"
    await _require_tenant(store, options.id)
    await _record(store, options.id, f"tenant.{options.action}")
    await _as_row(store, options.id)
    await store.tenants.set_disabled(options.id, _now() if is_disabled else None)
    print(f"{options.id} is {'disabled' if is_disabled else 'open'}")
    return 0


async def _set_quota(store: SqlStore, options: argparse.Namespace) -> int:
    quotas = {}
    for each in options.quota:
        name, _, most = each.partition("=")
        if name not in QUOTAS or not most.isascii() or not most.isdigit():
            raise SettingsError(f"{each!r} is no quota: one of {', '.join(QUOTAS)}, = and a number")
        quotas[name] = int(most)
    await _require_tenant(store, options.id)
    await _record(store, options.id, "tenant.quota")
    await _as_row(store, options.id)
    await store.tenants.set_quotas(options.id, quotas)
    print(f"{options.id} may have {', '.join(sorted(options.quota)) or 'as much as it wants'}")
    return 0


async def _require_tenant(store: SqlStore, id: str) -> None:
    from ..store.accounts import DEFAULT_TENANT

    if id != DEFAULT_TENANT and await store.tenants.get(id) is None:
        raise SettingsError(f"There is no tenant {id}: `coweave tenant create` makes it")


async def _as_row(store: SqlStore, id: str) -> None:
    """The tenant that is there without having been made gets its row."""
    from ..accounts import Tenant

    await store.tenants.add(Tenant(id, id, _now()))


async def _record(store: SqlStore, tenant: str, action: str, token: str | None = None) -> None:
    from ..ports import AuditEntry

    details = {"by": "command line"} | ({"token": token} if token else {})
    await store.audit.record(AuditEntry(tenant, _now(), "", action, details=details))


def _now() -> int:
    return time.time_ns() // 1_000_000


def _day(ms: int) -> str:
    return datetime.fromtimestamp(ms / 1_000, UTC).date().isoformat()
