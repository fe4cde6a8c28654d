"""Log lines about requests."""

from __future__ import annotations

from server.web.journal import line, request_fields


def test_a_line_names_the_event_and_its_fields() -> None:
    assert line("op.acked", connection="c1", version=3, code=None) == (
        "op.acked connection=c1 version=3"
    )


def test_what_clients_write_stays_one_short_line() -> None:
    for hostile in ("a b", 'a"b', "a\nb=c", "\x1b[2J", "\u2028", "x" * 5_000, {"p": "secret" * 99}):
        shown = line("e", document=hostile)
        assert shown.isprintable() and shown.isascii() and len(shown) < 600, shown
        assert shown.startswith("e document=")
    assert line("e", d="") == 'e d=""'


def test_an_edit_is_named_by_the_public_part_of_its_src() -> None:
    echo = {"a": "op", "c": "designs", "d": "d1", "v": 1, "seq": 7, "op": [{"p": ["secret"]}]}
    fields = {"action": "op", "document": "designs/d1", "request": "mine:7"}
    assert request_fields({**echo, "src": None}, "mine") == fields
    other = request_fields({**echo, "src": "public.proof"}, "mine")
    assert other == {**fields, "request": "public:7"}


def test_other_requests_are_named_by_what_they_have() -> None:
    assert request_fields({"a": "p", "ch": "designs.d1", "p": {"x": 1}}, "mine") == {
        "action": "p",
        "channel": "designs.d1",
    }
    assert request_fields({"a": "nf", "c": "designs", "d": "d1", "id": 4}, "mine") == {
        "action": "nf",
        "document": "designs/d1",
        "request": 4,
    }
    assert request_fields({}, "mine") == {"action": None}
