"""The indexes of a state: right from any start, through layers, whatever the elements look like."""

import random
from typing import Any

import pytest

from ot.types import Json
from server.document.model import targets_of
from server.document.state import State, Where

from .designs import button, component, inside, on_page, small


def filled(document: Json) -> State:
    state = State()
    state.update(
        {
            f"{section}/{id}": value
            for section in ("pages", "components", "queries", "scripts", "dataSources")
            for id, value in document[section].items()
        }
    )
    return state


def naive(document: dict[str, Json]) -> Any:
    """The indexes worked out the slow and plain way from `element → value`."""
    referrers: dict[str, set[str]] = {}
    for element, value in document.items():
        for target in targets_of(element, value):
            referrers.setdefault(target, set()).add(element)
    where: dict[str, Where] = {}
    for element in document:
        if not element.startswith("components/"):
            continue
        above, depth, seen = element, 0, set()
        while above.startswith("components/") and above in document and above not in seen:
            seen.add(above)
            depth += 1
            above = (*targets_of(above, document[above]), "nowhere")[0]
        if above.startswith("pages/"):
            where[element] = Where(above.partition("/")[2], depth)
    holders: dict[str, dict[str, set[str]]] = {}
    for element, value in document.items():
        section = element.partition("/")[0]
        name = value.get("name") if isinstance(value, dict) else None
        if section not in ("components", "queries", "scripts") or not isinstance(name, str):
            continue
        scope: Any = None
        if section == "components":
            scope = where[element].page if element in where else None
        else:
            scope = value.get("page") or ""
        if isinstance(scope, str):
            holders.setdefault(name, {}).setdefault(scope, set()).add(element)
    return referrers, where, holders


def indexes(state: State) -> Any:
    return (
        state._referrers,
        state._where,
        {name: dict(held) for name, held in state._holders.items()},
    )


def test_indexes_of_a_small_design() -> None:
    state = filled(small())
    assert state.where("components/c3") == Where("p1", 3)
    assert state.referrers("components/c1") == {"components/c2"}
    assert state.referrers("dataSources/d1") == {"queries/q1"}
    assert state.scope("queries/q2") == ""
    assert state.rivals("components/c5", "Button1") == frozenset()
    assert state.rivals("queries/q2", "Button1") == {"components/c3", "components/c5"}
    assert state.rivals("components/c5", "people") == {"queries/q2"}
    assert state.descendants(["components/c1"]) == {"components/c2", "components/c3"}


def test_a_layer_hides_what_is_below_until_it_is_absorbed() -> None:
    state = filled(small())
    before = indexes(filled(small()))
    layer = State(state)
    layer.update({"components/c1": None, "components/c3": button("B", on_page("p2"))})
    assert layer.element("components/c1") is None
    assert layer.where("components/c2") is None
    assert layer.where("components/c3") == Where("p2", 1)
    assert indexes(state) == before
    state.absorb(layer)
    assert "components/c1" not in state._elements
    assert state.where("components/c3") == Where("p2", 1)


def test_a_circle_is_nowhere_and_comes_back() -> None:
    state = filled(small())
    state.update({"components/c1": component("Card", "Card1", inside("c2"))})
    assert [state.where(f"components/c{n}") for n in (1, 2, 3)] == [None] * 3
    assert state.scope("components/c3") is None
    state.update({"components/c1": component("Card", "Card1", on_page("p2"))})
    assert state.where("components/c3") == Where("p2", 3)


@pytest.mark.parametrize("seed", range(6))
def test_random_changes_equal_the_naive_indexes(seed: int) -> None:
    random_ = random.Random(seed)
    ids = [f"c{n}" for n in range(14)]
    values: dict[str, Json] = {}
    ground = State()
    for _ in range(150):
        layers = [ground]
        for _ in range(random_.randrange(1, 4)):
            layers.append(State(layers[-1]))
            changes: dict[str, Json | None] = {}
            for _ in range(random_.randrange(1, 4)):
                changes.update(change(random_, ids))
            changed = layers[-1].update(changes)
            assert {e for e in changed if e.startswith("components/")} <= {
                f"components/{id}" for id in ids
            }
            values.update(changes)
        for layer in reversed(layers[1:]):
            layer._below.absorb(layer)  # type: ignore[union-attr]
        values = {element: value for element, value in values.items() if value is not None}
        assert indexes(ground) == naive(values)
        assert ground._elements == values


def change(random_: random.Random, ids: list[str]) -> dict[str, Json | None]:
    place: Json = random_.choice(
        [inside(random_.choice(ids)), inside(random_.choice(ids)), on_page("p1"), on_page("p2"), None, 5,
         {"parent": 3}, {}]
    )  # fmt: skip
    act = random_.random()
    if act < 0.2:
        return {f"components/{random_.choice(ids)}": None}
    if act < 0.8:
        name: Json = random_.choice(["a", "b", "c", 7])
        return {f"components/{random_.choice(ids)}": component("Card", name, place)}
    if act < 0.85:
        return {f"components/{random_.choice(ids)}": random_.choice([7, [], {}, "x"])}
    page = random_.choice(["p1", None, 3])
    query = {
        "name": random_.choice(["a", "b"]),
        "page": page,
        "dataSource": random_.choice(["d1", None, []]),
    }
    return {f"queries/q{random_.randrange(3)}": random_.choice([query, query, None])}
