"""Make this release's golden database: `python -m tests.golden.make`, once, before a release.

`<version>.sqlite3.gz` is a backup of a small database that this release's own rooms wrote, and
`<version>.json` a hash of each document at each version; `<version>.types.json.gz` holds the schemas of all
component types. None is ever changed afterwards: every later release must open all of the databases
(PROMISES F4), and take what those schemas took.
"""

from __future__ import annotations

import asyncio
import gzip
import hashlib
import json
import random
import tempfile
from pathlib import Path

import schemas
from ot.types import Json
from server import __version__
from server.app import open_backend
from server.document.versioned import TYPE, Create, Delete, Edit
from server.errors import DesignError
from server.policy.rights import Principal
from server.ports import DocumentId
from server.runtime.history import History
from server.settings import Settings
from server.store.backup import back_up, url_of
from tests.sim.edits import design_document, design_edit, scratch_document, scratch_edit

__all__ = ["FOLDER", "SECRET", "TENANT", "digest", "digests"]

FOLDER = Path(__file__).parent
TENANT = "default"
SECRET = "the secret of the golden databases"
EDITS = 200


def digest(type_: str | None, data: Json) -> str:
    """Of a document's state, whatever the order of its keys."""
    text = json.dumps([type_, data], sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()[:24]


async def digests(history: History, document: DocumentId) -> list[str]:
    """Of every version of a document, from 0 on."""
    states = []
    for version in range((await history.snapshot(document)).version + 1):
        state = await history.snapshot(document, version)
        states.append(digest(state.type, state.data))
    return states


async def _write(settings: Settings) -> dict[str, list[str]]:
    """Three designs, one of them in the trash, and a scratch document that was deleted once."""
    chance = random.Random(__version__)
    async with open_backend(settings) as backend:
        person = await backend.store.people.named(TENANT, "Ada Lovelace")
        ada = Principal(TENANT, person.id, person.name)
        catalogue, rooms = backend.catalogue, backend.rooms

        async def edit(document: DocumentId, edit: Edit) -> None:
            try:
                await rooms.submit(document, edit, ada.id)
            except DesignError:
                pass  # a random edit that breaks a rule

        made = await catalogue.add(ada, design_document(), "Edited at random")
        edited = DocumentId(TENANT, "designs", made.row.id)
        for _ in range(EDITS):
            await edit(edited, design_edit(chance, (await rooms.snapshot(edited)).data))
        await catalogue.rename(ada, edited.id, "Edited and renamed")
        sample = await catalogue.add(ada, schemas.sample("claims-intake"))
        await catalogue.trash(ada, (await catalogue.duplicate(ada, sample.row.id)).id)

        notes = DocumentId(TENANT, "scratch", "notes")
        for number in range(EDITS):
            if number in (0, 50):
                await edit(notes, Create(TYPE, scratch_document()))
            elif number == 49:
                await edit(notes, Delete())
            else:
                await edit(notes, scratch_edit(chance, (await rooms.snapshot(notes)).data))
        rows = [
            row for trashed in (False, True) for row in await catalogue.rows(ada, trashed=trashed)
        ]
        documents = [DocumentId(TENANT, "designs", row.id) for row in rows] + [notes]
        return {
            f"{document.collection}/{document.id}": await digests(backend.history, document)
            for document in documents
        }


def schemas_of_types() -> bytes:
    """All schemas of types by `<type>@<version>`, packed; the same bytes for the same schemas."""
    found = {
        f"{name}@{version}": schema
        for pack in schemas.packs()
        for name, version, schema in schemas.type_versions(pack)
    }
    return gzip.compress(json.dumps(found, sort_keys=True).encode(), 9, mtime=0)


def main() -> None:
    database = FOLDER / f"{__version__}.sqlite3.gz"
    assert not database.exists(), "a golden database is never made anew"
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        url = url_of(folder / "coweave.sqlite3")
        settings = Settings(database=url, data_dir=folder, secret=SECRET, scratch=True)
        states = asyncio.run(_write(settings))
        back_up(url, folder / "backup", replace=False)
        database.write_bytes(gzip.compress((folder / "backup").read_bytes(), 9, mtime=0))
    told = json.dumps(states, indent=1)
    database.with_name(f"{__version__}.json").write_text(told + "\n", "utf-8")
    database.with_name(f"{__version__}.types.json.gz").write_bytes(schemas_of_types())


if __name__ == "__main__":
    main()
