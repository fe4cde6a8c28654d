"""The command `coweave`. Each command imports what it needs, so that none waits for the others."""

from __future__ import annotations

import argparse
import dataclasses
import gc
import gzip
import logging
import socket
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .commands import accounts, check, files, types
from .commands.upkeep import add_commands
from .errors import DesignError
from .ports import StoreUnavailable
from .settings import Settings, SettingsError

if TYPE_CHECKING:
    from .app import Backend
    from .policy.rights import Principal

__all__ = ["main"]

_log = logging.getLogger("coweave")

_IMPORTER = "Import"


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command. Returns the exit code: 0 done, 1 not done (one line says why), 2 misused."""
    options = _parser().parse_args(argv)
    try:
        settings = _settings(options)
        _set_up_logging(settings)
        run: Callable[[argparse.Namespace, Settings], int] = options.run
        return run(options, settings)
    except (SettingsError, OSError, DesignError, StoreUnavailable) as error:
        told = error.message if isinstance(error, DesignError) else error
        print(f"coweave: {told}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="coweave", description="Edit one internal app together, live."
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    def command(name: str, run: Callable[..., int], about: str) -> argparse.ArgumentParser:
        sub = commands.add_parser(name, help=about, description=about)
        sub.add_argument("--database", help="SQLAlchemy URL (COWEAVE_DATABASE)")
        sub.set_defaults(run=run)
        return sub

    serve = command("serve", _serve, "Serve the designer and its interfaces.")
    serve.add_argument("--host", help="address to listen on (COWEAVE_HOST)")
    serve.add_argument("--port", type=_port, help="port, 0 for any free one (COWEAVE_PORT)")
    serve.add_argument(
        "--scratch",
        action="store_true",
        default=None,
        help="serve the schema-less collection `scratch` (COWEAVE_SCRATCH)",
    )
    add = command(
        "import", _import, "Make a design from a file or folder: ours, or of Appsmith or ToolJet."
    )
    add.add_argument("file", type=Path, metavar="PATH")
    add.add_argument("--name", help="name of the new design")
    command("migrate", _migrate, "Bring the database to this version's tables.")
    command("samples", _samples, "Load the sample designs if there is no design yet.")
    add_commands(command)
    accounts.add_commands(command)

    def local(name: str, run: Callable[..., int], about: str) -> argparse.ArgumentParser:
        sub = commands.add_parser(name, help=about, description=about)
        sub.set_defaults(run=run)
        return sub

    check.add_commands(local)
    files.add_commands(local)
    types.add_commands(local)
    return parser


def _port(text: str) -> int:
    if not text.isascii() or not text.isdigit() or int(text) > 65_535:
        raise argparse.ArgumentTypeError(f"{text!r} is not a port")
    return int(text)


def _settings(options: argparse.Namespace) -> Settings:
    given: dict[str, Any] = {
        name: value
        for name in ("host", "port", "database", "scratch")
        if (value := getattr(options, name, None)) is not None
    }
    return dataclasses.replace(Settings.from_env(), **given)


def _set_up_logging(settings: Settings) -> None:
    logging.basicConfig(
        level=settings.log_level,
        format="%(asctime)s %(levelname)-7s %(name)s: %(message)s",
        stream=sys.stderr,
    )
    for chatty in ("uvicorn", "alembic"):
        logging.getLogger(chatty).setLevel(logging.WARNING)


def _serve(options: argparse.Namespace, settings: Settings) -> int:
    import asyncio

    from .app import claim
    from .web.server import listen, new_loop

    with (
        claim(settings),
        listen(settings.host, settings.port) as listener,
        asyncio.Runner(loop_factory=new_loop) as runner,
    ):
        runner.run(_serve_until_stopped(settings, listener))
    return 0


async def _serve_until_stopped(settings: Settings, listener: socket.socket) -> None:
    from .app import create_app, open_backend
    from .web.server import serve

    def announce() -> None:
        if settings.is_development:
            _log.warning(
                "development mode: whoever reaches %s is let in under any name they give",
                settings.host,
            )
        host = f"[{settings.host}]" if ":" in settings.host else settings.host
        print(f"Coweave is at http://{host}:{listener.getsockname()[1]}", flush=True)

    async with open_backend(settings) as backend:
        app = create_app(settings, backend)
        # What is loaded by now stays for good, and edits leave no cycles behind: looking for some
        # after every few thousand objects would only walk through all open designs again and again.
        gc.collect()
        gc.freeze()
        gc.set_threshold(50_000, 20, 50)
        await serve(app, listener, announce, ping_seconds=settings.ping_seconds)


def _migrate(options: argparse.Namespace, settings: Settings) -> int:
    import asyncio

    from .app import open_store

    async def migrate() -> None:
        async with open_store(settings):
            print("The database has this version's tables")

    asyncio.run(migrate())
    return 0


def _import(options: argparse.Namespace, settings: Settings) -> int:
    import asyncio

    data = _design_at(options.file)

    async def add(backend: Backend, principal: Principal) -> None:
        made = await backend.catalogue.add(principal, data, options.name)
        print(f"{made.row.name}: /designs/{made.row.id}")
        for kind, count in made.report.get("counts", {}).items():
            print(f"  {kind}: {count}")
        for what in ("repairs", "secrets"):
            if count := made.report.get(what, {}).get("count", 0):
                print(f"  {what}: {count}")

    asyncio.run(_with_backend(settings, add))
    return 0


def _design_at(path: Path) -> Any:
    """The JSON of a file, or the design that a folder is."""
    from .commands.sources import SourceError, read
    from .protocol.codec import read_object
    from .web.http import MAX_IMPORT_BYTES

    if path.is_dir():
        try:
            return read(path).document
        except SourceError as error:
            raise SettingsError(str(error)) from error
    try:
        content = path.read_bytes()
    except OSError as error:
        raise SettingsError(f"{path} cannot be read: {error.strerror}") from error
    if content.startswith(b"\x1f\x8b"):
        with gzip.open(path) as file:
            content = file.read(MAX_IMPORT_BYTES + 1)
    return read_object(content, MAX_IMPORT_BYTES)


def _samples(options: argparse.Namespace, settings: Settings) -> int:
    import asyncio

    import schemas

    async def load(backend: Backend, principal: Principal) -> None:
        for trashed in (False, True):
            if await backend.catalogue.rows(principal, trashed=trashed):
                print("There are designs already: no sample was loaded")
                return
        for name in schemas.samples():
            made = await backend.catalogue.add(principal, schemas.sample(name))
            print(f"{made.row.name}: /designs/{made.row.id}")

    asyncio.run(_with_backend(settings, load))
    return 0


async def _with_backend(settings: Settings, use: Callable[[Backend, Principal], Any]) -> None:
    from .app import open_backend
    from .policy.rights import Kind, Principal
    from .web.who import TENANT

    async with open_backend(settings) as backend:
        person = await backend.store.people.named(TENANT, _IMPORTER)
        await use(backend, Principal(TENANT, person.id, person.name, Kind.SYSTEM))
