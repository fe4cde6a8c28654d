"""`ot` against npm ot-json0 1.1.0: the same calls, the same answers (SPEC OT90).

Many small cases in batches: Node.js works on one batch while Python works on the one before.
"""

import os
from collections.abc import Callable, Iterator
from random import Random
from typing import Any

import pytest

import ot
from ot import json0, loose
from ot.types import Json, Op, OpError
from tests.ot.generate import Documents, Untied, document
from tests.ot.npm import Npm

CASES = int(os.environ.get("COWEAVE_OT_CASES", "400000"))  # calls: half of them transforms
BATCH = 500

# Where npm leaves the document undefined, edits a character of a text to no effect, or makes text of
# a list, `ot` refuses (SPEC OT75).
REFUSED = {ot.Reason.ROOT_DELETED, ot.Reason.PATH_BLOCKED, ot.Reason.NOT_A_STRING}

Call = list[Any]

OURS: dict[str, Callable[..., Json]] = {
    "transform": json0.transform,
    "compose": json0.compose,
    "invert": json0.invert,
    "normalize": json0.normalize,
    "apply": loose.apply_unbounded,
}


def ours(call: Call) -> list[Json] | OpError:
    try:
        return [OURS[call[0]](*call[1:])]
    except OpError as error:
        return error


def pair(random: Random) -> tuple[Json, Op, Op, Op]:
    """A document, two ops made on it at once, and one made after the first."""
    kind = random.randrange(3)
    if kind == 2:
        untied = Untied(random)
        return document(random), untied.op(), untied.op(), untied.op()
    documents = Documents(random, safe=kind == 0)
    doc = documents.document()
    a, after = documents.op(doc)
    return doc, a, documents.op(doc)[0], documents.op(after)[0]


def calls(random: Random) -> Iterator[Call]:
    while True:
        doc, a, b, c = pair(random)
        yield ["transform", a, b, "left"]
        yield ["transform", b, a, "right"]
        yield ["transform", a, b, "right"]
        yield ["transform", b, a, "left"]
        yield ["compose", a, c]
        yield ["invert", a]
        yield ["normalize", a]
        yield ["apply", doc, a]


def compare(call: Call, theirs: list[Json] | str, seed: str) -> None:
    mine = ours(call)
    if isinstance(mine, OpError):
        if mine.reason not in REFUSED:
            assert isinstance(theirs, str), f"{seed}: {call}: only ours refuses: {mine}; {theirs}"
    else:
        assert mine == theirs, f"{seed}: {call}\n ours {mine}\n npm  {theirs}"
    if call[0] == "apply":
        # What people can do is stricter, and never other.
        for name, done in (("apply", outcome(*call[1:])), ("apply_npm", loosely(*call[1:]))):
            assert done is None or done == theirs, f"{seed}: {name}{call[1:]}: {done}; {theirs}"


def outcome(doc: Json, op: Op) -> list[Json] | None:
    """The document in a list, or None: refused."""
    try:
        return [ot.apply(doc, ot.check(op))]
    except OpError:
        return None


def loosely(doc: Json, op: Op) -> list[Json] | None:
    try:
        return [ot.apply_npm(doc, ot.check(op, loose=True))]
    except OpError:
        return None


def differences(cases: int, seed: int) -> None:
    with Npm() as npm:
        source = calls(Random(seed))
        before: list[Call] = []
        for start in range(0, cases + BATCH, BATCH):
            batch = [next(source) for _ in range(BATCH)] if start < cases else []
            answers = npm.receive() if before else []
            if batch:
                npm.send(batch)
            for at, (call, theirs) in enumerate(zip(before, answers, strict=True)):
                compare(call, theirs, f"seed {seed}, case {start - BATCH + at}")
            before = batch


def test_OT90_equals_npm() -> None:
    differences(CASES, seed=1)


@pytest.mark.soak
@pytest.mark.timeout(0)
def test_OT90_equals_npm_soak() -> None:
    differences(5_000_000, seed=Random().randrange(2**32))
