"""As much of protocol buffers' wire format as Sparkplug needs: varints, fixed words and bytes."""

from __future__ import annotations

import struct

_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5


def _varint(number: int) -> bytes:
    out = bytearray()
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    out.append(number)
    return bytes(out)


def whole(field: int, number: int) -> bytes:
    """A `uint32`, `uint64` or `bool`."""
    return _varint(field << 3 | _VARINT) + _varint(number)


def double(field: int, number: float) -> bytes:
    """A `double`."""
    return _varint(field << 3 | _FIXED64) + struct.pack("<d", number)


def single(field: int, number: float) -> bytes:
    """A `float`."""
    return _varint(field << 3 | _FIXED32) + struct.pack("<f", number)


def block(field: int, content: bytes) -> bytes:
    """A `string`, or a message within a message."""
    return _varint(field << 3 | _BYTES) + _varint(len(content)) + content
