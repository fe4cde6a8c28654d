"""Whether a change may be merged or released: verdicts, and the rules of the design.

An approval is for one version and its content; when either is another, it is stale. Nobody's approval
counts for a change that they contributed to. Of each person the last verdict counts; who has asked for
changes holds the gate until they say otherwise, whatever has changed since.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from ..check.findings import Finding
from ..document.model import Element, targets_of
from .rules import Owners, Rules

__all__ = [
    "APPROVE",
    "REQUEST_CHANGES",
    "Reason",
    "Subject",
    "Verdict",
    "approvers",
    "concerned",
    "reasons",
]

APPROVE: Final = "approve"
REQUEST_CHANGES: Final = "request-changes"

_MOST_TOLD: Final = 50
"""Findings that are listed in one reason."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What somebody said of a version of a document, and of its content."""

    author: str
    verdict: str
    document: str
    version: int
    hash: str


@dataclass(frozen=True, slots=True)
class Subject:
    """What is to be approved: a version, its content, and who has contributed to it.

    `aliases`: other (document, version) with the same content that count as this one: the branch
    that was merged into it.
    """

    document: str
    version: int
    hash: str
    contributors: frozenset[str]
    aliases: frozenset[tuple[str, int]] = frozenset()

    def is_stale(self, verdict: Verdict) -> bool:
        """Was it said of something else?"""
        place = (verdict.document, verdict.version)
        is_here = place == (self.document, self.version) or place in self.aliases
        return not is_here or verdict.hash != self.hash

    def counts(self, verdict: Verdict) -> bool:
        """Is it a valid approval? Only the last verdict of a person is asked about."""
        return (
            verdict.verdict == APPROVE
            and not self.is_stale(verdict)
            and verdict.author not in self.contributors
        )


@dataclass(frozen=True, slots=True)
class Reason:
    """Why not; `rule` says which of the rules is not met."""

    rule: str
    message: str
    details: Mapping[str, Any] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        return {"rule": self.rule, "message": self.message, **self.details}


def approvers(subject: Subject, verdicts: Iterable[Verdict]) -> frozenset[str]:
    """Whose approval is valid. `verdicts` in the order in which they were given."""
    return frozenset(author for author, last in _last(verdicts).items() if subject.counts(last))


def reasons(
    rules: Rules,
    subject: Subject,
    verdicts: Sequence[Verdict],
    *,
    owners: Iterable[Owners] = (),
    findings: Iterable[Finding] = (),
    at_least: int = 0,
) -> list[Reason]:
    """What stands against it; nothing: it may go on.

    Args: owners: of what has changed. findings: of the result. at_least: approvals, whatever the rules say.
    """
    found: list[Reason] = []
    blocking = sorted(
        author for author, last in _last(verdicts).items() if last.verdict == REQUEST_CHANGES
    )
    if blocking:
        message = "Changes were requested and are not approved since"
        found.append(Reason("changes-requested", message, {"by": blocking}))
    valid = approvers(subject, verdicts)
    needed = max(rules.approvals, at_least)
    if len(valid) < needed:
        message = f"{needed} approvals of this version are needed, it has {len(valid)}"
        if needed == 1:
            message = "An approval of this version is needed"
        found.append(Reason("approvals", message, {"needed": needed, "given": len(valid)}))
    for each in owners:
        others = set(each.people) - subject.contributors
        # Where all owners have taken part, they know of it.
        if others and not valid & others:
            message = f"An owner of {', '.join(each.elements[:5])} must approve"
            details = {"elements": list(each.elements), "people": sorted(others)}
            found.append(Reason("owners", message, details))
    failing = [
        each for each in findings if each.rule in rules.checks or str(each.level) in rules.checks
    ]
    if failing:
        told = [
            {"rule": each.rule, "element": each.element, "name": each.name, "message": each.message}
            for each in failing[:_MOST_TOLD]
        ]
        message = f"The check has {len(failing)} findings that must not be"
        found.append(Reason("checks", message, {"count": len(failing), "findings": told}))
    return found


def concerned(
    rules: Rules, changed: Collection[Element], *documents: Mapping[str, Any]
) -> list[Owners]:
    """The entries of `owners` that a change is about: of an element, or of what it stands in, before
    or after."""
    if not rules.owners:
        return []
    around: set[Element] = set()
    for document in documents:
        for element in changed:
            _add_around(document, element, around)
    return [each for each in rules.owners if not around.isdisjoint(each.elements)]


def _add_around(document: Mapping[str, Any], element: Element, around: set[Element]) -> None:
    queue = [element]
    for each in queue:
        if each in around and each != element:
            continue
        around.add(each)
        section, _, id = each.partition("/")
        value = document.get(section, {}).get(id) if id else None
        queue += [target for target in targets_of(each, value) if target not in queue]


def _last(verdicts: Iterable[Verdict]) -> dict[str, Verdict]:
    return {verdict.author: verdict for verdict in verdicts}
