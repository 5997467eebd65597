"""What is sent before what: an order of sending only, which numbers nothing.

Each lane is a thread with one request in flight, so that no lane waits for another. What is live goes
newest first, so that a storm does not stand before the alarm of this second; history goes oldest first.
"""

from __future__ import annotations

from dataclasses import dataclass

from devices.messages import Series


@dataclass(frozen=True, slots=True)
class Share:
    """A part of what waits."""

    series: Series
    live: bool | None = None
    """Younger than `HISTORY_AFTER_S`, or older; None: both."""
    clips: bool | None = None
    """Of evidence: clips alone, or what is none; None: both."""
    limited: bool = False
    """No faster than the site allows for history."""
    limit: int = 50
    """Messages of one request: as many as the cloud stores in one transaction, and little on a thin line."""


LANES: dict[str, tuple[Share, ...]] = {
    "live": (Share(Series.ALARM, live=True), Share(Series.HEALTH, live=True)),
    "evidence": (
        Share(Series.EVIDENCE, live=True, clips=False, limit=16),
        Share(Series.EVIDENCE, live=True, clips=True, limit=1),
        Share(Series.EVIDENCE, live=False, clips=False, limit=16),
        Share(Series.EVIDENCE, live=False, clips=True, limit=1),
    ),
    "backlog": (Share(Series.ALARM, live=False), Share(Series.HEALTH, live=False)),
    "telemetry": (
        Share(Series.TELEMETRY, live=True, limit=1),
        Share(Series.TELEMETRY, live=False, limited=True, limit=1),
    ),
}
"""By name; within a lane what stands first goes first, looked at anew after each request."""
