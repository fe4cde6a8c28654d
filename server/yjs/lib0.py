"""The bytes that Yjs is written in: variable-length numbers, strings, and pieces of known length.

Source: npm lib0 `encoding.js`, `decoding.js`. Nothing is read past the end, and no number grows
beyond what JavaScript counts exactly.
"""

from __future__ import annotations

import struct
from typing import Final

__all__ = ["MAX_INTEGER", "Malformed", "Reader", "uint", "with_length"]

MAX_INTEGER: Final = 2**53 - 1
_MOST_DEPTH: Final = 64
_FLOAT32 = struct.Struct(">f")
_FLOAT64 = struct.Struct(">d")


class Malformed(ValueError):
    """The bytes are not what they should be."""


def uint(number: int) -> bytes:
    """A number from 0, seven bits to a byte, the lowest first."""
    out = bytearray()
    while number > 127:
        out.append(128 | number & 127)
        number >>= 7
    out.append(number)
    return bytes(out)


def with_length(data: bytes) -> bytes:
    """Bytes, or a string in UTF-8, behind their length."""
    return uint(len(data)) + data


class Reader:
    """Reads from the front of `data`. Everything raises `Malformed` where the data ends too early."""

    __slots__ = ("_at", "_data", "_end")

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0
        self._end = len(data)

    @property
    def is_done(self) -> bool:
        return self._at >= self._end

    def byte(self) -> int:
        at = self._at
        if at >= self._end:
            raise Malformed("it ends too early")
        self._at = at + 1
        return self._data[at]

    def uint(self) -> int:
        data, at, end = self._data, self._at, self._end
        number = shift = 0
        while at < end:
            byte = data[at]
            at += 1
            number |= (byte & 127) << shift
            if byte < 128:
                if number > MAX_INTEGER:
                    break
                self._at = at
                return number
            shift += 7
            if shift > 56:
                break
        raise Malformed("a number is cut or too large")

    def bytes(self) -> bytes:
        """A piece behind its length."""
        length = self.uint()
        at = self._at
        if length > self._end - at:
            raise Malformed("it ends too early")
        self._at = at + length
        return self._data[at : at + length]

    def string(self) -> str:
        try:
            return self.bytes().decode()
        except UnicodeDecodeError:
            raise Malformed("a string is not UTF-8") from None

    def skip(self, count: int) -> None:
        """Pass over `count` bytes."""
        if count > self._end - self._at:
            raise Malformed("it ends too early")
        self._at += count

    def any(self, depth: int = 0) -> bool:
        """Pass over a value of the codec `any`; whether it is JSON."""
        kind = self.byte()
        match kind:
            case 120 | 121 | 126:  # true, false, null
                return True
            case 119:
                self.string()
                return True
            case 125:
                self._integer()
                return True
            case 124:
                return self._is_finite(_FLOAT32)
            case 123:
                return self._is_finite(_FLOAT64)
            case 118 | 117:
                if depth >= _MOST_DEPTH:
                    raise Malformed("it is nested too deeply")
                is_json = True
                for _ in range(self.uint()):
                    if kind == 118:
                        self.string()
                    is_json = self.any(depth + 1) and is_json
                return is_json
            case 127:  # undefined
                return False
            case 122:  # a BigInt
                self.skip(8)
                return False
            case 116:
                self.bytes()
                return False
        raise Malformed(f"there is no value of kind {kind}")

    def _integer(self) -> None:
        count = 1
        while self.byte() >= 128:
            count += 1
            if count > 9:
                raise Malformed("a number is too large")

    def _is_finite(self, form: struct.Struct) -> bool:
        at = self._at
        self.skip(form.size)
        number: float = form.unpack_from(self._data, at)[0]
        return number - number == 0
