"""What holds in the safe subset, on random documents and ops (SPEC OT81-OT85, OT50, OT132, OT133)."""

import json
from random import Random
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import ot
import ot.safe
from ot import json0
from ot.undo import undo
from tests.ot.generate import Documents

randoms = st.randoms(use_true_random=False)
thorough = settings(
    max_examples=400,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)


def check_convergence(random: Random) -> None:
    """Rule OT81 on one random case; also in the soak."""
    documents = Documents(random, safe=True)
    doc = documents.document()
    a, after_a = documents.op(doc)
    b, after_b = documents.op(doc)
    b_after_a = json0.transform(b, a, "right")
    a_after_b = json0.transform(a, b, "left")
    assert ot.apply(after_a, b_after_a) == ot.apply(after_b, a_after_b), f"{doc} {a} {b}"


@thorough
@given(randoms)
def test_OT81_two_ops_of_one_document_converge(random: Random) -> None:
    check_convergence(random)


@pytest.mark.soak
@pytest.mark.timeout(0)
def test_OT81_two_ops_of_one_document_converge_soak() -> None:
    start = Random().randrange(2**32)
    for seed in range(start, start + 1_000_000):
        try:
            check_convergence(Random(seed))
        except (AssertionError, ot.OpError) as error:
            raise AssertionError(f"seed {seed}") from error


@thorough
@given(randoms)
def test_OT85_what_comes_of_safe_ops_is_safe(random: Random) -> None:
    documents = Documents(random, safe=True)
    doc = documents.document()
    a, after = documents.op(doc)
    b, _ = documents.op(doc)
    c, _ = documents.op(after)
    for op in (
        json0.transform(a, b, "left"),
        json0.transform(a, b, "right"),
        json0.compose(a, c),
        json0.invert(a),
        json0.normalize(a),
    ):
        assert ot.check(op) == op


@thorough
@given(randoms)
def test_OT81_ops_through_a_server_converge(random: Random) -> None:
    # Three people submit ops of one version; each applies their own at once and what the server
    # sends as it comes.
    documents = Documents(random, safe=True)
    doc = documents.document()
    made = [documents.op(doc)[0] for _ in range(3)]
    server, log = doc, []
    for op in made:
        for earlier in log:
            op = json0.transform(op, earlier, "left")
        server = ot.apply(server, op)
        log.append(op)
    for person, op in enumerate(made):
        state = ot.apply(doc, op)
        for number, committed in enumerate(log):
            if number == person:
                op = []
                continue
            state = ot.apply(state, json0.transform(committed, op, "right"))
            op = json0.transform(op, committed, "left")
        assert state == server


@thorough
@given(randoms)
def test_OT82_compose_is_one_after_the_other(random: Random) -> None:
    documents = Documents(random, safe=True)
    doc = documents.document()
    a, after_a = documents.op(doc)
    b, after_b = documents.op(after_a)
    both = json0.compose(a, b)
    assert ot.apply(doc, ot.check(both)) == after_b


@thorough
@given(randoms)
def test_OT83_invert_restores(random: Random) -> None:
    documents = Documents(random, safe=True)
    doc = documents.document()
    op, after = documents.op(doc)
    assert ot.apply(after, ot.check(json0.invert(op))) == doc


@thorough
@given(randoms)
def test_OT84_normalize_changes_no_effect(random: Random) -> None:
    documents = Documents(random, safe=True)
    doc = documents.document()
    op, after = documents.op(doc)
    assert ot.apply(doc, ot.check(json0.normalize(op))) == after


@thorough
@given(randoms)
def test_OT50_inputs_are_never_changed(random: Random) -> None:
    documents = Documents(random, safe=random.random() < 0.5)
    doc = documents.document()
    a, after = documents.op(doc)
    b, _ = documents.op(doc)
    c, _ = documents.op(after)
    before = json.dumps([doc, a, b, c, after])
    for call in (
        lambda: ot.apply(doc, a),
        lambda: ot.apply_npm(doc, a),
        lambda: ot.check(a, loose=True),
        lambda: json0.transform(a, b, "left"),
        lambda: json0.transform(b, a, "right"),
        lambda: json0.compose(a, c),
        lambda: json0.invert(a),
        lambda: json0.normalize(a),
        lambda: undo(a, [b]),
    ):
        try:
            call()
        except ot.OpError:
            pass
        assert json.dumps([doc, a, b, c, after]) == before


@thorough
@given(randoms)
def test_OT50_what_is_not_touched_is_shared(random: Random) -> None:
    documents = Documents(random, safe=True)
    doc = documents.document()
    op, after = documents.op(doc)
    if type(doc) is dict and type(after) is dict:
        touched = {component["p"][0] for component in op if component["p"]}
        for key, value in doc.items():
            if key not in touched and len(op) == len([c for c in op if c["p"]]):
                assert after[key] is value


@thorough
@given(randoms)
def test_OT132_undo_later_leaves_the_others(random: Random) -> None:
    documents = Documents(random, safe=True)
    doc = documents.document()
    op, now = documents.op(doc)
    later, without, back = [], doc, json0.invert(op)
    for _ in range(random.randrange(4)):
        other, now = documents.op(now)
        later.append(other)
        # The same edit by someone who never saw `op`.
        without = ot.apply(without, json0.transform(other, back, "right"))
        back = json0.transform(back, other, "left")
    undone = ot.apply(now, ot.check(undo(op, later)))
    assert undone == without


@thorough
@given(randoms)
def test_OT133_undo_of_undo_is_redo(random: Random) -> None:
    documents = Documents(random, safe=True)
    doc = documents.document()
    op, now = documents.op(doc)
    other, now = documents.op(now)
    back = undo(op, [other])
    undone = ot.apply(now, back)
    assert ot.apply(undone, undo(back, [])) == now


def test_OT131_undo_at_once_restores() -> None:
    for seed in range(200):
        documents = Documents(Random(seed), safe=True)
        doc = documents.document()
        op, now = documents.op(doc)
        assert ot.apply(now, undo(op, [])) == doc


Case = tuple[Any, ot.Op, ot.Op]

# Why the safe subset leaves these out: json0 itself does not converge. Kept so that nobody adds them.
UNSAFE: list[Case] = [
    ({"1": -7}, [{"p": ["1"], "oi": 5}], [{"p": ["1"], "na": 3}]),
    (
        {"a": " a"},
        [{"p": ["a", 0], "si": "x"}],
        [{"p": ["a"], "t": "text0", "o": [{"p": 0, "i": "y"}]}],
    ),
    ({"a": -8}, [{"p": ["a"], "na": 7}], [{"p": ["a"], "na": 0.1}]),
]


def test_OT80_the_unsafe_classes_are_refused_and_for_good_reason() -> None:
    for doc, a, b in UNSAFE:
        with_rules = [ot.safe.refusal(doc, op) for op in (a, b)]
        assert any(with_rules)
        sides = []
        for first, second, side in ((a, b, "right"), (b, a, "left")):
            try:
                after = ot.apply_npm(doc, first)
                sides.append(ot.apply_npm(after, json0.transform(second, first, side)))
            except ot.OpError as error:
                sides.append(error.reason)
        assert sides[0] != sides[1]
