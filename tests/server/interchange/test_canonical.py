"""The same design always gives the same files, and the files the same design."""

import json
import random
from typing import Any

import pytest

import schemas
from server.document.model import new_design
from server.errors import Code, DesignError
from server.interchange import import_appsmith
from server.interchange.canonical import (
    MARK,
    canonical_text,
    design_from_folder,
    folder_from_design,
)


def shuffled(value: Any, rng: random.Random) -> Any:
    if isinstance(value, dict):
        keys = list(value)
        rng.shuffle(keys)
        return {key: shuffled(value[key], rng) for key in keys}
    return [shuffled(each, rng) for each in value] if isinstance(value, list) else value


@pytest.mark.parametrize("name", ["claims-intake", "appsmith-crud"])
def test_out_in_out_is_byte_for_byte_the_same(name: str) -> None:
    sample = schemas.sample(name)
    document = import_appsmith(sample).document if name == "appsmith-crud" else sample
    files = folder_from_design(document)
    again = design_from_folder(files)
    assert again == document
    assert folder_from_design(again) == files
    assert folder_from_design(shuffled(document, random.Random(1))) == files


def test_one_element_is_one_file_and_one_property_one_line() -> None:
    document = schemas.sample("claims-intake")
    files = folder_from_design(document)
    assert sum(path.startswith("components/") for path in files) == len(document["components"])
    id = next(id for id, each in document["components"].items() if "label" in each["props"])
    document["components"][id]["props"]["label"] = "Another"
    after = folder_from_design(document)
    assert [path for path in files if files[path] != after[path]] == [f"components/{id}.json"]
    lines = zip(
        files[f"components/{id}.json"].split("\n"),
        after[f"components/{id}.json"].split("\n"),
        strict=True,
    )
    assert sum(old != new for old, new in lines) == 1


def test_the_form() -> None:
    assert (
        canonical_text({"b": 1, "a": ["é", 1.5, None]})
        == '{\n  "a": [\n    "é",\n    1.5,\n    null\n  ],\n  "b": 1\n}\n'
    )


def test_other_files_are_no_part_of_it() -> None:
    files = folder_from_design(new_design("D"))
    more = {
        "README.txt": "x",
        "components/sub/x.json": "{",
        "components/no id!.json": "{",
        "notes/x.json": "{",
    }
    assert design_from_folder({**files, **more}) == design_from_folder(files)


@pytest.mark.parametrize(
    "path, text, reason",
    [
        (MARK, "{", "design.json is not JSON"),
        ("pages/page1.json", "[]", "pages/page1.json must hold an object"),
        ("theme.json", None, "The file theme.json is missing"),
    ],
)
def test_what_is_wrong_names_its_file(path: str, text: str | None, reason: str) -> None:
    files = folder_from_design(new_design("D"))
    if text is None:
        del files[path]
    else:
        files[path] = text
    with pytest.raises(DesignError, match=reason) as refused:
        design_from_folder(files)
    assert refused.value.code == Code.IMPORT
    assert json.loads(json.dumps(refused.value.details)) == {"path": [path]}
