"""What any release wrote, this one opens: every version of every document (PROMISES A8, F4)."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest

from server import __version__
from server.app import milestone_key, open_backend
from server.document.design import Design
from server.policy.rights import Principal
from server.ports import DocumentId
from server.runtime.history import History
from server.settings import Settings
from server.store import SqlStore
from server.store.backup import url_of
from server.store.verify import verify
from server.types.registry import TypeRegistry

from .make import FOLDER, SECRET, TENANT, digests

RELEASES = sorted(path.name.removesuffix(".sqlite3.gz") for path in FOLDER.glob("*.sqlite3.gz"))


@pytest.fixture(params=RELEASES)
def release(request: pytest.FixtureRequest) -> str:
    version: str = request.param
    return version


@pytest.fixture
def path(release: str, tmp_path: Path) -> Path:
    path = tmp_path / "coweave.sqlite3"
    path.write_bytes(gzip.decompress((FOLDER / f"{release}.sqlite3.gz").read_bytes()))
    return path


@pytest.fixture
def expected(release: str) -> dict[DocumentId, list[str]]:
    told = json.loads((FOLDER / f"{release}.json").read_text("utf-8"))
    return {DocumentId(TENANT, *name.split("/")): states for name, states in told.items()}


def test_this_release_has_left_its_own() -> None:
    assert __version__ in RELEASES, "python -m tests.golden.make"


@pytest.mark.parametrize("secret", [SECRET, "another secret, of 32 characters"])
async def test_F4_every_version_opens(
    path: Path, expected: dict[DocumentId, list[str]], secret: str
) -> None:
    """Also where the secret has changed, so that the snapshots are passed over."""
    async with SqlStore(url_of(path), key=milestone_key(Settings(secret=secret))) as store:
        scratch = next(document for document in expected if document.collection == "scratch")
        kept = await store.milestone(scratch, len(expected[scratch]))
        assert (kept is not None) == (secret == SECRET)
        history = History(store)
        for document, states in expected.items():
            assert len(states) > 1
            assert await digests(history, document) == states, document


async def test_F4_every_version_of_a_design_can_be_shown(
    path: Path, expected: dict[DocumentId, list[str]]
) -> None:
    types = TypeRegistry.load()
    async with SqlStore(url_of(path)) as store:
        for document, states in expected.items():
            if document.collection == "designs":
                for version in range(1, len(states)):
                    state = await History(store).snapshot(document, version)
                    assert Design.from_json(state.data, types, strict=False).to_json() == state.data


async def test_A8_the_chain_and_the_snapshots_hold(
    path: Path, expected: dict[DocumentId, list[str]]
) -> None:
    async with SqlStore(url_of(path)):
        pass  # brings it to this release's tables
    found = {one.document: one for one in verify(url_of(path))}
    assert {document: one.ops + 1 for document, one in found.items()} == {
        document: len(states) for document, states in expected.items()
    }
    assert all(one.faults == () for one in found.values())
    assert sum(one.milestones for one in found.values()) >= 2


async def test_an_upgraded_database_is_written_on(
    path: Path, tmp_path: Path, expected: dict[DocumentId, list[str]]
) -> None:
    settings = Settings(database=url_of(path), data_dir=tmp_path, scratch=True)
    async with open_backend(settings) as backend:
        person = await backend.store.people.named(TENANT, "Ada Lovelace")
        ada = Principal(TENANT, person.id, person.name)
        rows = await backend.catalogue.rows(ada, trashed=False)
        assert len(rows) == 2 and all(row.created_by == ada.id for row in rows), (
            "she is known still"
        )
        for row in rows:
            await backend.catalogue.rename(ada, row.id, f"{row.name}, later")
    for one in verify(url_of(path)):
        assert one.faults == ()
        renamed = one.document.id in {row.id for row in rows}
        assert one.ops + 1 == len(expected[one.document]) + renamed
