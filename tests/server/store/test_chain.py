from __future__ import annotations

from dataclasses import replace
from hashlib import sha256
from itertools import pairwise

import pytest

from server.ports import DocumentId, Milestone, NewOp, StoredOp
from server.store.chain import ROOT, checksum, row_hashes

DOCUMENT = DocumentId("acme", "designs", "claims")
OPS = [NewOp("s1", n, "u1", 1_700_000_000_000 + n, b'{"op":[]}') for n in (1, 2, 3)]


def test_ST11_a_hash_as_the_rules_spell_it_out() -> None:
    def number(value: int) -> bytes:
        return value.to_bytes(8, "big", signed=True)

    def field(value: str | bytes) -> bytes:
        raw = value.encode() if isinstance(value, str) else value
        return number(len(raw)) + raw

    def row(before: bytes, version: int, op: NewOp) -> bytes:
        place = b"".join(map(field, DOCUMENT)) + number(version)
        who = field(op.src) + number(op.seq) + field(op.author) + number(op.time)
        return sha256(before + place + who + field(op.body)).digest()

    op = NewOp("s\u00e9\U0001f600", 2**53 - 1, "u1", -5, b"\x00{}")
    first = row(b"\x00" * 32, 0, op)
    assert row_hashes(DOCUMENT, 0, ROOT, [op]) == [first]
    assert row_hashes(DOCUMENT, 0, ROOT, [op, *OPS])[1] == row(first, 1, OPS[0])


def test_ST11_the_encoding_never_changes() -> None:
    # Stored databases hold such hashes: a change here would make every one of them look forged.
    (known,) = row_hashes(DOCUMENT, 0, ROOT, OPS[:1])
    assert known.hex() == "02f6197afab168e38ead2b51956f2be36cec0b71f9c18d7f2c9b65fece6f16fa"


def test_ST10_a_log_can_be_hashed_in_pieces() -> None:
    whole = row_hashes(DOCUMENT, 0, ROOT, OPS)
    assert whole[2:] == row_hashes(DOCUMENT, 2, whole[1], OPS[2:])
    stored = [StoredOp(9, op.src, op.seq, op.author, op.time, op.body) for op in OPS]
    assert row_hashes(DOCUMENT, 0, ROOT, stored) == whole
    assert row_hashes(DOCUMENT, 0, ROOT, []) == []


@pytest.mark.parametrize(
    "op",
    [
        replace(OPS[0], src="s2"),
        replace(OPS[0], seq=2),
        replace(OPS[0], author="u2"),
        replace(OPS[0], time=0),
        replace(OPS[0], body=b'{"op":[]} '),
        # The same bytes, cut elsewhere.
        replace(OPS[0], src="s1\x00", author="1"),
    ],
)
def test_ST10_every_field_counts(op: NewOp) -> None:
    assert row_hashes(DOCUMENT, 0, ROOT, [op]) != row_hashes(DOCUMENT, 0, ROOT, OPS[:1])


def test_ST10_place_and_order_count() -> None:
    places = [
        (DOCUMENT, 0, ROOT),
        (DOCUMENT, 1, ROOT),
        (DOCUMENT, 0, b"\x01" * 32),
        (DocumentId("acm", "edesigns", "claims"), 0, ROOT),
        (DocumentId("acme", "designs", "claim"), 0, ROOT),
    ]
    hashes = [row_hashes(*place, OPS[:1])[0] for place in places]
    assert len(set(hashes)) == len(places)
    assert row_hashes(DOCUMENT, 0, ROOT, OPS)[-1] != row_hashes(DOCUMENT, 0, ROOT, OPS[::-1])[-1]


def test_ST12_a_checksum_is_of_one_place_and_one_body() -> None:
    sums = [
        checksum(DOCUMENT, Milestone(1, b"{}")),
        checksum(DOCUMENT, Milestone(2, b"{}")),
        checksum(DOCUMENT, Milestone(1, b"{ }")),
        checksum(DOCUMENT._replace(tenant="other"), Milestone(1, b"{}")),
    ]
    assert all(a != b for a, b in pairwise(sorted(sums)))
