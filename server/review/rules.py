"""What a design asks of a merge and of a release: its rules, read from and written as JSON."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from ot.types import Json

from ..check.findings import RULES, Level
from ..document.model import SECTIONS, Element
from ..errors import Code, DesignError

__all__ = [
    "MAX_APPROVALS",
    "MAX_ENVIRONMENTS",
    "MAX_OWNERS",
    "Environment",
    "Owners",
    "Rules",
]

MAX_APPROVALS: Final = 20
MAX_OWNERS: Final = 200
"""Entries, and elements or people in each."""
MAX_ENVIRONMENTS: Final = 20

_ENVIRONMENT: Final = re.compile(r"[a-z][a-z0-9-]{0,31}")
_PERSON: Final = re.compile(r"[\w.:@-]{1,200}")
_LEVELS: Final = frozenset(level.name.lower() for level in Level)


@dataclass(frozen=True, slots=True)
class Owners:
    """Who is asked when one of these elements, or what is inside them, changes. One of them is enough."""

    elements: tuple[Element, ...]
    people: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Environment:
    """`needs_approval`: only approved content is released to it."""

    name: str
    needs_approval: bool


_ENVIRONMENTS: Final = (
    Environment("dev", False),
    Environment("staging", False),
    Environment("production", True),
)


@dataclass(frozen=True, slots=True)
class Rules:
    """`checks`: levels and rules of the check of which a merged design must have no finding."""

    approvals: int = 0
    owners: tuple[Owners, ...] = ()
    checks: tuple[str, ...] = ()
    environments: tuple[Environment, ...] = _ENVIRONMENTS

    def to_json(self) -> dict[str, Any]:
        """As `changed` takes it."""
        return {
            "approvals": self.approvals,
            "owners": [
                {"elements": list(each.elements), "people": list(each.people)}
                for each in self.owners
            ],
            "checks": list(self.checks),
            "environments": [
                {"name": each.name, "needsApproval": each.needs_approval}
                for each in self.environments
            ],
        }

    def changed(self, given: Mapping[str, Json]) -> Rules:
        """With what is given; what is left out stays. Raises: DesignError(MESSAGE_BADLY_FORMED)."""
        rules = self
        if "approvals" in given:
            approvals = given["approvals"]
            if type(approvals) is not int or not 0 <= approvals <= MAX_APPROVALS:
                raise _wrong(f"`approvals` is a whole number from 0 to {MAX_APPROVALS}")
            rules = replace(rules, approvals=approvals)
        if "owners" in given:
            owners = _list(given["owners"], "owners", MAX_OWNERS)
            rules = replace(rules, owners=tuple(_owners(each) for each in owners))
        if "checks" in given:
            checks = _list(given["checks"], "checks", len(RULES) + len(_LEVELS))
            if not all(type(each) is str and (each in RULES or each in _LEVELS) for each in checks):
                raise _wrong("`checks` are levels (error, warning, note) and rules of the check")
            rules = replace(rules, checks=tuple(dict.fromkeys(checks)))
        if "environments" in given:
            listed = _list(given["environments"], "environments", MAX_ENVIRONMENTS)
            environments = tuple(_environment(each) for each in listed)
            if len({each.name for each in environments}) < len(environments):
                raise _wrong("Two environments bear one name")
            rules = replace(rules, environments=environments)
        return rules


def _owners(given: Json) -> Owners:
    if type(given) is not dict:
        raise _wrong("Each of `owners` is an object with `elements` and `people`")
    elements = _list(given.get("elements"), "elements", MAX_OWNERS)
    people = _list(given.get("people"), "people", MAX_OWNERS)
    for element in elements:
        section, slash, id = element.partition("/") if type(element) is str else ("", "", "")
        if section not in SECTIONS or not slash or not id:
            raise _wrong("An owned element is called as in `components/c1`")
    if not elements or not people:
        raise _wrong("Owners are people of elements: one at least of each")
    if not all(type(person) is str and _PERSON.fullmatch(person) for person in people):
        raise _wrong("`people` are ids")
    return Owners(tuple(dict.fromkeys(elements)), tuple(dict.fromkeys(people)))


def _environment(given: Json) -> Environment:
    name = given.get("name") if type(given) is dict else None
    needs_approval = given.get("needsApproval", False) if type(given) is dict else None
    if type(name) is not str or not _ENVIRONMENT.fullmatch(name):
        raise _wrong("An environment's name has 1 to 32 of a-z, 0-9 and -, a letter first")
    if type(needs_approval) is not bool:
        raise _wrong("`needsApproval` is true or false")
    return Environment(name, needs_approval)


def _list(given: Json, what: str, most: int) -> list[Json]:
    if type(given) is not list or len(given) > most:
        raise _wrong(f"`{what}` is a list of at most {most}")
    return given


def _wrong(message: str) -> DesignError:
    return DesignError(Code.MESSAGE_BADLY_FORMED, message)
