"""Connection ids: unguessable, and of use to their owner alone."""

from __future__ import annotations

import secrets

import pytest

from server.protocol.identity import PUBLIC_BYTES, Identities, public_from

IDENTITIES = Identities(b"0123456789abcdef0123456789abcdef")


def test_WP21_an_id_verifies_for_its_owner() -> None:
    public = public_from(secrets.token_bytes(PUBLIC_BYTES))
    whole = IDENTITIES.whole(public, "ann")
    assert whole.startswith(public + ".")
    assert len(whole) <= 64
    assert IDENTITIES.public(whole, "ann") == public


def test_WP21_every_node_with_the_key_agrees() -> None:
    again = Identities(b"0123456789abcdef0123456789abcdef")
    assert again.public(IDENTITIES.whole("a" * 16, "ann"), "ann") == "a" * 16


@pytest.mark.parametrize(
    "id",
    [
        "",
        "x",
        "a" * 16,
        "a" * 16 + ".",
        "a" * 16 + "." + "a" * 22,
        "." + "a" * 22,
        IDENTITIES.whole("a" * 16, "ann")[:-1],
        IDENTITIES.whole("a" * 16, "ann") + "\n",
        IDENTITIES.whole("a" * 16, "ann").replace("a", "b", 1),
        "a" * 16 + ".é" + "a" * 21,
        "x" * 100_000,
    ],
)
def test_WP22_anything_else_does_not(id: str) -> None:
    assert IDENTITIES.public(id, "ann") is None


def test_WP23_nor_for_another_person_or_key() -> None:
    whole = IDENTITIES.whole("a" * 16, "ann")
    assert IDENTITIES.public(whole, "bob") is None
    assert Identities(b"another key, of the same length.").public(whole, "ann") is None
    # The boundary between principal and public part is not up to the client.
    assert IDENTITIES.whole("b" * 16, "anna") != IDENTITIES.whole("a" + "b" * 16, "ann")
