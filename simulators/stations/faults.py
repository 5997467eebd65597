"""What a simulated station can suffer from, by name."""

from __future__ import annotations

from enum import StrEnum


class Fault(StrEnum):
    """One way to fail; it lasts until it is switched off."""

    HALF_PACKET = "half_packet"
    """The connection breaks off in the middle of a packet."""
    BAD_CHECK = "bad_check"
    """A bit falls over on the line."""
    WRONG_LENGTH = "wrong_length"
    """The length in a packet is not that of the packet."""
    RUBBISH = "rubbish"
    """Noise of a modem before each packet."""
    DEAF = "deaf"
    """It hears no answer, and sends everything again until it has had enough."""
    NEVER_ANSWERS = "never_answers"
    """It does not answer commands."""
    TWICE = "twice"
    """It sends each packet twice, whatever the answer."""
    RECONNECTS = "reconnects"
    """It connects anew for each packet and leaves the old connection open."""


def spoilt(fault: Fault, raw: bytes, length_at: slice) -> bytes:
    """`raw` as it leaves a station with this fault; `length_at`: where the packet's length stands."""
    if fault is Fault.HALF_PACKET:
        return raw[: len(raw) // 2]
    if fault is Fault.BAD_CHECK:
        middle = len(raw) // 2
        return raw[:middle] + bytes((raw[middle] ^ 0x01,)) + raw[middle + 1 :]
    if fault is Fault.WRONG_LENGTH:
        wrong = bytearray(raw)
        wrong[length_at.start] ^= 0x01
        return bytes(wrong)
    return b"\x00\xff~modem~" + raw if fault is Fault.RUBBISH else raw
