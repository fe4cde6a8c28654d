"""Two edits of one file become one where they do not touch; where they do, a person is asked."""

import copy
import json
import random
from typing import Any

import pytest

from server.interchange.merge import ABSENT, merge, merge_texts, told

from .corpus import CORPUS, read

BASE: dict[str, Any] = {
    "name": "T", "props": {"a": 1, "b": {"c": "x", "d": True}}, "rows": [{"id": "1", "v": 1}, {"id": "2", "v": 2}],
    "paths": [{"key": "a"}, {"key": "b"}], "order": [3, 1, 2],
    "parts": [{"a": 1, "b": 1}], "rooms": [{"a": 1}, [1], {}], "body": "one\ntwo\nthree\nfour\nfive\n",
}  # fmt: skip


def edited(**changes: Any) -> dict[str, Any]:
    return {**copy.deepcopy(BASE), **changes}


@pytest.mark.parametrize(
    "ours, theirs, expected",
    [
        (edited(), edited(), edited()),
        (edited(name="U"), edited(), edited(name="U")),
        (edited(), edited(name="U"), edited(name="U")),
        (edited(name="U"), edited(name="U"), edited(name="U")),
        (edited(name="U"), edited(order=[1]), edited(name="U", order=[1])),
        (edited(props={"a": 2, "b": BASE["props"]["b"]}), edited(props={"a": 1, "b": {"c": "y"}}),
         edited(props={"a": 2, "b": {"c": "y"}})),
        (edited(paths=[{"key": "a"}]), edited(paths=[{"key": "a"}, {"key": "b"}, {"key": "c"}]),
         edited(paths=[{"key": "a"}, {"key": "c"}])),
        (edited(rows=[{"id": "1", "v": 9}, {"id": "2", "v": 2}]), edited(rows=[{"id": "2", "v": 2}, {"id": "3"}]),
         None),
        (edited(rows=[{"id": "0"}, *BASE["rows"]]), edited(rows=[*BASE["rows"], {"id": "3"}]),
         edited(rows=[{"id": "0"}, *BASE["rows"], {"id": "3"}])),
        (edited(rows=[BASE["rows"][1], BASE["rows"][0]]), edited(rows=[{"id": "1", "v": 7}, BASE["rows"][1]]),
         edited(rows=[BASE["rows"][1], {"id": "1", "v": 7}])),
        (edited(body="ONE\ntwo\nthree\nfour\nfive\n"), edited(body="one\ntwo\nthree\nfour\nFIVE\nsix\n"),
         edited(body="ONE\ntwo\nthree\nfour\nFIVE\nsix\n")),
        (edited(parts=[{"a": 2, "b": 1}]), edited(parts=[{"a": 1, "b": 2}]), edited(parts=[{"a": 2, "b": 2}])),
        (edited(rooms=[{"a": 2}, [1], {}]), edited(rooms=[{"a": 1}, [2], {}]), edited(rooms=[{"a": 2}, [2], {}])),
        (edited(rooms=[[1], {"a": 1}, {}]), edited(rooms=[{"a": 2}, [1], {}]), None),
        (edited(name="U"), edited(name="V"), None),
        (edited(order=[1, 2]), edited(order=[2, 1]), None),
        (edited(body="ONE\ntwo\nthree\nfour\nfive\n"), edited(body="uno\ntwo\nthree\nfour\nfive\n"), None),
        (edited(props={}), edited(props={"a": 5, "b": BASE["props"]["b"]}), None),
        (edited(name=True), edited(name=1), None),
    ],
)  # fmt: skip
def test_merge(ours: Any, theirs: Any, expected: Any) -> None:
    before = json.dumps([BASE, ours, theirs])
    result = merge(BASE, ours, theirs)
    if expected is None:
        assert len(result.conflicts) == 1
    else:
        assert (result.conflicts, result.value) == ((), expected)
    assert json.dumps([BASE, ours, theirs]) == before


def test_files_that_come_and_go() -> None:
    assert merge(ABSENT, {"a": 1}, {"b": 2}).value == {"a": 1, "b": 2}
    assert len(merge(ABSENT, {"a": 1}, {"a": 2}).conflicts) == 1
    assert merge({"a": 1}, ABSENT, {"a": 1}).value is ABSENT
    assert len(merge({"a": 1}, ABSENT, {"a": 2}).conflicts) == 1


def test_what_the_editor_works_out_is_no_conflict() -> None:
    base = {"originalTopRow": 1, "text": "a"}
    result = merge(base, {"originalTopRow": 2, "text": "a"}, {"originalTopRow": 3, "text": "b"})
    assert (result.value, result.conflicts) == ({"originalTopRow": 2, "text": "b"}, ())


@pytest.mark.parametrize("indent", [None, 2, "\t"])
def test_texts_keep_their_form(indent: Any) -> None:
    def text(value: Any) -> str:
        separators = (",", ":") if indent is None else (",", ": ")
        return json.dumps(value, indent=indent, ensure_ascii=False, separators=separators) + "\n"

    merged, conflicts = merge_texts(text(BASE), text(edited(name="Ü")), text(edited(order=[])))
    assert (merged, conflicts) == (text(edited(name="Ü", order=[])), ())


def test_a_conflict_stands_between_marks() -> None:
    def text(value: Any) -> str:
        return json.dumps(value, indent=2)

    base = {"a": 1, "b": {"c": 1}, "z": 0}
    merged, conflicts = merge_texts(
        text(base), text({**base, "a": 2, "z": 1}), text({**base, "a": {"x": 1}})
    )
    assert len(conflicts) == 1 and told(conflicts[0]) == 'a: ours 2, theirs {"x": 1} (was 1)'
    assert merged == (
        '{\n<<<<<<< ours\n  "a": 2,\n=======\n  "a": {\n    "x": 1\n  },\n>>>>>>> theirs\n'
        '  "b": {\n    "c": 1\n  },\n  "z": 1\n}'
    )


def test_conflicts_of_a_file_on_one_line_are_its_two_lines() -> None:
    base = {"a": 1, "b": 1, "list": [{"id": "1", "x": 1}], "same": 0}
    ours = {"a": 2, "b": 2, "list": [{"id": "1", "x": 2}], "same": 1}
    theirs = {"a": 3, "list": [{"id": "1", "x": 3, "y": 1}], "same": 0}
    for separators in ((",", ":"), (", ", ": ")):
        texts = [json.dumps(each, separators=separators) for each in (base, ours, theirs)]
        merged, conflicts = merge_texts(*texts)
        assert [each.path for each in conflicts] == [("a",), ("b",), ("list", 0, "x")]
        first, mine, middle, other, last = merged.split("\n")
        assert (first[:7], middle, last[:7]) == ("<<<<<<<", "=======", ">>>>>>>")
        rest = {"list": [{"id": "1", "x": 2, "y": 1}], "same": 1}
        assert mine == json.dumps({"a": 2, "b": 2, **rest}, separators=separators)
        rest = {"list": [{"id": "1", "x": 3, "y": 1}], "same": 1}
        assert other == json.dumps({"a": 3, **rest}, separators=separators)


def test_escapes_stay_escapes() -> None:
    base = '{\n  "a": "\\u00e9",\n  "b": 1\n}'
    merged, _ = merge_texts(base, base.replace("1", "2"), base.replace('"b"', '"c": 3,\n  "b"'))
    assert "\\u00e9" in merged and json.loads(merged) == {"a": "é", "b": 2, "c": 3}


def test_what_is_no_json_is_refused() -> None:
    for text in ("{", '{"a": 1, "a": 2}', "x"):
        with pytest.raises(ValueError):
            merge_texts("{}", text, "{}")


def random_json(rng: random.Random, depth: int = 3) -> Any:
    if depth and rng.random() < 0.6:
        return {rng.choice("abcdef"): random_json(rng, depth - 1) for _ in range(rng.randrange(5))}
    return rng.choice([1, 2, "x", "y", True, None, [1, 2], []])


def leaves(value: Any, path: tuple[str, ...] = ()) -> list[tuple[tuple[str, ...], Any]]:
    if isinstance(value, dict) and value:
        return [each for key, inner in value.items() for each in leaves(inner, (*path, key))]
    return [(path, value)]


@pytest.mark.parametrize("seed", range(300))
def test_edits_of_different_properties_always_merge(seed: int) -> None:
    rng = random.Random(seed)
    base = {"root": random_json(rng, 4), "same": 1}
    places = leaves(base)
    rng.shuffle(places)
    half = len(places) // 2
    sides = []
    wanted = copy.deepcopy(base)
    for chosen in (places[:half], places[half:]):
        side = copy.deepcopy(base)
        for path, _ in chosen[:3]:
            for target in (side, wanted):
                holder: Any = target
                for step in path[:-1]:
                    holder = holder[step]
                holder[path[-1]] = f"new {'/'.join(path)}"
        sides.append(side)
    for ours, theirs in (sides, sides[::-1]):
        result = merge(base, ours, theirs)
        assert (result.value, result.conflicts) == (wanted, ())
    assert merge(base, sides[0], base).value == sides[0]
    assert merge(base, base, sides[1]).value == sides[1]


@pytest.mark.skipif(not CORPUS.is_dir(), reason="the corpus of real exports is not here")
@pytest.mark.parametrize("name", ["82f8e96d", "90f6e934"])
def test_real_merges(name: str) -> None:
    """What people made of real merges differs from ours only where both sides had changed, or they chose anew."""
    (folder,) = (CORPUS / "merges").glob(f"*{name}")
    base, left, right, merged = (
        read(folder / f"{side}.json.gz") for side in ("base", "left", "right", "merged")
    )
    result = merge(base, left, right)
    conflicting = {conflict.path for conflict in result.conflicts}
    both = theirs_alone = 0
    for path, value in leaves(result.value):
        at: Any = merged
        for step in path:
            at = at.get(step, ABSENT) if isinstance(at, dict) else ABSENT
        if at != value:
            touched = any(path[: len(each)] == each for each in conflicting)
            both += touched
            theirs_alone += not touched
    assert theirs_alone <= 0.02 * len(leaves(merged)), (both, theirs_alone, len(conflicting))
