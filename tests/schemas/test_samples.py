"""The samples that come with Coweave are there, valid, and worth looking at."""

import re

import pytest

import schemas
from server.document.design import Design
from server.interchange import import_appsmith, sniff
from server.types import TypeRegistry

TYPES = TypeRegistry.load()


def opened(name: str) -> Design:
    data = schemas.sample(name)
    if sniff(data) == "appsmith":
        data = import_appsmith(data).document
    return Design.from_json(data, TYPES)


@pytest.mark.parametrize("name", schemas.samples())
def test_sample_is_a_valid_design(name: str) -> None:
    design = opened(name)
    assert design.faults() == []
    assert design.name


def test_which_samples_there_are() -> None:
    assert schemas.samples() == ["appsmith-crud", "claims-intake"]
    assert schemas.sample("claims-intake") is not schemas.sample("claims-intake")


def test_claims_intake_shows_what_there_is() -> None:
    document = schemas.sample("claims-intake")
    assert len(document["components"]) >= 60
    assert len(document["pages"]) >= 4
    assert len(document["queries"]) >= 10 and len(document["scripts"]) >= 3
    used = {component["type"] for component in document["components"].values()}
    assert used <= {each.type for each in TYPES if each.pack == "core"} and len(used) >= 15
    assert sum("sample" in query for query in document["queries"].values()) >= 8
    assert "$secret" in str(document["dataSources"])


def test_expressions_of_claims_intake_name_what_is_there() -> None:
    document = schemas.sample("claims-intake")
    names = {
        each["name"]
        for section in ("components", "queries", "scripts")
        for each in document[section].values()
    }
    known = names | {"navigateTo", "event", "page", "this"}
    found = set()
    for component in document["components"].values():
        for expression in re.findall(
            r"{{(.*?)}}", str([component["props"], component.get("events")])
        ):
            found |= set(re.findall(r"(?<![\w.'])([A-Za-z_]\w*)(?=[.(])", expression))
    assert found - known == set()
    assert len(found) > 15


def test_no_sample_holds_personal_sessions() -> None:
    data = schemas.sample("appsmith-crud")
    assert "SESSION=" not in str(data)
    assert import_appsmith(data).report["secrets"]["count"] == 0
