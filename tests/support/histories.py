"""Real histories of designs, one document per version; they lie beside the project, where they are."""

from __future__ import annotations

import gzip
import hashlib
import json
import re
from functools import cache
from pathlib import Path
from typing import Any

from server.document.order import keys_between

HISTORIES = Path(__file__).parents[3] / "shared" / "corpus" / "histories"
NAMES = ("appsmith-safeyou-app-GPL3", "grafana-haproxy-Apache2")


@cache
def versions(name: str) -> tuple[dict[str, Any], ...]:
    """The successive versions of one history as designs. Shared: never change them."""
    files = sorted((HISTORIES / name).glob("[0-9]*.json.gz"))
    return tuple(design(json.loads(gzip.decompress(file.read_bytes()))) for file in files)


def design(flat: dict[str, Any]) -> dict[str, Any]:
    """A design from the flat form in which the real ones are kept."""
    pages = {_id(key): {"name": key, **value} for key, value in flat["pages"].items()}
    pages = pages or {"page1": {"name": "Page 1"}}
    found = list(flat["components"].items())
    orders = keys_between(None, None, len(found))
    ranks = dict(zip(sorted(key for key, _ in found), orders, strict=True))
    components = {}
    for key, value in found:
        parent = key.rpartition("/")[0] + "/" + str(value["parent"])
        parent = parent if parent in flat["components"] else str(value["parent"])
        where = (
            {"parent": _id(parent), "slot": value["slot"] or "content"}
            if parent in flat["components"]
            else {"page": _id(value["page"] or "page1"), "slot": "content"}
        )
        # The keys of that form are none of ours; those of both versions must agree.
        order = f"{value['order']}V" if value.get("order") else ranks[key]
        components[_id(key)] = {
            "type": value["type"],
            "typeVersion": value["typeVersion"] or 0,
            "name": value["name"],
            "place": {**where, "order": order},
            "layout": {"desktop": value["layout"]},
            "props": value["props"],
            "events": value["events"],
            "ext": value["ext"],
        }
    return {
        "format": "coweave-design",
        "formatVersion": 1,
        "meta": {"name": "A real design", **flat["meta"]},
        "settings": flat["settings"],
        "theme": flat["theme"],
        "libraries": flat["libs"],
        "pages": pages,
        "components": components,
        **{
            section: {_id(key): value for key, value in flat[section].items()}
            for section in ("queries", "scripts", "dataSources")
        },
    }


def _id(key: str) -> str:
    if re.fullmatch(r"[A-Za-z0-9_-]{1,64}", key):
        return key
    return "x" + hashlib.sha256(key.encode()).hexdigest()[:15]
