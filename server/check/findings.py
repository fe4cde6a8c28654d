"""What a check says: findings, each of a rule, and the rules with their help."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import IntEnum
from types import MappingProxyType
from typing import Any, Final

from ot.types import Step

__all__ = ["RULES", "Finding", "Level", "Rule"]


class Level(IntEnum):
    """How bad: a check fails at a level and above."""

    NOTE = 1
    WARNING = 2
    ERROR = 3

    @classmethod
    def of(cls, name: str) -> Level:
        return cls[name.upper()]

    def __str__(self) -> str:
        return self.name.lower()


@dataclass(frozen=True, slots=True)
class Rule:
    """`title` names what is wrong, `help` says what it leads to and how to mend it."""

    id: str
    level: Level
    title: str
    help: str


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong. `path` leads from the root of the document to the value at fault.

    `offset` is where in that text, in characters; None: the whole value. `name` is the element's.
    """

    rule: str
    level: Level
    element: str
    name: str
    path: tuple[Step, ...]
    message: str
    fix: str = ""
    offset: int | None = None
    details: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}), compare=False)

    def fingerprint(self, design: str) -> str:
        """The same for the same thing after edits elsewhere: by names, not by ids or lines."""
        steps = [str(step) for step in self.path[2:]]
        kind = self.element.partition("/")[0]
        whole = "\0".join((design, self.rule, kind, self.name, *steps, self.message))
        return hashlib.sha256(whole.encode("utf-8", "replace")).hexdigest()[:32]


def _rules(*rules: tuple[str, Level, str, str]) -> Mapping[str, Rule]:
    return MappingProxyType({id: Rule(id, level, title, help) for id, level, title, help in rules})


RULES: Final = _rules(
    ("schema", Level.ERROR, "Does not fit its schema",
     "The value has another form than its type declares; the app may ignore it or fail. Give it the form that the "
     "message names."),
    ("parent", Level.ERROR, "Stands in a component that is not there", "Move it into one that is there, or delete it."),
    ("cycle", Level.ERROR, "Stands inside itself", "Move it out of its own contents."),
    ("depth", Level.ERROR, "Stands too deep", "Put fewer containers around it."),
    ("slot", Level.ERROR, "Stands where its parent does not take it", "Move it to a slot that takes its type."),
    ("order", Level.ERROR, "Has no order among its siblings", "Move it once, or run `coweave format`."),
    ("dangling-id", Level.ERROR, "Refers to something that is not there",
     "The page, data source or element was deleted. Choose another one."),
    ("duplicate-name", Level.ERROR, "Two elements bear one name",
     "Expressions cannot tell them apart. Rename one of the two."),
    ("unknown-name", Level.ERROR, "An expression uses a name that is not there",
     "Nothing on this page, nothing app-wide and nothing of the tool has that name: the expression is undefined when "
     "the app runs. Correct the name, or add what it names."),
    ("syntax", Level.WARNING, "An expression is not JavaScript", "The app cannot run it. Mend it where the error is."),
    ("dependency-cycle", Level.ERROR, "Values depend on each other in a circle",
     "None of them can be worked out. Take one of the references out."),
    ("unknown-type", Level.NOTE, "A component of a type that is not known",
     "It is kept as it is, and not checked. Add the pack that declares it, or ignore this."),
    ("deprecated-type", Level.WARNING, "A component of a type that is on its way out",
     "Replace it as the message says."),
    ("secret", Level.ERROR, "A secret lies open in the design",
     "Whoever reads the file has it. Take it out, keep it where the app runs, and change it: it is known by now."),
    ("image-description", Level.WARNING, "An image has no description",
     "People who do not see it learn nothing of it. Say in `alt` what it shows."),
    ("field-label", Level.WARNING, "A field has no label",
     "People who do not see the page cannot tell what to enter. Give it a label."),
    ("button-label", Level.WARNING, "A button or link has no text",
     "People who do not see the page cannot tell what it does. Give it a text."),
    ("element-size", Level.WARNING, "An element is very large",
     "Pages that hold it open slowly. Load large data by a query instead of keeping it in the design."),
    ("page-size", Level.NOTE, "A page has very many components", "Split it, or show rows of data by a list."),
)  # fmt: skip
