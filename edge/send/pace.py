"""How long to wait before the next attempt. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from email.utils import parsedate_to_datetime

LONGEST_RETRY_AFTER_S = 3600.0
"""A cloud may ask for a pause, not for silence: longer wishes are cut to this."""


@dataclass(frozen=True, slots=True)
class Pace:
    """Seconds between attempts that failed."""

    first: float = 1.0
    longest: float = 60.0
    denied: float = 60.0
    """After a refused token, which does not become right by asking often."""

    def delay(self, failures: int, chance: float) -> float:
        """After `failures` (1 or more) in a row; exponential with full jitter, `chance` is 0..1.

        Full jitter spreads the nodes of a street best after a common outage
        (M. Brooker, "Exponential Backoff And Jitter", 2015).
        """
        return chance * min(self.longest, self.first * 2.0 ** min(failures - 1, 30))

    def delay_denied(self, chance: float) -> float:
        """After the token was refused."""
        return self.denied * (0.5 + 0.5 * chance)


def retry_after_s(header: str | None, now: datetime) -> float:
    """Seconds that a Retry-After header (RFC 9110, 10.2.3) asks for; 0 where it is absent or unreadable."""
    if header is None:
        return 0.0
    text = header.strip()
    if text.isascii() and text.isdigit():
        seconds = float(text[:10])
    else:
        try:
            until = parsedate_to_datetime(text)
        except ValueError:
            return 0.0
        seconds = (until - now).total_seconds() if until.tzinfo else 0.0
    return min(max(seconds, 0.0), LONGEST_RETRY_AFTER_S)
