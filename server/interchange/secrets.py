"""Secrets stay out of designs: `{"$secret": name}` stands where one was."""

from __future__ import annotations

import re
from typing import Any

from ot.types import Json

from ..document.secrets import FORMS
from .imported import Report

__all__ = ["is_secret_key", "without_secrets"]

_SECRET_KEY = re.compile(
    r"(?i)(pass(word|wd|phrase)|secret|token|(api|private|access|secret|signature)_?key)\Z"
)
"""Keys that hold secrets; includes all that document.schema.json refuses to hold in the clear."""

_SECRET_HEADER = re.compile(
    r"(?i)(authorization|cookie|x-api-key|x-auth-token|(.*[-_])?(password|secret|token|api-?key))\Z"
)
_CREDENTIALS = re.compile(r"://[^/\s@:]*:[^/\s@]+@")
_FORM = re.compile(FORMS)
_NAME = re.compile(r"[^A-Za-z0-9]+")


def is_secret_key(key: str) -> bool:
    return _SECRET_KEY.search(key) is not None


def without_secrets(value: Json, element: str, owner: str, report: Report) -> Json:
    """`value` with each secret replaced by its name, which begins with `owner`'s.

    A secret is what stands under a key such as `password` or `apiKey`, the value of a header such as
    `Authorization` in a list of {key, value}, and whatever has the form of one (`document.secrets`), as
    an address with a password in it. Expressions are not
    secrets: they say where one comes from.
    """

    def named(*steps: str) -> dict[str, str]:
        words = (_NAME.sub("_", step).strip("_") for step in (owner, *steps[-2:]))
        name = "_".join(word for word in words if word)[:128] or "secret"
        report.replaced(element, name)
        return {"$secret": name}

    def walk(value: Json, *steps: str) -> Json:
        if isinstance(value, dict):
            if _is_reference(value):
                return value
            if _is_secret_pair(value):
                key = str(value["key"])
                return {**value, "value": named(*steps, key)}
            return {key: inside(key, inner, *steps) for key, inner in value.items()}
        if isinstance(value, list):
            return [walk(inner, *steps) for inner in value]
        if isinstance(value, str) and (_CREDENTIALS.search(value) or _FORM.search(value)):
            return named(*steps)
        return value

    def inside(key: str, value: Json, *steps: str) -> Json:
        if not is_secret_key(key) or value is None or isinstance(value, bool) or value == "":
            return walk(value, *steps, key)
        if _is_reference(value):
            return value
        return named(*steps, key)

    return walk(value)


def _is_reference(value: Json) -> bool:
    if not isinstance(value, dict) or set(value) != {"$secret"}:
        return False
    name = value["$secret"]
    return isinstance(name, str) and 1 <= len(name) <= 128


def _is_secret_pair(value: dict[str, Any]) -> bool:
    key, inner = value.get("key"), value.get("value")
    if not isinstance(key, str) or not isinstance(inner, str | int | float):
        return False
    if isinstance(inner, bool) or inner == "" or (isinstance(inner, str) and "{{" in inner):
        return False
    return is_secret_key(key) or _SECRET_HEADER.match(key) is not None
