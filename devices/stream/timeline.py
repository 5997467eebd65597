"""One clock out of the timestamps a stream carries: rising, without jumps, from whatever is there."""

from __future__ import annotations

import math

BACKWARD = 2.0
"""Seconds a timestamp may lie before its forerunner without being a jump: B-frames travel out of order,
in H.264 by at most 16 frames."""


class Timeline:
    """Packets' timestamps (decoding order) to seconds of stream time; the first packet, or `origin`, is at 0.

    A jump is replaced by the time that passed meanwhile: what the caller measured, else one frame.
    """

    def __init__(self, *, step: float, longest: float = math.inf, origin: float | None = None) -> None:
        """`step`: seconds a frame lasts; `longest`: a longer step forward is a jump, not a pause."""
        self.step = step
        self.latest: float | None = None
        """The highest stream time given so far."""
        self._longest = longest
        self._offset = None if origin is None else -origin
        self._mark: float | None = None

    def rejoin(self) -> None:
        """The timestamps to come are of another connection: they say nothing about the gap between."""
        self._offset = None

    def at(self, pts: float | None, dts: float | None, elapsed: float | None = None) -> float:
        """The stream time of the next packet.

        `pts`, `dts`: its timestamps in seconds, as far as it has any.
        `elapsed`: seconds since the packet before, by a monotonic clock; None for files.
        """
        after_gap = 0.0
        if self.latest is not None:
            after_gap = self.latest + (self.step if elapsed is None else max(elapsed, 0.0))
        stamp = pts if pts is not None else dts
        if stamp is None:
            now = after_gap
        else:
            mark = dts if dts is not None else stamp
            step = 0.0 if self._mark is None else mark - self._mark
            if self._offset is None or not -BACKWARD <= step <= self._longest:
                self._offset = after_gap - stamp
            self._mark = mark
            now = stamp + self._offset
        self.latest = now if self.latest is None else max(self.latest, now)
        return now
