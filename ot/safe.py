"""The safe subset of json0: what designs accept (SPEC OT80-OT89).

In it json0 converges, whatever two people do at once; every op that is refused leaves the document
as it was. It has two parts, because a server transforms in between:

1. `check(op)` on the op as it came: its form, on any document. Before transform.
2. `apply(doc, op)` on the transformed op: what depends on the document it meets. Strict apply *is*
   the second part: there is no way to apply an op and skip it.

`refusal` is both at once, for an op that needs no transform.
"""

from typing import Final

from .normalize import DEFAULT_LIMITS, Limits, check
from .strict import apply
from .types import Json, Op, OpError, Reason

__all__ = ["RULES", "apply", "check", "refusal"]


def refusal(doc: Json, op: Op, limits: Limits = DEFAULT_LIMITS) -> OpError | None:
    """Why the safe subset refuses `op` on `doc`; None: it does not."""
    try:
        apply(doc, check(op, limits))
    except OpError as error:
        return error
    return None


RULES: Final[dict[Reason, str]] = {
    Reason.OP_NOT_LIST: "An op is a list.",
    Reason.TOO_MANY_COMPONENTS: "An op has a bounded number of components.",
    Reason.TOO_LARGE: "An op has a bounded size.",
    Reason.COMPONENT_NOT_OBJECT: "A component is an object.",
    Reason.PATH_MISSING: "A component has a path, a list.",
    Reason.PATH_STEP: "A step of a path is a string, or a whole number from 0 to 2^53.",
    Reason.PATH_EMPTY: "Only oi, od and na may have an empty path.",
    Reason.UNKNOWN_FIELD: "A component has no field that json0 does not know.",
    Reason.NO_INSTRUCTION: "A component says what to do.",
    Reason.MIXED_INSTRUCTIONS: "It is one of na, li, ld, ld+li, lm, oi, od, od+oi, si, sd.",
    Reason.INDEX_TYPE: "The operand of li, ld, lm, si and sd, and the end of lm, is a number.",
    Reason.KEY_TYPE: "The operand of oi and od is a string.",
    Reason.TEXT_TYPE: "si and sd are strings.",
    Reason.SUBTYPE_UNKNOWN: "The only subtype is text0.",
    Reason.SUBTYPE_REFUSED: "Text is edited by si and sd, never by t.",
    Reason.ADD_TYPE: "na is a number.",
    Reason.ADD_FRACTION: "na is a whole number.",
    Reason.VALUE_TYPE: "Values are JSON: no bytes, no keys that are not strings.",
    Reason.NUMBER_RANGE: "Numbers are finite, not -0, and integers within 2^53 of 0.",
    Reason.SURROGATE: "No string holds half a surrogate pair.",
    Reason.NUL: "No string holds U+0000.",
    Reason.FORBIDDEN_NAME: "No key is one that every JavaScript object has.",
    Reason.TOO_DEEP: "Values nest at most 64 deep, counted from the root of the document.",
    Reason.PATH_NOT_FOUND: "Every container on the path is there; so is what na, si and sd edit.",
    Reason.PATH_BLOCKED: "A path does not lead into text, a number, true, false or null.",
    Reason.NOT_A_LIST: "li, ld and lm act on a list.",
    Reason.NOT_AN_OBJECT: "oi and od act on an object, or replace the document.",
    Reason.NOT_A_STRING: "si and sd act on a string.",
    Reason.NOT_A_NUMBER: "na acts on a number.",
    Reason.INDEX_RANGE: "Indices are within the list; li may also be at its end.",
    Reason.KEY_MISSING: "od deletes a key that is there.",
    Reason.KEY_USED: "oi over a key that is there carries od.",
    Reason.ROOT_DELETED: "The document as a whole is replaced, not deleted.",
    Reason.VALUE_DIFFERS: "od and ld equal what they delete.",
    Reason.TEXT_DIFFERS: "sd equals what it deletes.",
    Reason.OFFSET_RANGE: "Offsets are within the text, or at its end.",
    Reason.SURROGATE_SPLIT: "Offsets do not split a surrogate pair.",
    Reason.NUMBER_FRACTION: "na acts on a whole number.",
    Reason.SUM_RANGE: "The sum that na makes is within 2^53 of 0.",
    Reason.TEXT_CONFLICT: "Two deletions of one stretch of text delete the same text.",
}
"""Every rule in one sentence."""
