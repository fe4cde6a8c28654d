"""What the component types of any release took, those of this one take."""

from __future__ import annotations

import gzip
import json
from typing import Any

import pytest

import schemas
from server import __version__
from server.types.compatibility import refusals
from server.types.packs import shared_schemas

from .make import FOLDER

RELEASES = sorted(
    path.name.removesuffix(".types.json.gz") for path in FOLDER.glob("*.types.json.gz")
)
TODAY = {
    (name, version): schema
    for pack in schemas.packs()
    for name, version, schema in schemas.type_versions(pack)
}


def released(release: str) -> dict[tuple[str, int], Any]:
    found = json.loads(gzip.decompress((FOLDER / f"{release}.types.json.gz").read_bytes()))
    return {
        (name, int(version)): schema
        for key, schema in found.items()
        for name, _, version in [key.rpartition("@")]
    }


def test_this_release_has_left_its_own() -> None:
    assert __version__ in RELEASES


@pytest.mark.parametrize("release", RELEASES)
def test_F4_what_a_release_took_is_taken(release: str) -> None:
    told = {
        key: [str(each) for each in lost]
        for key, lost in refusals(released(release), TODAY, shared_schemas()).items()
    }
    assert told == {}


def test_a_narrower_schema_would_be_found() -> None:
    old = released(RELEASES[0])
    narrow = json.loads(json.dumps(old["Text", 1]))
    narrow["properties"]["props"]["properties"].pop("variant")
    assert list(refusals(old, {**TODAY, ("Text", 1): narrow}, shared_schemas())) == [("Text", 1)]
    gone = {key: schema for key, schema in TODAY.items() if key != ("Badge", 1)}
    assert list(refusals(old, gone, shared_schemas())) == [("Badge", 1)]
