"""text0: edits of one string, the subtype of json0 (SPEC OT60-OT69).

A component is `{"p": offset, "i": text}` or `{"p": offset, "d": text}`; an op is a list of them,
applied in order. Offsets and lengths are UTF-16 code units. `transform`, `compose`, `invert` and
`normalize` give what `lib/text0.js` of npm ot-json0 1.1.0 gives; `apply` is strict.
"""

from .pairwise import transform_list
from .types import Component, Op, OpError, Reason, Side
from .utf16 import cut, index_at, join, units

__all__ = [
    "append",
    "apply",
    "compose",
    "invert",
    "normalize",
    "pass_component",
    "shift",
    "transform",
]


def apply(text: str, op: Op) -> str:
    """`text` with `op` done to it.

    Raises: OpError: OFFSET_RANGE, SURROGATE_SPLIT, TEXT_DIFFERS.
    """
    for component in op:
        offset = component["p"]
        at = index_at(text, offset)
        if at is None:
            raise OpError(
                Reason.SURROGATE_SPLIT, f"offset {offset} is inside a character of two units"
            )
        if at > len(text):
            raise OpError(
                Reason.OFFSET_RANGE, f"offset {offset} is beyond the text, {units(text)} units long"
            )
        inserted = component.get("i")
        if inserted is not None:
            text = text[:at] + inserted + text[at:]
            continue
        deleted = component["d"]
        if not text.startswith(deleted, at):
            found = text[at : at + len(deleted)]
            raise OpError(
                Reason.TEXT_DIFFERS,
                f"the text to delete at offset {offset} is {deleted[:80]!r},"
                f" but {found[:80]!r} stands there",
            )
        text = text[:at] + text[at + len(deleted) :]
    return text


def transform(op: Op, other: Op, side: Side) -> Op:
    """Rewrite `op` so that it applies after `other`; O(len(op) * len(other)).

    Raises: OpError: TEXT_CONFLICT when both delete other text at one place.
    """
    return transform_list(op, other, side, pass_component, append)


def compose(first: Op, second: Op) -> Op:
    """One op that does `first`, then `second`."""
    out = list(first)
    for component in second:
        append(out, component)
    return out


def invert(op: Op) -> Op:
    """The op that takes `op` back."""
    return [_invert(component) for component in reversed(op)]


def normalize(op: Op | Component) -> Op:
    """`op` as a list (a bare component is taken too, a missing offset is 0), merged."""
    components = op if isinstance(op, list) else [op]
    out: Op = []
    for component in components:
        append(out, component if component.get("p") is not None else {**component, "p": 0})
    return out


def append(out: Op, component: Component) -> None:
    """Add to the end of `out`: nothing if empty, merged with a last edit that it touches."""
    inserted = component.get("i")
    deleted = component.get("d")
    if inserted == "" or deleted == "":
        return
    if out:
        last = out[-1]
        start, offset = last["p"], component["p"]
        if inserted is not None:
            before = last.get("i")
            if before is not None and start <= offset <= start + units(before):
                out[-1] = {"i": _inject(before, offset - start, inserted), "p": start}
                return
        else:
            before = last.get("d")
            if before is not None and offset <= start <= offset + units(deleted or ""):
                out[-1] = {"d": _inject(deleted or "", start - offset, before), "p": offset}
                return
    out.append(component)


def shift(offset: int, by: Component, after: bool) -> int:
    """Where `offset` is once `by` has been done; `after`: an insert right here pushes it."""
    start: int = by["p"]
    inserted = by.get("i")
    if inserted is not None:
        if start < offset or (start == offset and after):
            return offset + units(inserted)
        return offset
    if offset <= start:
        return offset
    return max(start, offset - units(by["d"]))


def pass_component(out: Op, component: Component, other: Component, side: Side) -> None:
    """Append to `out` what is left of `component` after `other`."""
    offset, inserted = component["p"], component.get("i")
    if inserted is not None:
        append(out, {"i": inserted, "p": shift(offset, other, side == "right")})
        return
    deleted = component["d"]
    start = other["p"]
    if other.get("i") is None:
        _delete_past_delete(out, component, other)
        return
    # What was inserted inside the text to delete stays: delete what is before, then what is after.
    if offset < start:
        append(out, {"d": cut(deleted, 0, start - offset), "p": offset})
        deleted = cut(deleted, start - offset)
    if deleted:
        append(out, {"d": deleted, "p": offset + units(other["i"])})


def _delete_past_delete(out: Op, component: Component, other: Component) -> None:
    offset, deleted = component["p"], component["d"]
    start, gone = other["p"], other["d"]
    end, stop = offset + units(deleted), start + units(gone)
    if offset >= stop:
        append(out, {"d": deleted, "p": offset - units(gone)})
    elif end <= start:
        append(out, component)
    else:
        first, last = max(offset, start), min(end, stop)
        if cut(deleted, first - offset, last - offset) != cut(gone, first - start, last - start):
            raise OpError(
                Reason.TEXT_CONFLICT,
                f"two edits delete different text at offset {first}:"
                f" {deleted[:80]!r} from {offset} and {gone[:80]!r} from {start}",
            )
        kept = cut(deleted, 0, start - offset) if offset < start else ""
        if end > stop:
            kept = join(kept, cut(deleted, stop - offset))
        if kept:
            append(out, {"d": kept, "p": shift(offset, other, after=False)})


def _invert(component: Component) -> Component:
    inserted = component.get("i")
    if inserted is not None:
        return {"d": inserted, "p": component["p"]}
    return {"i": component["d"], "p": component["p"]}


def _inject(text: str, offset: int, inserted: str) -> str:
    return join(join(cut(text, 0, offset), inserted), cut(text, offset))
