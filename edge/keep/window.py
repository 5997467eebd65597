"""Which readings of one sensor were already had: a sliding window over its counter.

The shape is that of the anti-replay window of RFC 4303, section 3.4.3, with one difference: a
number far behind is taken as a counter that began anew, not as a repeat. A broker redelivers only
what it had in flight, so a genuine repeat is never far behind, and to take a reading twice does
less harm than to be deaf to a sensor.
"""

from __future__ import annotations

from dataclasses import dataclass

WIDTH = 128
"""Numbers remembered below the highest."""


@dataclass(frozen=True, slots=True)
class Window:
    """`top` is the highest number heard; bit `i` of `seen` tells whether `top - i` was heard."""

    top: int
    seen: int = 1

    def heard(self, seq: int) -> bool:
        """Whether `seq` was heard before."""
        behind = self.top - seq
        return 0 <= behind < WIDTH and bool(self.seen >> behind & 1)

    def with_(self, seq: int) -> Window:
        """The window after `seq` was heard."""
        behind = self.top - seq
        if behind >= WIDTH:
            return Window(seq)
        if behind >= 0:
            return Window(self.top, self.seen | 1 << behind)
        if -behind >= WIDTH:
            return Window(seq)
        return Window(seq, (self.seen << -behind | 1) & (1 << WIDTH) - 1)
