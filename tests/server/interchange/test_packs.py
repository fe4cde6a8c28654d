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
from server.interchange.appsmith_git import export_from_folder
from server.types import TypeRegistry

from .corpus import APPSMITH, CORPUS, TOOLJET, exports, git_folder, read

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
    for component in import_from(export_from_folder(git_folder())).document["components"].values():
        yield "git", component


ALL = list(components()) if APPSMITH.is_dir() else []


def test_nearly_all_components_have_a_schema() -> None:
    known = sum(TYPES.get(each["type"], each["typeVersion"]) is not None for _, each in ALL)
    assert len(ALL) == 2_341 + 785
    assert known / len(ALL) >= 0.99


@pytest.mark.parametrize("tool, prefix, count", [("appsmith", "", 20), ("tooljet", "tooljet.", 10)])
def test_the_types_that_people_use_most_are_there(tool: str, prefix: str, count: int) -> None:
    names = [path.stem for path in (CORPUS / "inferred-schemas" / tool).glob("*.json")]
    assert len(names) == count
    assert all(prefix + name in TYPES for name in names)


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
    part = rng.choice([part for part in ("props", "style") if component.get(part)] or ["props"])
    if kind is None or not component[part]:
        return None
    declared = kind.schema["properties"][part]["properties"]
    faulty = copy.deepcopy(component)
    values = faulty[part]
    key = rng.choice(sorted(values))
    turn = rng.choice(["kind", "enum", "key"])
    if turn == "key":
        at = rng.randrange(len(key))
        slip = (
            key[:at] + key[at + 1 :]
            if len(key) > 3 and rng.random() < 0.5
            else key[:at] + "x" + key[at:]
        )
        if slip in declared or slip in values or not slip:
            return None
        values[slip] = values.pop(key)
        return faulty, (part, slip), turn
    if turn == "enum":
        enumerated = [
            k for k in values if '"enum"' in json.dumps(declared[k].get("anyOf", [{}])[0])
        ]
        if not enumerated:
            return None
        key = rng.choice(sorted(enumerated))
        values[key] = rng.choice(["NO_SUCH", "Primary2", "zz"])
        return faulty, (part, key), turn
    wrong: list[Any] = [17, True, None, "banana", ["x", 1], {"x": {"y": 1}}]
    same = {
        str: "banana", bool: True, int: 17, float: 17, list: ["x", 1], dict: {"x": {"y": 1}}, type(None): None,
    }  # fmt: skip
    value, schema = values[key], json.dumps(declared[key])
    wrong.remove(same[type(value)])
    if '"type": "string"' in schema or "$ref" in schema:
        wrong = [each for each in wrong if not isinstance(each, str) or isinstance(value, bool)]
    values[key] = rng.choice(wrong)
    return faulty, (part, key), turn


@pytest.mark.parametrize("tool", ["appsmith", "tooljet"])
def test_planted_single_faults_are_found_at_their_path(tool: str) -> None:
    rng = random.Random(7)
    whole = [
        each
        for _, each in ALL
        if each["type"].startswith("tooljet.") == (tool == "tooljet")
        and VALIDATOR.is_valid("components/c", each)
    ]
    planted_, found, missed = 0, 0, []
    while planted_ < 2_000:
        made = planted(rng.choice(whole), rng)
        if made is None:
            continue
        faulty, path, turn = made
        planted_ += 1
        at = [fault.path[2 : 2 + len(path)] for fault in VALIDATOR.faults("components/c", faulty)]
        if path in at:
            found += 1
        else:
            missed.append((faulty["type"], path, turn, str(faulty[path[0]][path[1]])[:40]))
    assert found / planted_ >= 0.95, (found, planted_, missed[:60])
