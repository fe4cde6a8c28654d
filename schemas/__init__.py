"""The JSON Schemas of a design, as data: the document, component types in packs, events, samples.

Files, all JSON Schema draft 2020-12 unless said otherwise:
    document.schema.json                            the whole design; `$defs` hold its elements
    expression.schema.json                          what may stand in place of a literal
    components/<pack>/pack.json                     a pack's manifest (not a schema)
    components/<pack>/<Type>/<version>.schema.json  one version of one component type
    events/<name>.schema.json                       what an event hands to its handlers
    samples/<name>.json[.gz]                        whole designs to start from (not schemas)
    api/<area>.json                                 the REST interface, one OpenAPI document in parts

Everything is read from the installed package; nothing is ever fetched by its `$id`.
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from functools import cache
from importlib.resources import files
from typing import Any

__all__ = [
    "DOCUMENT",
    "EXPRESSION",
    "events",
    "load",
    "manifest",
    "openapi",
    "packs",
    "sample",
    "samples",
    "type_versions",
    "versions",
]

DOCUMENT = "document.schema.json"
EXPRESSION = "expression.schema.json"

_ROOT = files(__name__)

_EVERYWHERE = {"401": "SignIn", "403": "Forbidden", "429": "TooOften", "503": "Unavailable"}


@cache
def load(path: str) -> Any:
    """The JSON of one file of this package, named from its root. Shared: never change it.

    Raises FileNotFoundError where there is none.
    """
    return json.loads(_ROOT.joinpath(path).read_text(encoding="utf-8"))


@cache
def openapi() -> Any:
    """The OpenAPI document of the REST interface: `api/openapi.json` and the parts beside it as one.

    A part holds `paths` and `components` of one area and may `$ref` what another part defines. What every operation
    under /api may answer (nobody signed in, not allowed, too often, storage away) need not be said in it. Shared: never
    change it.
    Raises ValueError where two parts define the same thing.
    """
    whole = json.loads((_ROOT / "api/openapi.json").read_text(encoding="utf-8"))
    names = sorted(
        entry.name for entry in (_ROOT / "api").iterdir() if entry.name.endswith(".json")
    )
    for name in names:
        if name == "openapi.json":
            continue
        part = load(f"api/{name}")
        groups = [(whole["paths"], part.get("paths", {}))]
        for kind, defined in part.get("components", {}).items():
            groups.append((whole["components"].setdefault(kind, {}), defined))
        for into, added in groups:
            if twice := into.keys() & added.keys():
                raise ValueError(f"schemas/api/{name} defines {sorted(twice)} again")
            into.update(added)
    for path, operations in whole["paths"].items():
        if path.startswith("/api/") and path != "/api/openapi.json":
            for operation in operations.values():
                for status, name in _EVERYWHERE.items():
                    answer = {"$ref": f"#/components/responses/{name}"}
                    operation["responses"].setdefault(status, answer)
    return whole


def packs() -> list[str]:
    """Names of the packs of component types, `core` first."""
    found = [entry.name for entry in (_ROOT / "components").iterdir() if entry.is_dir()]
    return sorted((name for name in found if name != "__pycache__"), key=lambda n: (n != "core", n))


def manifest(pack: str) -> Any:
    """What a pack says of itself: `types` in the palette's order, `deprecations`, … Shared: never change it."""
    return load(f"components/{pack}/pack.json")


def versions(pack: str, name: str) -> Iterator[tuple[int, Any]]:
    """Every (version, schema) of one type, oldest first."""
    folder = _ROOT / "components" / pack / name
    found = (int(entry.name.partition(".")[0]) for entry in folder.iterdir())
    for version in sorted(found):
        yield version, load(f"components/{pack}/{name}/{version}.schema.json")


def type_versions(pack: str) -> Iterator[tuple[str, int, Any]]:
    """Every (type, version, schema) of a pack, types in the order of its manifest."""
    for name in manifest(pack)["types"]:
        for version, schema in versions(pack, name):
            yield name, version, schema


def events() -> dict[str, Any]:
    """Event name → the schema of what it hands to an expression as `event`."""
    names = (entry.name for entry in (_ROOT / "events").iterdir())
    return {name.partition(".")[0]: load(f"events/{name}") for name in sorted(names)}


def samples() -> list[str]:
    """Names of the sample designs that come with Coweave."""
    names = (entry.name for entry in (_ROOT / "samples").iterdir())
    return sorted(name.partition(".")[0] for name in names if name.endswith((".json", ".json.gz")))


def sample(name: str) -> Any:
    """A sample as saved by the tool that made it (ours, or another's export): a fresh value each time.

    Raises FileNotFoundError where there is none.
    """
    packed = _ROOT / "samples" / f"{name}.json.gz"
    if packed.is_file():
        return json.loads(gzip.decompress(packed.read_bytes()))
    return json.loads((_ROOT / "samples" / f"{name}.json").read_text(encoding="utf-8"))
