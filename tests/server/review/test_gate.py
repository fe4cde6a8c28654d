"""Who may approve what, and what stands against a merge."""

from __future__ import annotations

from typing import Any

from server.document.model import new_design
from server.review.gate import (
    APPROVE,
    REQUEST_CHANGES,
    Subject,
    Verdict,
    approvers,
    concerned,
    reasons,
)
from server.review.rules import Owners, Rules

BRANCH = Subject("b1", 7, "sha256:x", frozenset({"ada"}))


def said(
    who: str, verdict: str = APPROVE, version: int = 7, hash: str = "sha256:x", on: str = "b1"
) -> Verdict:
    return Verdict(who, verdict, on, version, hash)


def test_an_approval_is_of_one_document_version_and_content() -> None:
    for wrong in (said("ben", version=6), said("ben", hash="sha256:y"), said("ben", on="b2")):
        assert BRANCH.is_stale(wrong)
        assert approvers(BRANCH, [wrong]) == set()
    assert approvers(BRANCH, [said("ben"), said("ada"), said("eve")]) == {"ben", "eve"}


def test_the_last_word_of_each_counts() -> None:
    assert approvers(BRANCH, [said("ben"), said("ben", REQUEST_CHANGES)]) == set()
    assert approvers(BRANCH, [said("ben", REQUEST_CHANGES), said("ben")]) == {"ben"}
    assert approvers(BRANCH, [said("ben"), said("ben", version=6)]) == set()


def test_what_was_merged_into_it_is_the_same_only_with_the_same_content() -> None:
    main = Subject("d1", 9, "sha256:x", frozenset({"ada"}), frozenset({("b1", 7)}))
    assert approvers(main, [said("ben")]) == {"ben"}
    assert approvers(main, [said("ben", hash="sha256:y")]) == set()
    assert approvers(main, [said("ben", version=6)]) == set()


def rules_of(found: list[Any]) -> list[str]:
    return [reason.rule for reason in found]


def test_reasons() -> None:
    assert reasons(Rules(), BRANCH, []) == []
    assert rules_of(reasons(Rules(approvals=2), BRANCH, [said("ben")])) == ["approvals"]
    assert reasons(Rules(approvals=2), BRANCH, [said("ben"), said("eve")]) == []
    assert rules_of(reasons(Rules(), BRANCH, [], at_least=1)) == ["approvals"]
    asked = [said("eve", REQUEST_CHANGES, version=1), said("ben")]
    assert rules_of(reasons(Rules(approvals=1), BRANCH, asked)) == ["changes-requested"]


def test_one_owner_is_enough_and_those_who_took_part_need_not_be_asked() -> None:
    both = Owners(("pages/p1",), ("ada", "ben"))
    assert rules_of(reasons(Rules(), BRANCH, [], owners=[both])) == ["owners"]
    assert rules_of(reasons(Rules(), BRANCH, [said("ada"), said("eve")], owners=[both])) == [
        "owners"
    ]
    assert reasons(Rules(), BRANCH, [said("ben")], owners=[both]) == []
    assert reasons(Rules(), BRANCH, [], owners=[Owners(("pages/p1",), ("ada",))]) == []


def test_owners_of_what_a_change_is_in_before_or_after() -> None:
    before = new_design("Claims")
    before["components"] = {
        "box": {"place": {"page": "page1"}}, "in": {"place": {"parent": "box"}}, "loop": {"place": {"parent": "loop"}},
    }  # fmt: skip
    after = {**before, "components": {**before["components"], "in": {"place": {"page": "page2"}}}}
    rules = Rules(
        owners=tuple(
            Owners((each,), ("ben",))
            for each in ("components/box", "pages/page1", "pages/page2", "queries/q")
        )
    )

    def found(*changed: str) -> list[str]:
        return [each.elements[0] for each in concerned(rules, changed, before, after)]

    assert found("components/in") == ["components/box", "pages/page1", "pages/page2"]
    assert found("components/box") == ["components/box", "pages/page1"]
    assert found("components/loop") == [] == found("meta")
    assert found("queries/q") == ["queries/q"]
