"""Branches merged into real designs, where the answer is known beforehand."""

from __future__ import annotations

import gzip
import json
import random
from collections import Counter
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import orjson
import pytest

import ot
import schemas
from ot.merge import ABSENT
from server.document.design import Design
from server.document.model import new_design
from server.history.diff import to_op
from server.interchange import import_from
from server.review.merge import Choice, Clash, Merge, Renamed, merge_designs
from server.types.registry import TypeRegistry
from tests.support import histories

TYPES = TypeRegistry.load()
MERGES = histories.HISTORIES.parent / "merges"
CASES = 1_000


@cache
def designs() -> tuple[dict[str, Any], ...]:
    """Real designs: those that come with Coweave, and the histories beside it where they are."""
    found = []
    for name in schemas.samples():
        data = schemas.sample(name)
        found.append(data if "format" in data else import_from(data, None).document)
    if histories.HISTORIES.is_dir():
        found += [histories.versions(name)[-1] for name in histories.NAMES]
    return tuple(found)


@cache
def pages() -> tuple[dict[str, Any], ...]:
    """The same designs page by page."""
    found = []
    for document in designs():
        for page in document["pages"]:
            roots = {
                id
                for id, value in document["components"].items()
                if value["place"].get("page") == page
            }
            on = set().union(*(within(document, id) for id in roots))
            if 5 <= len(on) <= 80:
                components = {id: v for id, v in document["components"].items() if id in on}
                queries = {id: v for id, v in document["queries"].items() if v["page"] == page}
                one = {page: document["pages"][page]}
                found.append(
                    {
                        **document,
                        "pages": one,
                        "components": components,
                        "queries": queries,
                        "scripts": {},
                    }
                )
    return tuple(found)


Path = tuple[Any, ...]


def fresh(value: Any) -> Any:
    """A deep copy."""
    return value if value is ABSENT else orjson.loads(orjson.dumps(value))


def leaves(value: Any, path: Path = ()) -> list[Path]:
    """Paths of all that is no object; a place, set whole, is one."""
    is_place = len(path) == 3 and path[0] == "components" and path[2] == "place"
    if isinstance(value, dict) and value and not is_place:
        return [leaf for key, inner in value.items() for leaf in leaves(inner, (*path, key))]
    return [path]


def at(document: Any, path: Path) -> Any:
    for step in path:
        if not isinstance(document, dict) or step not in document:
            return ABSENT
        document = document[step]
    return document


def put(document: Any, path: Path, value: Any) -> None:
    for step in path[:-1]:
        document = document.setdefault(step, {})
    if value is ABSENT:
        document.pop(path[-1], None)
    else:
        document[path[-1]] = value


@dataclass
class Case:
    """A base, two sides, and what must come of them; `wanted` holds no conflicting path."""

    base: dict[str, Any]
    main: dict[str, Any]
    branch: dict[str, Any]
    wanted: dict[str, Any]
    conflicts: set[Path] = field(default_factory=set)

    def both(self, path: Path, main: Any, branch: Any) -> None:
        put(self.main, path, fresh(main))
        put(self.branch, path, fresh(branch))


def case(seed: int) -> Case:
    rng = random.Random(seed)
    # Whole ones now and then: they take ten times as long.
    base = (
        designs()[seed // 20 % len(designs())] if seed % 20 == 0 else pages()[seed % len(pages())]
    )
    made = Case(base, *(fresh(base) for _ in range(3)))
    parents = {c["place"].get("parent") for c in base["components"].values()}
    alone = [id for id in base["components"] if id not in parents]
    containers = [id for id in base["components"] if id in parents]
    rng.shuffle(alone)
    rng.shuffle(containers)
    touched: set[str] = set()

    # Properties: by one side, by both alike, by both differently.
    paths = [
        p
        for p in leaves(base)
        if len(p) > 1 and p[0] not in ("pages",) and p[-1] not in ("name", "page", "type")
    ]
    for number, path in enumerate(rng.sample(paths, min(len(paths), rng.randrange(1, 12)))):
        if path[-1] == "place" or path[1] in alone[:6] or path[1] in touched:
            continue
        new, other = f"new{seed}x{number}", f"other{seed}x{number}"
        match rng.randrange(5):
            case 0:
                put(made.main, path, new)
                put(made.wanted, path, new)
            case 1:
                put(made.branch, path, new)
                put(made.wanted, path, new)
            case 2:
                made.both(path, new, new)
                put(made.wanted, path, new)
            case 3 if len(path) > 2:
                made.both(path, ABSENT, new)
                made.conflicts.add(path)
            case _:
                made.both(path, new, other)
                made.conflicts.add(path)
        touched.add(path[1])

    # Elements that nothing stands in: moved, deleted, deleted and edited.
    for number, id in enumerate(alone[:6]):
        path = ("components", id)
        moved, elsewhere = (
            {**base["components"][id]["place"], "order": f"a{seed % 7}{n}V"} for n in (1, 2)
        )
        match rng.randrange(6):
            case 0:
                put(made.branch, (*path, "place"), moved)
                put(made.wanted, (*path, "place"), moved)
            case 1:
                made.both((*path, "place"), moved, elsewhere)
                made.conflicts.add((*path, "place"))
            case 2:
                for side in (made.main, made.wanted):
                    put(side, path, ABSENT)
            case 3:
                put(made.main, path, ABSENT)
                put(made.branch, (*path, "props"), {"text": f"edited {number}"})
                made.conflicts.add(path)
            case 4:
                put(made.branch, path, ABSENT)
                put(made.main, (*path, "place"), moved)
                made.conflicts.add(path)
            case _:
                for side in (made.main, made.branch, made.wanted):
                    put(side, path, ABSENT)

    # A container that one side deletes with all that is in it; the other may put something in.
    inside = next(
        (
            c
            for c in containers
            if not touched & within(base, c) and not within(base, c) & set(alone[:6])
        ),
        None,
    )
    if inside is not None and rng.random() < 0.5:
        deleting, other = rng.sample([made.main, made.branch], 2)
        for id in within(base, inside):
            put(deleting, ("components", id), ABSENT)
            put(made.wanted, ("components", id), ABSENT)
        if rng.random() < 0.5:
            put(
                other,
                ("components", "added"),
                component(f"Added{seed}", {"parent": inside, "slot": "content", "order": "a0"}),
            )
            made.conflicts.add(("components", inside))
            for id in [*within(base, inside), "added"]:
                put(made.wanted, ("components", id), ABSENT)

    # Texts: changes of different lines merge, changes of one line do not.
    body = "select *\nfrom claims\nwhere open\norder by id\nlimit 10"
    made.base = fresh(made.base)
    for side in (made.base, made.main, made.branch, made.wanted):
        side["queries"]["q-text"] = {
            "name": f"text{seed}",
            "page": None,
            "kind": "sql",
            "body": body,
            "config": {},
        }
    path = ("queries", "q-text", "body")
    match rng.randrange(3):
        case 0:
            made.both(path, body.replace("10", "20"), body.replace("open", "closed and\npaid"))
            put(made.wanted, path, body.replace("10", "20").replace("open", "closed and\npaid"))
        case 1:
            made.both(path, body.replace("10", "20"), body.replace("10", "30"))
            made.conflicts.add(path)
        case _:
            put(made.branch, path, body + " offset 5")
            put(made.wanted, path, body + " offset 5")

    # Additions of both sides; those of one name on one page: the branch's gets the next free one.
    page = next(iter(base["pages"]))
    place = {"page": page, "slot": "content", "order": "zz"}
    put(made.main, ("components", "mine"), component(f"Fresh{seed}a", place))
    put(made.wanted, ("components", "mine"), component(f"Fresh{seed}a", place))
    name = f"Fresh{seed}a" if rng.random() < 0.2 else f"Fresh{seed}b"
    put(made.branch, ("components", "theirs"), component(name, place, f"{{{{{name}.text}}}}"))
    free = name if name.endswith("b") else f"Fresh{seed}a1"
    put(made.wanted, ("components", "theirs"), component(free, place, f"{{{{{free}.text}}}}"))
    return made


def component(name: str, place: Any, label: str = "x") -> dict[str, Any]:
    return {
        "type": "Text",
        "typeVersion": 1,
        "name": name,
        "place": place,
        "props": {"text": label},
    }


def container(name: str, place: Any) -> dict[str, Any]:
    return {"type": "Container", "typeVersion": 1, "name": name, "place": place, "props": {}}


def within(document: Any, container: str) -> set[str]:
    found = {container}
    while True:
        more = {
            id for id, c in document["components"].items() if c["place"].get("parent") in found
        } - found
        if not more:
            return found
        found |= more


def paths(clashes: tuple[Clash, ...]) -> set[Path]:
    assert len({clash.path for clash in clashes}) == len(clashes)
    return {clash.path for clash in clashes}


def without(document: Any, conflicts: set[Path]) -> Any:
    """The document but for what is in conflict, and what stands in that."""
    left = fresh(document)
    for path in sorted(conflicts, key=len):
        if len(path) == 2 and path[0] == "components":
            for id in within(left, path[1]):
                put(left, ("components", id), ABSENT)
        elif at(left, path[:-1]) is not ABSENT:
            put(left, path, ABSENT)
    return left


@pytest.mark.parametrize("block", range(20))
def test_the_conflicts_are_exactly_those_that_were_made(block: int) -> None:
    for seed in range(block * CASES // 20, (block + 1) * CASES // 20):
        made = case(seed)
        before = orjson.dumps([made.base, made.main, made.branch])
        done = merge_designs(made.base, made.main, made.branch, TYPES)
        assert orjson.dumps([made.base, made.main, made.branch]) == before
        assert paths(done.conflicts) == made.conflicts, seed
        assert without(done.document, made.conflicts) == without(made.wanted, made.conflicts), seed
        for clash in done.conflicts:
            sides = (
                at(made.base, clash.path),
                at(made.main, clash.path),
                at(made.branch, clash.path),
            )
            assert (clash.base, clash.main, clash.branch) == sides, seed


@pytest.mark.parametrize("block", range(10))
def test_each_choice_is_in_the_result_and_nothing_stays_in_conflict(block: int) -> None:
    for seed in range(block * CASES // 10, (block + 1) * CASES // 10, 4):
        made = case(seed)
        rng = random.Random(-seed)
        first = merge_designs(made.base, made.main, made.branch, TYPES)
        choices = {
            clash.path: Choice(rng.choice(("main", "branch")))
            if len(clash.path) == 2 or rng.random() < 0.7
            else Choice("value", f"chosen {seed}")
            for clash in first.conflicts
        }
        done = merge_designs(made.base, made.main, made.branch, TYPES, choices)
        assert done.conflicts == (), seed
        assert {clash.path for clash in done.settled} == set(choices), seed
        for clash in first.conflicts:
            found = at(done.document, clash.path)
            assert found == choices[clash.path](clash.main, clash.branch), (seed, clash.path)
        assert orphans(done.document) <= orphans(made.main) | orphans(made.branch), seed
        assert ot.apply(made.main, to_op(made.main, done.document)) == done.document
        assert ot.apply(made.branch, to_op(made.branch, done.document)) == done.document


def orphans(document: Any) -> set[str]:
    found = set()
    for id, value in document["components"].items():
        place = value["place"]
        if "parent" in place and place["parent"] not in document["components"]:
            found.add(id)
        if "page" in place and place["page"] not in document["pages"]:
            found.add(id)
    return found


def doubles(document: Any) -> Counter[tuple[str, str]]:
    """Names that are borne more than once on a page, by how often."""

    def page(id: str) -> str:
        for _ in range(100):
            place = document["components"][id]["place"]
            if "page" in place:
                return str(place["page"])
            id = place["parent"]
        raise AssertionError

    lost = orphans(document)
    names = Counter(
        (page(id), value["name"])
        for id, value in document["components"].items()
        if not any(each in lost for each in above(document, id))
    )
    return Counter({name: count for name, count in names.items() if count > 1})


def above(document: Any, id: str | None) -> list[str]:
    found: list[str] = []
    while id in document["components"] and id not in found:
        assert id is not None
        found.append(id)
        id = document["components"][id]["place"].get("parent")
    return found


# -- one by one ------------------------------------------------------------------------------------


def small() -> dict[str, Any]:
    document = new_design("Claims")
    document["pages"]["page2"] = {"name": "Page 2", "order": "a1", "settings": {}}
    document["components"] = {
        "box": container("Box", {"page": "page1", "slot": "content", "order": "a0"}),
        "deep": container("Deep", {"parent": "box", "slot": "content", "order": "a0"}),
        "leaf": component("Leaf", {"parent": "deep", "slot": "content", "order": "a0"}),
        "lone": component("Lone", {"page": "page2", "slot": "content", "order": "a0"}),
    }  # fmt: skip
    return document


def without_elements(document: Any, *ids: str) -> dict[str, Any]:
    left: dict[str, Any] = fresh(document)
    for id in ids:
        section, _, key = id.rpartition("/")
        del left[section or "components"][key]
    return left


def merged(main: Any, branch: Any, **choices: str) -> Merge:
    chosen = {("components", id): Choice(take) for id, take in choices.items()}  # type: ignore[arg-type]
    return merge_designs(small(), main, branch, TYPES, chosen)


def test_a_component_put_into_a_deleted_container() -> None:
    main = without_elements(small(), "box", "deep", "leaf")
    branch = small()
    branch["components"]["new"] = component(
        "New", {"parent": "deep", "slot": "content", "order": "a1"}
    )
    (clash,) = merged(main, branch).conflicts
    assert (clash.path, clash.kind, clash.main) == (("components", "deep"), "deleted", ABSENT)
    kept = merged(main, branch, deep="branch")
    assert kept.document["components"].keys() == {"box", "deep", "leaf", "new", "lone"}
    gone = merged(main, branch, deep="main")
    assert gone.document["components"].keys() == {"lone"}
    assert (kept.conflicts, gone.conflicts) == ((), ())
    assert [each.path for each in gone.settled] == [("components", "deep")]


def test_a_component_moved_into_a_deleted_container() -> None:
    main = small()
    main["components"]["lone"]["place"] = {"parent": "box", "slot": "content", "order": "a5"}
    branch = without_elements(small(), "box", "deep", "leaf")
    (clash,) = merged(main, branch).conflicts
    assert (clash.path, clash.branch) == (("components", "box"), ABSENT)
    assert merged(main, branch, box="main").document["components"] == main["components"]
    assert merged(main, branch, box="branch").document["components"] == {}


def test_an_edit_inside_of_what_was_deleted_is_one_conflict_and_keeps_what_is_around_it() -> None:
    main = without_elements(small(), "box", "deep", "leaf")
    branch = small()
    branch["components"]["leaf"]["props"]["text"] = "edited"
    (clash,) = merged(main, branch).conflicts
    assert clash.path == ("components", "leaf")
    kept = merged(main, branch, leaf="branch")
    assert kept.document == branch
    assert merged(main, branch, leaf="main").document == main


def test_what_was_on_a_deleted_page() -> None:
    main = without_elements(small(), "pages/page2", "lone")
    branch = small()
    branch["scripts"]["s1"] = {"name": "sums", "page": "page2", "body": "", "config": {}}
    (clash,) = merged(main, branch).conflicts
    assert clash.path == ("pages", "page2")
    choices = {clash.path: Choice("branch")}
    kept = merge_designs(small(), main, branch, TYPES, choices)
    assert kept.document == branch
    gone = merge_designs(small(), main, branch, TYPES, {clash.path: Choice("main")})
    assert gone.document == main


def test_a_taken_name_is_changed_in_the_references_of_the_branch_only() -> None:
    main, branch = small(), small()
    place = {"page": "page1", "slot": "content", "order": "a7"}
    main["components"]["m"] = component("Total", place)
    main["components"]["m2"] = component("Sum", place, "{{Total.text}}")
    branch["components"]["b"] = component("Total", place)
    branch["components"]["b2"] = component("Other", place, "{{Total.text + 1}}")
    branch["scripts"]["s"] = {"name": "s", "page": None, "body": "", "config": {}}
    done = merged(main, branch)
    assert done.conflicts == ()
    assert done.renamed == (Renamed("components/b", "Total", "Total1"),)
    components = done.document["components"]
    assert components["b"]["name"] == "Total1"
    assert components["b2"]["props"]["text"] == "{{Total1.text + 1}}"
    assert components["m2"]["props"]["text"] == "{{Total.text}}"
    Design.from_json(done.document, TYPES)


def test_one_name_on_two_pages_is_none_too_many() -> None:
    main, branch = small(), small()
    main["components"]["m"] = component(
        "Total", {"page": "page1", "slot": "content", "order": "a7"}
    )
    branch["components"]["b"] = component(
        "Total", {"page": "page2", "slot": "content", "order": "a7"}
    )
    assert merged(main, branch).renamed == ()


def test_one_id_added_twice_is_a_conflict_of_the_whole() -> None:
    main, branch = small(), small()
    place = {"page": "page1", "slot": "content", "order": "a7"}
    main["components"]["x"] = component("One", place)
    branch["components"]["x"] = component("Two", place)
    (clash,) = merged(main, branch).conflicts
    assert (clash.path, clash.kind) == (("components", "x"), "value")
    branch["components"]["x"] = fresh(main["components"]["x"])
    assert merged(main, branch).conflicts == ()


def test_colours_and_names_are_not_mixed() -> None:
    main, branch = small(), small()
    main["components"]["lone"]["style"] = {"color": "#ff0000"}
    branch["components"]["lone"]["style"] = {"color": "#00ff00"}
    (clash,) = merged(main, branch).conflicts
    assert (clash.path, clash.kind) == (("components", "lone", "style", "color"), "value")


@pytest.mark.skipif(not MERGES.is_dir(), reason="the corpus of real merges is not here")
@pytest.mark.parametrize("name", ["82f8e96d", "90f6e934"])
def test_real_merges_bring_no_orphan_and_no_double_name(name: str) -> None:
    (folder,) = MERGES.glob(f"*{name}")
    base, main, branch = (
        histories.design(json.loads(gzip.decompress((folder / f"{side}.json.gz").read_bytes())))
        for side in ("base", "left", "right")
    )
    info = json.loads((folder / "info.json").read_text())
    for one, other in ((main, branch), (branch, main)):
        first = merge_designs(base, one, other, TYPES)
        assert len([c for c in first.conflicts if c.kind == "deleted"]) >= info["delete_vs_edit"]
        for take in ("main", "branch"):
            choices = {clash.path: Choice(take) for clash in first.conflicts}  # type: ignore[arg-type]
            done = merge_designs(base, one, other, TYPES, choices)
            assert done.conflicts == ()
            assert orphans(done.document) <= orphans(one) | orphans(other)
            assert doubles(done.document) <= doubles(one) | doubles(other)
