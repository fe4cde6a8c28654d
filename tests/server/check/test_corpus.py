"""What the check says of real designs: each finding about references was judged by hand."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from server.check.references import References
from server.interchange import import_from
from server.interchange.appsmith_git import export_from_folder

from ..interchange.corpus import APPSMITH, APPSMITH_GIT, TOOLJET, exports, git_folder, read

JUDGED = json.loads((Path(__file__).parent / "data" / "judged.json").read_text("utf-8"))


def designs() -> Iterator[tuple[str, dict[str, Any]]]:
    for path in (*exports(APPSMITH), *exports(TOOLJET)):
        yield path.name, import_from(read(path)).document
    (archive,) = APPSMITH_GIT.glob("*.tar.gz")
    yield (
        archive.name.removesuffix(".tar.gz"),
        import_from(export_from_folder(git_folder())).document,
    )


@pytest.mark.skipif(not APPSMITH.is_dir(), reason="the corpus of real exports is not here")
def test_every_finding_about_references_was_judged() -> None:
    found = []
    for file, document in designs():
        for each in References(document).findings():
            name = each.message.partition(": ")[2].partition(" is not there")[0]
            is_name = each.rule == "unknown-name"
            path = "/".join(str(step) for step in each.path[2:])
            found.append((file, each.name, path, each.rule, name if is_name else ""))
    judged = [(e["file"], e["element"], e["path"], e["rule"], e["name"]) for e in JUDGED]
    assert sorted(found) == sorted(judged)
    wrong = [each for each in JUDGED if each["verdict"] != "right"]
    assert len(wrong) <= len(JUDGED) / 100
    assert all(each["reason"].endswith(".") for each in JUDGED)
