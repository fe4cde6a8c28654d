"""Strict apply: the document part of the safe subset (SPEC OT50-OT59).

A document is never changed: the containers on the way to an edit are copied once per op, all others
are shared. An edit that fails leaves nothing behind but the copies.
"""

from typing import Any, Final

from . import text0
from .types import MAX_INTEGER, Component, Json, Op, OpError, Path, Reason, where
from .values import add, is_number, same

__all__ = ["apply"]

_ROOT: Final = "the document"


def apply(doc: Json, op: Op) -> Json:
    """The document that `op` makes of `doc`: all of it, or nothing.

    Args: op: one that `normalize.check` lets pass.
    Raises: OpError with one of the reasons that depend on the document, and the component's index.
    Cost: one copy of each container on the paths of `op`, not of what they hold.
    """
    tree = _Tree(doc)
    for number, component in enumerate(op):
        try:
            tree.edit(component)
        except OpError as error:
            error.component = number
            error.path = component["p"]
            raise
    return tree.root[_ROOT]


class _Tree:
    """A document while an op is applied: which of its containers are already copies of ours."""

    __slots__ = ("owned", "root")

    def __init__(self, doc: Json) -> None:
        # The document as the one member of a holder: so the root is replaced like any other value.
        self.root: dict[str, Json] = {_ROOT: doc}
        # By id. The copies are kept here so that no id is given away while it is in use.
        self.owned: dict[int, Json] = {}

    def edit(self, component: Component) -> None:
        path = component["p"]
        if "oi" in component or "od" in component:
            self._edit_object(component, path)
        elif "si" in component:
            self._edit_text(path[:-1], [{"p": path[-1], "i": component["si"]}], path)
        elif "sd" in component:
            self._edit_text(path[:-1], [{"p": path[-1], "d": component["sd"]}], path)
        elif "li" in component or "ld" in component or "lm" in component:
            self._edit_list(component, path)
        elif "na" in component:
            self._add(component["na"], path)
        elif "t" in component:
            self._edit_text(path, component["o"], path)
        else:
            raise OpError(Reason.NO_INSTRUCTION, f"{where(path)}: the component says nothing to do")

    def _open(self, path: Path) -> tuple[Any, Any]:
        """The container at `path` less its last step, ours to change; and that step."""
        parent: Any = self.root
        key: Any = _ROOT
        for step in path:
            child = self._present(parent, key, path)
            if id(child) not in self.owned:
                kind = type(child)
                if kind is not dict and kind is not list:
                    raise OpError(
                        Reason.PATH_BLOCKED,
                        f"{where(path)}: there is nothing inside {_name(child)}",
                    )
                child = child.copy()
                self.owned[id(child)] = child
                parent[key] = child
            parent, key = child, step
        return parent, key

    def _present(self, parent: Any, key: Any, path: Path) -> Json:
        """The value at `key` of a container that was opened."""
        if type(parent) is dict:
            if key in parent:
                return parent[key]
        elif type(key) is int and 0 <= key < len(parent):
            return parent[key]
        raise OpError(Reason.PATH_NOT_FOUND, f"{where(path)}: there is no {str(key)[:80]!r} here")

    def _edit_object(self, component: Component, path: Path) -> None:
        parent, key = self._open(path)
        if type(parent) is not dict or type(key) is not str:
            raise OpError(
                Reason.NOT_AN_OBJECT, f"{where(path)}: {_name(parent)} where an object is meant"
            )
        present = key in parent
        if "od" in component:
            if not present:
                raise OpError(
                    Reason.KEY_MISSING, f"{where(path)}: the value to delete is not there"
                )
            self._compare(parent[key], component["od"], path)
        elif present:
            raise OpError(
                Reason.KEY_USED,
                f"{where(path)}: there is a value already; say which one is replaced (od)",
            )
        if "oi" in component:
            parent[key] = component["oi"]
        elif parent is self.root:
            raise OpError(Reason.ROOT_DELETED, "a document cannot be left without a value")
        else:
            del parent[key]

    def _edit_list(self, component: Component, path: Path) -> None:
        parent, at = self._open(path)
        if type(parent) is not list:
            raise OpError(
                Reason.NOT_A_LIST, f"{where(path)}: {_name(parent)} where a list is meant"
            )
        inserts = "li" in component and "ld" not in component
        self._in_range(at, len(parent) + inserts, path)
        if inserts:
            parent.insert(at, component["li"])
        elif "lm" in component:
            to = component["lm"]
            self._in_range(to, len(parent), path)
            parent.insert(to, parent.pop(at))
        else:
            self._compare(parent[at], component["ld"], path)
            if "li" in component:
                parent[at] = component["li"]
            else:
                del parent[at]

    def _edit_text(self, target: Path, edits: Op, path: Path) -> None:
        parent, key = self._open(target)
        text = self._present(parent, key, path)
        if type(text) is not str:
            raise OpError(
                Reason.NOT_A_STRING, f"{where(target)}: {_name(text)} where text is meant"
            )
        try:
            parent[key] = text0.apply(text, edits)
        except OpError as error:
            raise OpError(error.reason, f"{where(target)}: {error.message}") from None

    def _add(self, amount: float, path: Path) -> None:
        parent, key = self._open(path)
        number = self._present(parent, key, path)
        if not is_number(number):
            raise OpError(
                Reason.NOT_A_NUMBER, f"{where(path)}: {_name(number)} where a number is meant"
            )
        total = add(number, amount)
        if type(total) is not int:
            # Sums of fractions depend on their order: people would see different digits.
            whole = isinstance(number, int) or number.is_integer()
            if whole and float(amount).is_integer():
                raise OpError(Reason.SUM_RANGE, f"{where(path)}: the sum is beyond {MAX_INTEGER:,}")
            raise OpError(
                Reason.NUMBER_FRACTION,
                f"{where(path)}: only whole numbers are added to; replace the number instead",
            )
        parent[key] = total

    def _compare(self, found: Json, claimed: Json, path: Path) -> None:
        if not same(found, claimed):
            raise OpError(
                Reason.VALUE_DIFFERS,
                f"{where(path)}: the value to delete is not the one that stands here",
            )

    def _in_range(self, at: Any, size: int, path: Path) -> None:
        if type(at) is not int or not 0 <= at < size:
            raise OpError(
                Reason.INDEX_RANGE, f"{where(path)}: {str(at)[:80]} is not an index below {size}"
            )


_NAMES: Final = {
    dict: "an object",
    list: "a list",
    str: "text",
    bool: "true or false",
    int: "a number",
    float: "a number",
}


def _name(value: Json) -> str:
    return _NAMES.get(type(value), "null")
