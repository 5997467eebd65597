"""How fast history may be sent: a bucket of bytes that fills steadily. Pure."""

from __future__ import annotations

from dataclasses import dataclass

BURST_S = 4.0
"""Seconds of its rate that the bucket holds."""


@dataclass(slots=True)
class Allowance:
    """A message is sent whole once nothing is owed, and its bytes are then owed: sizes are known after."""

    rate: float
    """Bytes a second."""
    _level: float = 0.0
    _at: float | None = None

    def wait(self, now: float) -> float:
        """Seconds until the next message may go; monotonic `now`."""
        self._fill(now)
        return max(0.0, -self._level / self.rate)

    def spend(self, size: int, now: float) -> None:
        """So many bytes were sent."""
        self._fill(now)
        self._level -= size

    def _fill(self, now: float) -> None:
        if self._at is None:
            self._level = BURST_S * self.rate
        else:
            self._level = min(BURST_S * self.rate, self._level + (now - self._at) * self.rate)
        self._at = now
