"""Findings as text for people, JSON, SARIF 2.1.0, JUnit, and annotations of GitHub."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from xml.sax.saxutils import escape, quoteattr

from .findings import RULES, Finding, Level

__all__ = ["FORMATS", "Checked", "Located", "report"]

FORMATS: Final = ("text", "json", "sarif", "junit", "github")

_SARIF_LEVEL: Final = {Level.NOTE: "note", Level.WARNING: "warning", Level.ERROR: "error"}
_HELP: Final = "https://coweave.dev/docs/check"


@dataclass(frozen=True, slots=True)
class Located:
    """A finding with where it is: the file, and line and column from 1."""

    finding: Finding
    file: str
    line: int
    column: int


@dataclass(frozen=True, slots=True)
class Checked:
    """One design: what it is called, where it is, what was found; `failure`: why it could not be checked."""

    name: str
    path: str
    found: Sequence[Located] = ()
    failure: str | None = None


def report(form: str, checked: Sequence[Checked], version: str) -> str:
    """The whole as one text that ends with a line feed (or is empty)."""
    return _FORMS[form](checked, version)


def _text(checked: Sequence[Checked], version: str) -> str:
    lines = []
    for design in checked:
        if design.failure is not None:
            lines.append(f"could not be checked: {design.failure}")
        for each in design.found:
            finding = each.finding
            where = "/".join(str(step) for step in finding.path)
            lines.append(
                f"{each.file}:{each.line}:{each.column}: {finding.level}: {finding.message} [{finding.rule}]"
            )
            lines.append(f"    at {where}")
            fix = finding.fix or (RULES[finding.rule].help if finding.rule in RULES else "")
            if fix:
                lines.append(f"    {fix}")
    counts = {
        level: sum(each.finding.level == level for design in checked for each in design.found)
        for level in Level
    }
    told = ", ".join(
        f"{count} {level}{'s' * (count != 1)}"
        for level, count in sorted(counts.items(), reverse=True)
    )
    designs = f"{len(checked)} design{'s' * (len(checked) != 1)}"
    lines.append(f"{designs}: {told}")
    return "\n".join(lines) + "\n"


def _json(checked: Sequence[Checked], version: str) -> str:
    designs = [
        {
            "name": design.name,
            "path": design.path,
            "failure": design.failure,
            "findings": [
                {
                    "rule": each.finding.rule,
                    "level": str(each.finding.level),
                    "message": each.finding.message,
                    "fix": each.finding.fix,
                    "element": each.finding.element,
                    "name": each.finding.name,
                    "path": list(each.finding.path),
                    "file": each.file,
                    "line": each.line,
                    "column": each.column,
                    "fingerprint": each.finding.fingerprint(design.name),
                }
                for each in design.found
            ],
        }
        for design in checked
    ]
    return (
        json.dumps(
            {"version": 1, "coweave": version, "designs": designs}, indent=2, ensure_ascii=False
        )
        + "\n"
    )


def _sarif(checked: Sequence[Checked], version: str) -> str:
    used = {each.finding.rule: each.finding.level for design in checked for each in design.found}
    rules = [_sarif_rule(id, level) for id, level in used.items()]
    index = {rule["id"]: turn for turn, rule in enumerate(rules)}
    results = [_sarif_result(design, each, index) for design in checked for each in design.found]
    failures = [
        {"level": "error", "message": {"text": design.failure}}
        for design in checked
        if design.failure is not None
    ]
    run = {
        "tool": {
            "driver": {
                "name": "coweave check",
                "version": version,
                "semanticVersion": version,
                "informationUri": _HELP,
                "rules": rules,
            }
        },
        "columnKind": "unicodeCodePoints",
        "invocations": [
            {"executionSuccessful": not failures, "toolExecutionNotifications": failures}
        ],
        "results": results,
    }
    log = {
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [run],
    }
    return json.dumps(log, indent=2, ensure_ascii=False) + "\n"


def _sarif_rule(id: str, level: Level) -> dict[str, Any]:
    rule = RULES.get(id)
    title, help = (rule.title, rule.help) if rule is not None else (id, "A rule of one's own.")
    return {
        "id": id,
        "shortDescription": {"text": title},
        "help": {"text": help},
        "helpUri": f"{_HELP}#{id}",
        "defaultConfiguration": {"level": _SARIF_LEVEL[level]},
    }


def _sarif_result(design: Checked, each: Located, index: Mapping[str, int]) -> dict[str, Any]:
    finding = each.finding
    return {
        "ruleId": finding.rule,
        "ruleIndex": index[finding.rule],
        "level": _SARIF_LEVEL[finding.level],
        "message": {"text": f"{finding.message} {finding.fix}".strip()},
        "locations": [
            {
                "physicalLocation": {
                    "artifactLocation": {"uri": _uri(each.file)},
                    "region": {"startLine": each.line, "startColumn": each.column},
                },
                "logicalLocations": [
                    {
                        "name": finding.name,
                        "fullyQualifiedName": "/".join(str(step) for step in finding.path),
                    }
                ],
            }
        ],
        "partialFingerprints": {"coweave/v1": finding.fingerprint(design.name)},
    }


def _uri(file: str) -> str:
    from urllib.parse import quote

    return quote(file.replace("\\", "/"))


def _junit(checked: Sequence[Checked], version: str) -> str:
    failing = sum(bool(design.found) for design in checked)
    broken = sum(design.failure is not None for design in checked)
    lines = [
        '<?xml version="1.0" encoding="UTF-8"?>',
        f'<testsuites name="coweave check" tests="{len(checked)}" failures="{failing}" errors="{broken}">',
        f'  <testsuite name="designs" tests="{len(checked)}" failures="{failing}" errors="{broken}">',
    ]
    for design in checked:
        name = f"    <testcase name={_attribute(design.name)} classname={_attribute(design.path)}"
        inside = []
        if design.failure is not None:
            inside.append(f"      <error message={_attribute(design.failure)}/>")
        if design.found:
            worst = max(each.finding.level for each in design.found)
            told = "\n".join(
                f"{e.file}:{e.line}:{e.column}: {e.finding.level}: {e.finding.message}"
                for e in design.found
            )
            count = len(design.found)
            summary = f"{count} finding{'s' * (count != 1)}"
            about = f"type={_attribute(str(worst))} message={_attribute(summary)}"
            inside.append(f"      <failure {about}>{escape(_plain(told))}</failure>")
        lines += [f"{name}>", *inside, "    </testcase>"] if inside else [f"{name}/>"]
    lines += ["  </testsuite>", "</testsuites>"]
    return "\n".join(lines) + "\n"


def _attribute(text: str) -> str:
    return quoteattr(_plain(text))


def _plain(text: str) -> str:
    """Without what XML cannot hold."""
    return "".join(
        char if char >= " " or char in "\n\t" else "\ufffd"
        for char in text
        if not "\ud800" <= char <= "\udfff"
    )


def _github(checked: Sequence[Checked], version: str) -> str:
    words = {Level.NOTE: "notice", Level.WARNING: "warning", Level.ERROR: "error"}
    lines = []
    for design in checked:
        if design.failure is not None:
            lines.append(f"::error file={_value(design.path)}::{_data(design.failure)}")
        for each in design.found:
            told = f"{each.finding.message} {each.finding.fix}".strip()
            where = f"file={_value(each.file)},line={each.line},col={each.column},title={_value(each.finding.rule)}"
            lines.append(f"::{words[each.finding.level]} {where}::{_data(told)}")
    return "".join(f"{line}\n" for line in lines)


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _value(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")


_FORMS: Final = {"text": _text, "json": _json, "sarif": _sarif, "junit": _junit, "github": _github}
