"""What a simulated stream can suffer from, switched by name while it runs."""

from __future__ import annotations

from enum import StrEnum

from simulators.cameras.rtsp_segment import FRAMING, HEADER, Unit


class Fault(StrEnum):
    """One way to fail; it lasts until it is switched off."""

    STALL = "stall"
    """The connection stays, nothing is sent."""
    DROP = "drop"
    """The connection is reset at the next frame, and again whenever someone comes back."""
    REFUSE_AUTH = "refuse_auth"
    """No credentials are right."""
    HALF_FRAME = "half_frame"
    """The connection is closed in the middle of the next frame."""
    TIMESTAMP_JUMP = "timestamp_jump"
    """RTP time is an hour ahead: it leaps forward when this is switched on, and back when off again."""
    MUTE = "mute"
    """Connections are taken, no request is answered, nothing is sent."""
    AUDIO_ONLY = "audio_only"
    """It offers sound and no picture; who plays gets nothing more."""
    SLOW = "slow"
    """Every answer takes `SLOW_ANSWER` seconds."""
    CORRUPT_KEY = "corrupt_key"
    """The second half of each key frame is overwritten."""
    PER_PACKET_WRITES = "per_packet_writes"
    """Each RTP packet goes out by itself, as a slow network card would deliver it."""


SLOW_ANSWER = 2.0
"""Seconds."""
JUMP = 3600
"""Seconds of `timestamp_jump`."""


class Faults:
    """The faults of each path. Any thread may ask, one at a time may switch."""

    def __init__(self) -> None:
        self._of: dict[str, frozenset[Fault]] = {}

    def of(self, path: str) -> frozenset[Fault]:
        """What `path` suffers from now."""
        return self._of.get(path, frozenset())

    def switch(self, path: str, fault: Fault, *, on: bool) -> None:
        """Switch one fault of one path."""
        self._of[path] = self.of(path) | {fault} if on else self.of(path) - {fault}


def damaged(unit: Unit, rendered: bytes) -> bytes:
    """`rendered` with zeros for the coded picture's second half; the packets' headers stay whole."""
    buffer = bytearray(rendered)
    ends = (*unit.offsets[1:], len(buffer))
    for begin, end in zip(unit.offsets, ends, strict=True):
        start = max(begin + FRAMING + HEADER + 2, len(buffer) // 2)
        if start < end:
            buffer[start:end] = bytes(end - start)
    return bytes(buffer)
