"""Names, ids and leftovers that a design can hold."""

import pytest

from server.interchange.fit import Ids, Names, identifier, leftovers, text
from server.interchange.imported import Report


@pytest.mark.parametrize(
    "source, name",
    [("a", "a"), ("1st", "_1st"), ("a b", "a_b"), ("", "D"), (None, "D"), ("__", "D"), ("9" * 80, "_" + "9" * 63),
     ("é", "D")],
)  # fmt: skip
def test_identifier(source: object, name: str) -> None:
    assert identifier(source, "D") == name


def test_names_know_pages_and_the_app() -> None:
    names = Names()
    assert [names.give("p1", "Text1") for _ in range(3)] == ["Text1", "Text2", "Text3"]
    assert names.give("p2", "Text1") == "Text1"
    assert names.give(None, "Text1") == "Text4"
    assert names.give("p2", "Text4") == "Text5"
    assert names.give("p1", "x" * 64) != names.give("p1", "x" * 64)


def test_ids_are_the_same_for_the_same_source_and_never_twice() -> None:
    first, again = Ids(), Ids()
    made = [
        first.new("c", "page", "w1"),
        first.new("c", "page", "w1"),
        first.new("q", "page", "w1"),
    ]
    assert made == [
        again.new("c", "page", "w1"),
        again.new("c", "page", "w1"),
        again.new("q", "page", "w1"),
    ]
    assert len(set(made)) == 3
    assert all(len(id) == 11 for id in made)


def test_leftovers_are_small() -> None:
    report = Report()
    source = {
        "a": 1,
        "long": "x" * 501,
        "deep": [[[[[1]]]]],
        "wide": list(range(65)),
        "odd": {"__proto__": 1},
    }
    assert leftovers(source, report) == {"a": 1}
    assert set(report.dropped) == {"long", "deep", "wide", "odd"}
    many = {f"k{n}": "x" * 100 for n in range(100)}
    assert len(leftovers(many, Report(), limit=1_000)) == 9
    assert len(leftovers({f"k{n}": 1 for n in range(100)}, Report())) == 60


def test_text() -> None:
    assert text("a\0b", 9) == "ab"
    assert text("abc", 2) == "ab"
    assert text(5, 2, "d") == text("", 2, "d") == "d"
    assert text("\ud83d\ude00", 5) == "😀"
