"""Passwords and keys that lie open in a design."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from ot.types import Step

from ..document.secrets import FORMS
from .scan import scan
from .texts import texts

__all__ = ["secrets"]

_SHORTEST: Final = 6
_KEY: Final = re.compile(
    r"(?i)(pass(word|wd|phrase)|secret|(api|private|access|secret)_?key|auth_?token)\Z"
)
_VALUE: Final = re.compile(FORMS)
_is_somewhere: Final = scan(FORMS.replace(r"\b", ""))
_BESIDE: Final = ("ext", "name", "place", "type")


def secrets(document: Mapping[str, Any], whole: str) -> Iterator[tuple[tuple[Step, ...], str]]:
    """Where a secret stands, and what is to be said of it. `whole`: the design as compact JSON."""
    by_form = _is_somewhere(whole)
    for section in ("components", "queries", "scripts", "dataSources"):
        is_keyed = section in ("queries", "dataSources")
        for id, element in document[section].items() if by_form or is_keyed else ():
            for path, value in texts(element, (section, id)):
                if path[2] in _BESIDE or path[-1] == "$secret" or len(value) < _SHORTEST:
                    continue
                key = path[-1]
                if (
                    is_keyed
                    and key.__class__ is str
                    and _KEY.search(str(key))
                    and "{{" not in value
                ):
                    yield path, f"{key} holds its value in the open."
                elif by_form and _VALUE.search(value):
                    yield path, "this looks like a password or a key."
