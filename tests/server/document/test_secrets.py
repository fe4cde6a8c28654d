"""What looks like a password or a key does not come into a data source by an edit."""

from __future__ import annotations

import re
from typing import Any

import pytest

import schemas
from server.document.design import Design
from server.document.model import new_design
from server.document.secrets import FORMS
from server.errors import Code, DesignError
from server.types.registry import TypeRegistry

TYPES = TypeRegistry.load()
# Spelt apart, so that nobody's scanner takes this file for a leak.
SECRETS = [
    "AKIA" + "ABCDEFGHIJ234567",
    "ghp" + "_" + "a" * 36,
    "sk_" + "live_" + "0" * 24,
    "xoxb" + "-1234567890-abc",
    "-----BEGIN " + "RSA PRIVATE KEY-----\nMII",
    "AIza" + "b" * 35,
    "cwt." + "acme.t" + "0" * 16 + "." + "A" * 43,
    "postgresql://me:" + "hunter22@db.example.org/x",
]
HARMLESS = [
    "https://example.org/a:b@c",
    "https://{{user}}:{{password}}@example.org",
    "SELECT * FROM claims",
    "ghp_short",
    "-----BEGIN PUBLIC KEY-----",
    "",
]


def code(value: Any, key: str = "note") -> Code | None:
    document = new_design("Claims")
    document["dataSources"] = {"d1": {"name": "db", "kind": "rest", "config": {}}}
    draft = Design.from_json(document, TYPES, strict=False).draft()
    try:
        draft.apply([{"p": ["dataSources", "d1", "config", key], "oi": value}])
    except DesignError as error:
        assert "stay out of a design" in error.message
        assert not any(secret in str(error.details) + error.message for secret in SECRETS)
        return error.code
    return None


def test_the_schema_has_the_same_list() -> None:
    open_value = schemas.load(schemas.DOCUMENT)["$defs"]["open"]
    assert open_value["anyOf"][1]["not"]["pattern"] == FORMS


@pytest.mark.parametrize("secret", SECRETS)
def test_what_looks_like_a_secret_is_refused(secret: str) -> None:
    assert re.search(FORMS, secret)
    assert code(secret) is Code.INVALID
    assert code({"deep": [f"x {secret} y"]}) is Code.INVALID


@pytest.mark.parametrize("value", [*HARMLESS, 5, None, True, {"$secret": "db"}], ids=str)
def test_everything_else_is_taken(value: Any) -> None:
    assert code(value) is None


def test_what_stands_under_a_secrets_name_is_refused() -> None:
    assert code("x", "password") is Code.INVALID
    assert code({"$secret": "db"}, "password") is None
