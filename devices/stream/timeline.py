"""One clock out of the timestamps a stream carries: rising, without jumps, from whatever is there."""

from __future__ import annotations

import math

BACKWARD = 2.0
"""Seconds a timestamp may lie before its forerunner without being a jump: B-frames travel out of order,
in H.264 by at most 16 frames."""


LATITUDE = 1.5
"""Seconds by which a live stream may get ahead of our clock at one step: what one reads in one go may span a
pause, what the sender dropped for a slow reader another."""
LEAK = 1e-3
"""By which what is known of a stream's lead is forgotten, a second: clocks drift by a tenth of that."""


class Lead:
    """Tells a live stream's jump from its pauses: by how far its time has run ahead of ours.

    A network that stalls lets a stream fall behind and catch up, in small steps or, where the sender let
    pictures go, in large ones; nothing lets it get ahead at once of where it was at best.
    """

    def __init__(self) -> None:
        self._ahead = self._best = 0.0

    def leaps(self, step: float, elapsed: float) -> bool:
        """Whether a step of the stream's time, in seconds, is a jump; `elapsed` seconds passed meanwhile."""
        ahead, self._best = self._ahead + step - elapsed, self._best - LEAK * elapsed
        if step > LATITUDE and ahead > self._best + LATITUDE:
            return True  # the time that passed takes its place: the lead stays
        self._ahead, self._best = ahead, max(self._best, ahead)
        return False


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
        self._lead = Lead()
        self.jumps = 0
        """Of the timestamps, so far."""

    def rejoin(self) -> None:
        """The timestamps to come are of another connection: they say nothing about the gap between."""
        self._offset, self._lead = None, Lead()

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
            jump = not -BACKWARD <= step <= self._longest
            # A jump this large leaves the lead as it is; of a smaller one only a live stream can tell.
            if not jump and self._offset is not None and elapsed is not None:
                jump = self._lead.leaps(step, max(elapsed, 0.0))
            if self._offset is None or jump:
                self.jumps += self._offset is not None
                self._offset = after_gap - stamp
            self._mark = mark
            now = stamp + self._offset
        self.latest = now if self.latest is None else max(self.latest, now)
        return now
