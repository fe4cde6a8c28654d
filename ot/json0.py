"""json0: edits of a JSON document. SPEC.md has the rules; each part below names those it follows.

`apply` (strict), `transform`, `compose`, `invert`, `normalize`. All but `apply` give what
`lib/json0.js` of npm ot-json0 1.1.0 gives, for every op that `normalize.check` lets pass.
All are pure: inputs are never changed, and results share structure with them.

Words used throughout: the *operand* of a component is the last step of its path (an index, a key,
an offset): the place it acts on, inside the container that the steps before lead to. `na` and `t`
act on the whole value at their path: they have no operand, and count as one level deeper.
"""

from typing import Final

from . import loose, pairwise, text0
from .strict import apply
from .types import Component, Op, Path, Side
from .values import add, same_scalar

__all__ = [
    "NAME",
    "URI",
    "append",
    "apply",
    "compose",
    "invert",
    "normalize",
    "transform",
    "transform_both",
    "unrelated",
]

NAME: Final = "json0"
URI: Final = "http://sharejs.org/types/JSONv0"


def transform(op: Op, other: Op, side: Side) -> Op:
    """Rewrite `op` so that it applies after `other`.

    Args: op, other: made on the same version. side: the side of `op`; `left` wins ties.
    Returns: what is left of `op`, perhaps `[]`; `op` itself when `other` is empty, or when each is
    one component and they do not concern each other. O(len(op) * len(other)).
    Raises: OpError when the two cannot have been made on one document: TEXT_CONFLICT, or what
    applying says when an edit does not fit into the value that the other claims to delete.
    """
    if len(op) == 1 and len(other) == 1 and unrelated(op[0], other[0]):
        return op
    return pairwise.transform_list(op, other, side, _pass, append)


def transform_both(left: Op, right: Op) -> tuple[Op, Op]:
    """`left` after `right`, and `right` after `left`. Raises: OpError as `transform`."""
    return pairwise.transform_both(left, right, _pass, append)


def compose(first: Op, second: Op) -> Op:
    """One op that does `first`, then `second`: `first` as it is, `second` merged onto its end."""
    out = list(first)
    for component in second:
        append(out, component)
    return out


def invert(op: Op) -> Op:
    """The op that takes `op` back: the inverse components in reverse order."""
    return [_invert(component) for component in reversed(op)]


def normalize(op: Op | Component) -> Op:
    """`op` as a list of merged components: a bare component is taken too, a missing path is []."""
    out: Op = []
    for component in op if isinstance(op, list) else [op]:
        append(out, component if component.get("p") is not None else {**component, "p": []})
    return out


def unrelated(a: Component, b: Component) -> bool:
    """Do the containers of two components lie apart, so that each passes the other unchanged?"""
    a_path, b_path = a["p"], b["p"]
    level = min(_level(a), _level(b)) - 1
    return level > 0 and a_path[:level] != b_path[:level]


# --- one component past another (OT10-OT29) ------------------------------------------------------


def _pass(out: Op, component: Component, other: Component, side: Side) -> None:
    """Append to `out` what is left of `component` after `other`."""
    path, other_path = component["p"], other["p"]
    if (
        len(path) > 2
        and len(other_path) > 2
        and (path[1] != other_path[1] or path[0] != other_path[0])
    ):
        # Inside two elements, most often: the same as the test below, sooner.
        append(out, component)
        return
    level, other_level = _level(component), _level(other)
    meet = min(level, other_level) - 1
    if meet > 0 and path[:meet] != other_path[:meet]:
        append(out, component)
        return
    if other_level > level:
        append(out, _absorb(component, other))
        return
    # `other` acts in a container on the way of `component`; the two part, or not, at step `meet`
    # (-1: `other` acts on the whole document).
    if _is_text(component) and _is_text(other):
        edits: Op = []
        text0.pass_component(edits, _to_text0(component), _to_text0(other), side)
        for edit in edits:
            append(out, _from_text0(path, edit))
    elif "t" in component and "t" in other:
        rest = text0.transform(component["o"], other["o"], side)
        if rest:
            append(out, {**component, "o": rest})
    else:
        step = path[meet] if 0 <= meet < len(path) else None
        if "oi" in other or "od" in other:
            here = other_path[meet] if meet >= 0 else None
            if step == here:
                for one in _past_object(component, other, level == other_level, side):
                    append(out, one)
                return
        elif type(step) is int and ("li" in other or "ld" in other or "lm" in other):
            moved = _past_list(component, other, meet, level == other_level, side)
            if moved is not None:
                append(out, moved)
            return
        append(out, component)


def _absorb(component: Component, other: Component) -> Component:
    """`other` is the deeper: if it edits what `component` deletes, that is what gets deleted."""
    path, other_path = component["p"], other["p"]
    depth = len(path)
    if depth == 0 or path[-1] == other_path[depth - 1]:
        for field in ("ld", "od"):
            if field in component:
                inside = {**other, "p": other_path[depth:]}
                return {**component, field: loose.apply_unbounded(component[field], [inside])}
    return component


def _past_object(component: Component, other: Component, beside: bool, side: Side) -> Op:
    """`other` sets or removes the key that `component` acts on (`beside`), or below."""
    if "od" in other:
        if not beside or "oi" not in component:
            return []
        if "oi" not in other:
            return [_without(component, "od")]
        return [{**component, "od": other["oi"]}] if side == "left" else []
    if "oi" not in component:
        return [component]
    # Both set a key that was free: the left one stays, as a replacement of the right one's.
    return [{"p": component["p"], "od": other["oi"]}, component] if side == "left" else []


def _past_list(
    component: Component, other: Component, meet: int, beside: bool, side: Side
) -> Component | None:
    """`other` edits a list that `component` acts on (`beside`) or in an element of. None: gone."""
    step, here = component["p"][meet], other["p"][meet]
    to = component.get("lm") if beside else None
    inserts = beside and "li" in component and "ld" not in component
    if "lm" in other:
        end = other["lm"]
        if to is not None:
            return _move_past_move(component, meet, here, end, side)
        if inserts:
            step += (step > end) - (step > here)
        elif step == here:
            step = end
        else:
            step += (step > end or (step == end and here > end)) - (step > here)
    elif "ld" not in other:
        if here < step or (here == step and not (inserts and side == "left")):
            step += 1
        if to is not None and here <= to:
            to += 1
    elif here == step:
        return _past_delete_here(component, other, beside, side)
    elif "li" not in other:
        if to is not None and (here < to or (here == to and step < to)):
            to -= 1
        step -= here < step
    return _placed(component, meet, step, to)


def _past_delete_here(
    component: Component, other: Component, beside: bool, side: Side
) -> Component | None:
    """`other` deletes or replaces the very element that `component` acts on or below."""
    if not beside:
        return None
    replaced = "li" in other
    if "ld" in component:
        if "li" not in component:
            return None
        if not replaced:
            return _without(component, "ld")
        return {**component, "ld": other["li"]} if side == "left" else None
    # A move takes the element that stands there now, if any; an insert needs none.
    return None if "lm" in component and not replaced else component


def _move_past_move(
    component: Component, meet: int, start: int, end: int, side: Side
) -> Component | None:
    """Both move within one list, `other` from `start` to `end`."""
    step, to = component["p"][meet], component["lm"]
    if start == end:
        return component
    if step == start:
        # The same element: the left one decides where it ends.
        return _placed(component, meet, end, end if step == to else to) if side == "left" else None
    pushed = step == end and start > end
    new_step = step + (step > end or pushed) - (step > start)
    new_to = to + (pushed and step == to)
    if to > start or (to == start and to > step):
        new_to -= 1
    if to > end:
        new_to += 1
    elif to == end:
        if (end > start and to > step) or (end < start and to < step):
            new_to += side == "right"
        elif to > step:
            new_to += 1
    return _placed(component, meet, new_step, new_to)


def _placed(component: Component, meet: int, step: int, to: int | None) -> Component:
    """`component` with another step at `meet` and, if it moves beside, another end."""
    path = component["p"]
    placed = {**component, "p": [*path[:meet], step, *path[meet + 1 :]]}
    if to is not None:
        placed["lm"] = to
    return placed


# --- merging onto the end of an op (OT40-OT49) ---------------------------------------------------


def append(out: Op, component: Component) -> None:
    """Add `component` to the end of `out`, merged with the last one where both act on one place."""
    if not out:
        out.append(component)
        return
    last = out[-1]
    path, last_path = component["p"], last["p"]
    if ("si" in component or "sd" in component) and ("si" in last or "sd" in last):
        if len(path) == len(last_path) and path[:-1] == last_path[:-1]:
            _append_text(out, component)
        else:
            out.append(component)
    elif path != last_path:
        out.append(component)
    elif "t" in component and "t" in last:
        out[-1] = {**last, "o": text0.compose(last["o"], component["o"])}
    elif "na" in component and "na" in last:
        out[-1] = {"p": path, "na": add(last["na"], component["na"])}
    elif _deletes_inserted(component, last):
        out[-1:] = [_without(last, "li")] if "ld" in last else []
    elif "od" in last and "oi" not in last and "oi" in component and "od" not in component:
        out[-1] = {**last, "oi": component["oi"]}
    elif "oi" in last and "od" in component:
        if "oi" in component:
            out[-1] = {**last, "oi": component["oi"]}
        else:
            out[-1:] = [_without(last, "oi")] if "od" in last else []
    elif "lm" not in component or path[-1] != component["lm"]:
        out.append(component)


def _append_text(out: Op, component: Component) -> None:
    """Both edit one string: as text0 has it."""
    before = _to_text0(out[-1])
    edits = [before]
    text0.append(edits, _to_text0(component))
    if len(edits) > 1:
        out.append(component)
    elif edits[0] is not before:
        out[-1] = _from_text0(component["p"], edits[0])


def _deletes_inserted(component: Component, last: Component) -> bool:
    """Only a scalar is known for the one inserted: two equal lists are not `===` in JavaScript."""
    return (
        "li" in last
        and "ld" in component
        and "li" not in component
        and same_scalar(component["ld"], last["li"])
    )


# --- parts of components -------------------------------------------------------------------------


def _level(component: Component) -> int:
    return len(component["p"]) + ("na" in component or "t" in component)


def _is_text(component: Component) -> bool:
    return "si" in component or "sd" in component


def _to_text0(component: Component) -> Component:
    """`si` or `sd` as an edit of the string it is in."""
    if "si" in component:
        return {"p": component["p"][-1], "i": component["si"]}
    return {"p": component["p"][-1], "d": component["sd"]}


def _from_text0(path: Path, edit: Component) -> Component:
    """An edit of the string that `path`, less its offset, leads to."""
    at = [*path[:-1], edit["p"]]
    return {"p": at, "si": edit["i"]} if "i" in edit else {"p": at, "sd": edit["d"]}


def _without(component: Component, field: str) -> Component:
    return {name: value for name, value in component.items() if name != field}


_INVERSE: Final = {"si": "sd", "sd": "si", "oi": "od", "od": "oi", "li": "ld", "ld": "li"}


def _invert(component: Component) -> Component:
    path = component["p"]
    if "lm" in component:
        return {"p": [*path[:-1], component["lm"]], "lm": path[-1]}
    if "na" in component:
        # Not -0, which JSON does not know.
        return {"p": path, "na": -component["na"] if component["na"] else 0}
    if "t" in component:
        return {"p": path, "t": component["t"], "o": text0.invert(component["o"])}
    return {_INVERSE.get(field, field): value for field, value in component.items()}
