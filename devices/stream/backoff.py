"""How long to wait before trying again."""

from __future__ import annotations

import math

SHORTEST, LONGEST = 1.0, 60.0
"""Seconds between two attempts."""
REFUSED = 60.0
"""Seconds to wait at least after refused credentials: many cameras lock an account after five wrong log-ins
within minutes."""


def backoff(attempt: int, random: float) -> float:
    """Seconds to wait after failed attempt number `attempt` (from 0): capped exponential with full jitter.

    `random` in 0..1 spreads cameras that went away together (a switch that restarts). The mean doubles from
    1.5 s up to 30.5 s.
    """
    ceiling = min(LONGEST, SHORTEST * 2.0 ** min(attempt + 1, 16))
    return SHORTEST + random * (ceiling - SHORTEST)


def backoff_refused(random: float) -> float:
    """Seconds to wait after the credentials were refused: one to two minutes."""
    return REFUSED * (1 + random)


class Turnstile:
    """Lets one through every so often, in the order in which they come. Not for use by several threads."""

    def __init__(self, every: float) -> None:
        """`every`: seconds between two."""
        self._every = every
        self._free = -math.inf

    def wait(self, now: float) -> float:
        """Seconds that whoever comes `now` must wait for their turn."""
        turn = max(now, self._free)
        self._free = turn + self._every
        return turn - now
