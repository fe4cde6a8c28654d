"""What the check says of real designs: each finding about references was judged by hand."""

import json
from pathlib import Path

import pytest

from server.check.references import References
from server.interchange import import_from

CORPUS = Path(__file__).parents[4] / "shared" / "corpus" / "designs" / "appsmith-fixtures"
JUDGED = json.loads((Path(__file__).parent / "data" / "judged.json").read_text("utf-8"))


@pytest.mark.skipif(not CORPUS.is_dir(), reason="the corpus of real exports is not here")
def test_every_finding_about_references_was_judged() -> None:
    import gzip

    found = []
    for file in sorted(CORPUS.glob("*.json.gz")):
        document = import_from(json.loads(gzip.decompress(file.read_bytes()))).document
        for each in References(document).findings():
            name = each.message.partition(": ")[2].partition(" is not there")[0]
            is_name = each.rule == "unknown-name"
            path = "/".join(str(step) for step in each.path[2:])
            found.append((file.name, each.name, path, each.rule, name if is_name else ""))
    judged = [(e["file"], e["element"], e["path"], e["rule"], e["name"]) for e in JUDGED]
    assert sorted(found) == sorted(judged)
    wrong = [each for each in JUDGED if each["verdict"] != "right"]
    assert len(wrong) <= len(JUDGED) / 100
    assert all(each["reason"].endswith(".") for each in JUDGED)
