"""What the demo says of its wall while it comes up: cameras that deliver, and the first incident."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from simulators.errors import PatrolError
from simulators.patrol import Patrol


class News:
    """Asks the wall's API at most once in `every` seconds; keeps quiet while it does not answer."""

    def __init__(self, patrol: Patrol, clock: Callable[[], float], every: float = 1.0) -> None:
        """`clock`: seconds, monotonic."""
        self._patrol = patrol
        self._clock = clock
        self._every = every
        self._next = 0.0

    def cameras(self) -> tuple[int, int] | None:
        """How many cameras are up, of how many; None when it is not yet time to ask or nobody answers."""
        nodes = self._ask("/nodes")
        if nodes is None:
            return None
        return sum(one["cameras_up"] for one in nodes), sum(one["cameras_total"] for one in nodes)

    def incident(self, since: datetime) -> dict[str, Any] | None:
        """An open incident whose condition turned up after `since`, the earliest; None when there is none."""
        found = self._ask("/incidents?state=open&limit=200")
        new = [one for one in found["items"] if _seen_at(one) > since] if found else []
        return min(new, key=_seen_at, default=None)

    def _ask(self, path: str) -> Any:
        now = self._clock()
        if now < self._next:
            return None
        self._next = now + self._every
        try:
            return self._patrol.get(path)
        except PatrolError:
            return None


def _seen_at(incident: dict[str, Any]) -> datetime:
    """When the latest of its conditions was opened."""
    return max(datetime.fromisoformat(alarm["opened_at"]) for alarm in incident["alarms"])


def told(incident: dict[str, Any]) -> str:
    """An incident in one line: class, point, grid, number."""
    names = [incident["event_class"]["name"], incident["point"]["name"]]
    what, where = (f"{name['en']} {name['zh']}" for name in names)
    return f"{what} at {incident['point']['id']} {where}, {incident['number']}"
