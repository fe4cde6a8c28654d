"""Strings counted as JavaScript counts them: in UTF-16 code units.

Offsets and lengths of text edits are code units, so "😀" is 2 long, and a unit of it alone is half
a surrogate pair. A Python string counts code points. Every string of the engine is *whole*: two
halves that stand side by side are one character, as they are in JavaScript; `join` keeps that so
(`"\\ud83d" + "\\ude00"` is not "😀" in Python).

ASCII strings, which are most, are counted as they are: `str.isascii` takes constant time.
"""

__all__ = ["cut", "index_at", "join", "units"]

_CODEC = "utf-16-le"
_HALVES = "surrogatepass"


def units(text: str) -> int:
    """The length of `text` in code units."""
    return len(text) if text.isascii() else len(text.encode(_CODEC, _HALVES)) >> 1


def cut(text: str, start: int, end: int | None = None) -> str:
    """The units of `text` from `start` to before `end` (None: to the end); halves are kept."""
    if text.isascii():
        return text[start:end]
    raw = text.encode(_CODEC, _HALVES)
    if len(raw) == 2 * len(text):
        return text[start:end]
    return raw[2 * start : None if end is None else 2 * end].decode(_CODEC, _HALVES)


def join(head: str, tail: str) -> str:
    """`head` followed by `tail`; halves that meet become one character."""
    if head and tail and "\ud800" <= head[-1] <= "\udbff" and "\udc00" <= tail[0] <= "\udfff":
        pair = (head[-1] + tail[0]).encode(_CODEC, _HALVES).decode(_CODEC)
        return head[:-1] + pair + tail[1:]
    return head + tail


def index_at(text: str, offset: int) -> int | None:
    """The index in `text`, in characters, of an offset in units; None inside a character.

    The offset must not be negative. One beyond the end gives an index beyond the end.
    """
    if text.isascii():
        return offset
    head = text[:offset]
    raw = head.encode(_CODEC, _HALVES)
    if len(raw) == 2 * len(head):
        # No character before the offset takes two units, or the text ends before it.
        return offset
    whole = raw[: 2 * offset].decode(_CODEC, _HALVES)
    if len(raw) <= 2 * offset:
        return len(whole) + offset - (len(raw) >> 1)
    # A character cut in two shows as a half where the text has the whole.
    return len(whole) if whole[-1] == head[len(whole) - 1] else None
