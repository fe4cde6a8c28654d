"""Rules of one's own, as data: which elements they are about, and a JSON Schema that these must fit.

{"rules": [{"id": "no-plain-buttons", "level": "warning", "message": "Buttons are primary or secondary.",
            "section": "components", "type": "Button",
            "schema": {"properties": {"props": {"properties": {"variant": {"enum": ["primary", "secondary"]}}}}}}]}
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import jsonschema_rs

from ot.types import Json

from ..errors import Code, DesignError
from .findings import Finding, Level

__all__ = ["OwnRule", "own_rules"]

_ID = re.compile(r"[a-z0-9][a-z0-9-]{0,63}")
_SECTIONS = ("pages", "components", "queries", "scripts", "dataSources")


@dataclass(frozen=True, slots=True)
class OwnRule:
    """One rule: elements of `section` (of type `type`, if one is named) must fit the schema."""

    id: str
    level: Level
    message: str
    fix: str
    section: str
    type: str | None
    validator: Any

    def findings(self, document: Mapping[str, Any]) -> Iterator[Finding]:
        for id, element in document[self.section].items():
            if self.type is not None and element.get("type") != self.type:
                continue
            for error in self.validator.iter_errors(element):
                name = str(element.get("name"))
                path = (self.section, id, *error.instance_path)
                told = f"{name}: {self.message}"
                yield Finding(
                    self.id, self.level, f"{self.section}/{id}", name, path, told, self.fix
                )
                break


def own_rules(data: Json) -> tuple[OwnRule, ...]:
    """Read rules. Raises: DesignError(INVALID) naming the rule that is not right; nothing is ever fetched."""
    rules = data.get("rules") if isinstance(data, dict) else None
    if not isinstance(rules, list) or len(rules) > 1_000:
        raise _wrong('A file of rules holds {"rules": […]}, at most 1,000.')
    return tuple(_rule(rule, index) for index, rule in enumerate(rules))


def _rule(rule: Json, index: int) -> OwnRule:
    if (
        not isinstance(rule, dict)
        or not isinstance(rule.get("id"), str)
        or not _ID.fullmatch(rule["id"])
    ):
        raise _wrong(f"Rule {index + 1} has no id of small letters, digits and -.")
    id = rule["id"]
    unknown = sorted(rule.keys() - {"id", "level", "message", "fix", "section", "type", "schema"})
    if unknown:
        raise _wrong(f"Rule {id}: {unknown[0]!r} is no part of a rule.")
    section, level = rule.get("section", "components"), rule.get("level", "warning")
    if section not in _SECTIONS:
        raise _wrong(f"Rule {id}: section must be one of {', '.join(_SECTIONS)}.")
    if level not in ("note", "warning", "error"):
        raise _wrong(f"Rule {id}: level must be note, warning or error.")
    message, type_ = rule.get("message"), rule.get("type")
    if not isinstance(message, str) or not message or not isinstance(type_, str | None):
        raise _wrong(f"Rule {id} has no message.")
    try:
        validator = jsonschema_rs.Draft202012Validator(
            rule.get("schema", True), registry=jsonschema_rs.Registry([]), offline=True,
            pattern_options=jsonschema_rs.RegexOptions(),
        )  # fmt: skip
    except (
        jsonschema_rs.ValidationError,
        jsonschema_rs.ReferencingError,
        ValueError,
        TypeError,
    ) as error:
        reason = str(error).splitlines()[0][:200]
        raise _wrong(f"Rule {id}: its schema is not right: {reason}") from None
    return OwnRule(
        id, Level.of(level), message, str(rule.get("fix", "")), section, type_, validator
    )


def _wrong(message: str) -> DesignError:
    return DesignError(Code.INVALID, message, rule="rules")
