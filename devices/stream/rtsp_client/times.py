"""RTP time stamps, 32 bits that start anywhere and wrap, as seconds that never fall."""

from __future__ import annotations

from devices.stream.timeline import BACKWARD, Lead

FORWARD = 10.0
"""Seconds the time stamps may step forward at once before that is called a jump, not a pause."""
_RANGE = 1 << 32


class StreamClock:
    """Seconds since the first time stamp of one connection.

    A jump, in either direction, is replaced by the time that passed on our own clock.
    """

    def __init__(self, rate: int) -> None:
        """`rate`: ticks a second, above zero."""
        self.jumped = False
        """Whether the latest time stamp was a jump."""
        self._rate = rate
        self._stamp: int | None = None
        self._position = 0  # of `_stamp`, in ticks since the first one
        self._latest = 0
        self._seen = 0.0
        self._lead = Lead()

    def at(self, stamp: int, seen: float) -> float:
        """The stream time of the next picture, in decoding order.

        `stamp`: its RTP time. `seen`: when it came, in seconds of a monotonic clock. Pictures that are shown
        earlier than they are decoded (B-frames) get the highest time so far.
        """
        self.jumped = False
        if self._stamp is not None:
            step = _nearest(stamp - self._stamp)
            elapsed = max(seen - self._seen, 0.0)
            near = -BACKWARD * self._rate <= step <= FORWARD * self._rate
            self.jumped = not near or self._lead.leaps(step / self._rate, elapsed)
            if self.jumped:
                self._position = self._latest + round(elapsed * self._rate)
            else:
                self._position += step
        self._stamp, self._seen = stamp, seen
        self._latest = max(self._latest, self._position)
        return self._latest / self._rate

    def of(self, stamp: int) -> float | None:
        """The stream time of an RTP time that a report names; None when it is not near the latest picture."""
        if self._stamp is None:
            return None
        step = _nearest(stamp - self._stamp)
        return (self._position + step) / self._rate if abs(step) <= FORWARD * self._rate else None


def _nearest(difference: int) -> int:
    """The difference of two 32-bit stamps, the shorter way round."""
    return (difference + _RANGE // 2) % _RANGE - _RANGE // 2
