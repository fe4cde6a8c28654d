"""The packs of other tools: they cover what people have, let it pass, and let little else pass."""

import copy
import json
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from server.document.validate import Validator
from server.interchange import import_from
from server.types import TypeRegistry

from .corpus import APPSMITH, TOOLJET, exports, read

TYPES = TypeRegistry.load()
VALIDATOR = Validator(TYPES)
REFUSED = json.loads((Path(__file__).parent / "data" / "refused.json").read_text("utf-8"))

pytestmark = pytest.mark.skipif(
    not APPSMITH.is_dir(), reason="the corpus of real exports is not here"
)


def components() -> Iterator[tuple[str, dict[str, Any]]]:
    for path in (*exports(APPSMITH), *exports(TOOLJET)):
        for component in import_from(read(path)).document["components"].values():
            yield path.name, component


ALL = list(components()) if APPSMITH.is_dir() else []


def test_nearly_all_components_have_a_schema() -> None:
    known = sum(TYPES.get(each["type"], each["typeVersion"]) is not None for _, each in ALL)
    assert len(ALL) == 2_341
    assert known / len(ALL) >= 0.99


def test_those_refused_are_wrong_for_a_reason_that_is_written_down() -> None:
    """Each line of the list: the file, the component, the path, and why that is wrong."""
    found = {
        (name, component["name"], "/".join(map(str, fault.path[2:])))
        for name, component in ALL
        for fault in VALIDATOR.faults("components/c", component)
    }
    assert found == {(each["file"], each["component"], each["path"]) for each in REFUSED}
    assert all(len(each["reason"]) > 20 for each in REFUSED)
    assert len({(each["file"], each["component"]) for each in REFUSED}) / len(ALL) <= 0.01


def planted(
    component: dict[str, Any], rng: random.Random
) -> tuple[dict[str, Any], tuple[Any, ...], str] | None:
    """The component with one fault: a value of the wrong kind, out of an enum, or a key with a slip."""
    kind = TYPES.get(component["type"], component["typeVersion"])
    if kind is None or not component["props"]:
        return None
    declared = kind.schema["properties"]["props"]["properties"]
    faulty = copy.deepcopy(component)
    key = rng.choice(sorted(component["props"]))
    turn = rng.choice(["kind", "enum", "key"])
    value = component["props"][key]
    schema = json.dumps(declared[key])
    if turn == "key":
        at = rng.randrange(len(key))
        slip = (
            key[:at] + key[at + 1 :]
            if len(key) > 3 and rng.random() < 0.5
            else key[:at] + "x" + key[at:]
        )
        if slip in declared or slip in component["props"] or not slip:
            return None
        faulty["props"][slip] = faulty["props"].pop(key)
        return faulty, ("props", slip), turn
    if turn == "enum":
        enumerated = [
            k
            for k in component["props"]
            if '"enum"' in json.dumps(declared[k].get("anyOf", [{}])[0])
        ]
        if not enumerated:
            return None
        key = rng.choice(sorted(enumerated))
        faulty["props"][key] = rng.choice(["NO_SUCH", "Primary2", "zz"])
        return faulty, ("props", key), turn
    wrong: list[Any] = [17, True, None, "banana", ["x", 1], {"x": {"y": 1}}]
    same = {
        str: "banana", bool: True, int: 17, float: 17, list: ["x", 1], dict: {"x": {"y": 1}}, type(None): None,
    }  # fmt: skip
    wrong.remove(same[type(value)])
    if '"type": "string"' in schema or "$ref" in schema:
        wrong = [each for each in wrong if not isinstance(each, str) or isinstance(value, bool)]
    faulty["props"][key] = rng.choice(wrong)
    return faulty, ("props", key), turn


def test_planted_single_faults_are_found_at_their_path() -> None:
    rng = random.Random(7)
    whole = [each for _, each in ALL if VALIDATOR.is_valid("components/c", each)]
    planted_, found, missed = 0, 0, []
    while planted_ < 3_000:
        made = planted(rng.choice(whole), rng)
        if made is None:
            continue
        faulty, path, turn = made
        planted_ += 1
        at = [fault.path[2 : 2 + len(path)] for fault in VALIDATOR.faults("components/c", faulty)]
        if path in at:
            found += 1
        else:
            missed.append((faulty["type"], path, turn, str(faulty["props"][path[1]])[:40]))
    assert found / planted_ >= 0.95, (found, planted_, missed[:60])
