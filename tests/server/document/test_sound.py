"""The quick way to all faults finds what asking every element finds, whatever is wrong."""

import copy
import random
from typing import Any

import pytest

import schemas
from server.document import sound
from server.document.design import Design
from server.document.state import State
from server.errors import DesignError
from server.interchange import import_appsmith
from server.types import TypeRegistry

TYPES = TypeRegistry.load()
SAMPLES = [
    schemas.sample("claims-intake"),
    import_appsmith(schemas.sample("appsmith-crud")).document,
]
VALUES: list[Any] = [
    *(None, True, 1, 1.0, 7, -0.5, "", "a0", "zz!", "components", [], ["x"], {}, {"page": "page1"}),
    *({"parent": "gone", "slot": "content", "order": "a0"}, {"page": "gone", "slot": "content", "order": "a0"}),
    {"parent": [], "page": {}, "slot": 3, "order": ["a0"]},
]  # fmt: skip


def damaged(document: dict[str, Any], rng: random.Random) -> dict[str, Any]:
    """The design with some values exchanged for others of its own, or for any."""
    made = copy.deepcopy(document)
    for _ in range(rng.randrange(1, 6)):
        section = rng.choice(["components"] * 5 + ["pages", "queries", "scripts", "dataSources"])
        elements = made[section]
        if not elements:
            continue
        ids = sorted(elements)
        element = elements[rng.choice(ids)]
        other = elements[rng.choice(ids)]
        turn = rng.randrange(6)
        key = rng.choice(["name", "type", "typeVersion", "place", "page", "dataSource", "events", "props", "order",
                          "dependencies", "config", "strange"])  # fmt: skip
        if turn == 0:
            element[key] = copy.deepcopy(rng.choice(VALUES))
        elif turn == 1:
            element.pop(key, None)
        elif turn == 2 and key in other:
            element[key] = copy.deepcopy(other[key])
        elif turn == 3 and section == "components":
            place = {"parent": rng.choice(ids), "slot": rng.choice(["content", "footer", "x"])}
            element["place"] = {**place, "order": rng.choice(["a0", "b", "a1V"])}
        elif turn == 4:
            del elements[rng.choice(ids)]
        elif section == "components":
            element["events"] = {
                "e1": {"on": "onClick", "order": rng.choice(["a0", "?"]), "run": "x"}
            }
            element["dependencies"] = [rng.choice(ids), rng.choice(["gone", 5])]
    return made


@pytest.mark.parametrize("seed", range(120))
def test_quickly_found_is_all_that_is_found(seed: int) -> None:
    rng = random.Random(seed)
    document = damaged(SAMPLES[seed % 4 == 0], rng)
    before = copy.deepcopy(document)
    design = Design.from_json(document, TYPES, strict=False)
    assert sound.faults(sound.survey(document), TYPES) == design.faults()
    assert document == before
    state = State()
    state.update({f"components/{id}": each for id, each in document["components"].items()})
    where = sound.standing(document["components"])
    assert {id: where[id] for id in document["components"]} == {
        id: state.where(f"components/{id}") for id in document["components"]
    }


def test_most_damage_is_a_fault() -> None:
    found = 0
    for seed in range(40):
        document = damaged(SAMPLES[0], random.Random(seed))
        found += bool(sound.faults(sound.survey(document), TYPES))
    assert found > 30


def test_what_is_no_design_is_refused() -> None:
    for document in ({"format": "x"}, [], {**SAMPLES[0], "pages": []}):
        with pytest.raises(DesignError):
            sound.survey(document)
    with pytest.raises(DesignError, match="may be"):
        sound.survey(SAMPLES[0], 64_000_000)
