"""A place in a document that moves with it: a selection, or what a comment is about (OT120-OT124)."""

from dataclasses import dataclass, replace

from .diff import edit_text
from .json0 import transform
from .text0 import shift
from .types import Component, Json, Op, Step

__all__ = ["Anchor", "carry"]


@dataclass(frozen=True, slots=True)
class Anchor:
    """A value of a document and, if it is text, a range of it.

    `path` leads to the value. `start` and `end` are offsets in UTF-16 units, equal for a caret;
    None: the value as a whole.
    """

    path: tuple[Step, ...]
    start: int | None = None
    end: int | None = None


def carry(anchor: Anchor, op: Op) -> Anchor | None:
    """Where the anchor is once `op` is applied; None if what it was on is deleted.

    What is inserted at an end of a range stays outside of it, a caret stays before. A value that is
    replaced keeps its anchor; a range in it goes where the text around it went.
    """
    carried: Anchor | None = anchor
    for component in op:
        if carried is None:
            break
        carried = _past(carried, component)
    return carried


def _past(anchor: Anchor, component: Component) -> Anchor | None:
    at, path = component["p"], list(anchor.path)
    if "si" in component or "sd" in component:
        if at[:-1] != path:
            return anchor
        if "si" in component:
            return _past_edit(anchor, {"p": at[-1], "i": component["si"]})
        return _past_edit(anchor, {"p": at[-1], "d": component["sd"]})
    if "t" in component:
        return _past_edits(anchor, component["o"]) if at == path else anchor
    for gone, come in (("od", "oi"), ("ld", "li")):
        if gone in component and come in component and path[: len(at)] == at:
            return _past_replacement(anchor, component[gone], component[come], path[len(at) :])
    # Otherwise it goes where an edit of the value would go.
    moved = transform([{"p": path, "na": 0}], [component], "right")
    return replace(anchor, path=tuple(moved[0]["p"])) if moved else None


def _past_replacement(anchor: Anchor, old: Json, new: Json, rest: list[Step]) -> Anchor | None:
    for step in rest:
        old, new = _inside(old, step), _inside(new, step)
        if new is _NOTHING:
            return None
    if anchor.start is None:
        return anchor
    if type(old) is str and type(new) is str:
        return _past_edits(anchor, edit_text(old, new))
    return replace(anchor, start=None, end=None)


_NOTHING = object()


def _inside(value: Json, step: Step) -> Json:
    if type(value) is dict:
        return value.get(step, _NOTHING)
    if type(value) is list and type(step) is int and step < len(value):
        return value[step]
    return _NOTHING


def _past_edits(anchor: Anchor, edits: Op) -> Anchor:
    for edit in edits:
        anchor = _past_edit(anchor, edit)
    return anchor


def _past_edit(anchor: Anchor, edit: Component) -> Anchor:
    if anchor.start is None or anchor.end is None:
        return anchor
    end = shift(anchor.end, edit, after=False)
    start = end if anchor.start == anchor.end else shift(anchor.start, edit, after=True)
    # A deletion of the whole range leaves a caret.
    return replace(anchor, start=min(start, end), end=end)
