"""A site's rules over recorded readings, with the recording's clock: no store, no broker, no waiting.

The rules, what they remember and how they are joined are the node's own code. Each reading is heard at the
time at which it was received; what is read and printed is up to the caller.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

from devices.ids import uuid7
from devices.messages import Change, Condition, Reading
from devices.site.model import Site
from edge.judge.duties import Duties, common_of
from edge.judge.joints import Kept, joints_of, passed_on, relayed
from edge.judge.sensors import Memory, SensorRules
from edge.judge.telling import condition_of
from edge.keep.window import Window

TICK = 5.0
"""Seconds of the recording between two looks at what time alone does; a running node looks each second."""
AWAY = 120.0
"""Seconds without any reading after which whoever recorded was away, not the sensors."""


class Trial:
    """A site's rules over a recording."""

    def __init__(self, site: Site, new_id: Callable[[], UUID] = uuid7) -> None:
        """Nothing is remembered."""
        self.told: list[Condition] = []
        """All that would have been sent."""
        self.readings = 0
        """Those that were judged."""
        self.repeated = 0
        self.unknown: Counter[str] = Counter()
        """Readings of sensors that the site does not have."""
        self.heard: set[str] = set()
        """Sensors of which there is a reading; one that was not recorded is not silent."""
        self._new_id = new_id
        self._node = {sensor.id: point.node for point in site.points for sensor in point.sensors}
        self.sensors = len(self._node)
        """Of the site."""
        duties = Duties(site.points, common_of(site))
        zones = (zone for point in site.points for camera in point.cameras for zone in camera.zones)
        self.rules = {duty.rule.id for duty in duties.by_key.values()}
        """Ids of all rules and joins of the site."""
        self.rules |= {rule.id for zone in zones for rule in zone.rules}
        self.rules |= {join.id for point in site.points for join in point.joins}
        self._rules = SensorRules(duties, new_id)
        self._draft = Memory().draft()
        self._joints = {node.id: joints_of(site.points_of(node.id)) for node in site.nodes}
        self._kept: dict[str, Kept] = {}
        self._windows: dict[tuple[str, str, str], Window] = {}
        self._now: float | None = None
        self._waited = 0.0

    def hear(self, one: Reading | Condition) -> None:
        """In the order of arrival: a reading, or a condition of a camera, for which joins may ask."""
        at = one.received_at if isinstance(one, Reading) else one.changed_at
        now = self._forward(at.timestamp())
        if isinstance(one, Condition):
            self._relay(one, now)
            return
        if one.sensor not in self._node:
            self.unknown[one.sensor] += 1
            return
        source = (one.sensor, one.quantity, one.boot)
        window = self._windows.get(source)
        if window is not None and window.heard(one.seq):
            self.repeated += 1
            return
        self._windows[source] = Window(one.seq) if window is None else window.with_(one.seq)
        self.readings += 1
        self.heard.add(one.sensor)
        self._rules.hear(self._draft, one, now)
        self._tell(now)

    def _forward(self, at: float) -> float:
        """Up to this time, with what the time alone does on the way; it never goes back."""
        if self._now is None:
            self._now = self._waited = at
        if at - self._now >= AWAY:
            self._wait(at, listening=False)
        while self._waited + TICK <= at:
            self._wait(self._waited + TICK, listening=True)
        self._now = max(self._now, at)
        return self._now

    def _wait(self, now: float, *, listening: bool) -> None:
        moment = datetime.fromtimestamp(now, UTC)
        self._rules.wait(
            self._draft, now - self._waited, now, moment, lambda sensor: listening and sensor.id in self.heard
        )
        self._waited = now
        self._tell(now)

    def _tell(self, now: float) -> None:
        if self._draft.told:
            for one in self._draft.told:
                self._relay(condition_of(one, self._node[one.duty.sensor.id]), now)
            self._draft.told.clear()

    def _relay(self, condition: Condition, now: float) -> None:
        heard = []
        for joint in self._joints.get(condition.node, ()):
            part = joint.part(condition)
            if part is not None:
                kept = self._kept.get(joint.join.id, Kept())
                heard.append(relayed(joint, part, kept, condition, now, 0.0, self._new_id))
                self._kept[joint.join.id] = heard[-1].kept
        self.told += passed_on(condition, heard)


@dataclass(frozen=True, slots=True)
class Raised:
    """One condition from its first word to its last."""

    first: Condition
    last: Condition

    @property
    def cleared(self) -> datetime | None:
        """When it was over; None: it is still open at the end."""
        return self.last.changed_at if self.last.change is Change.CLEARED else None


def raised(told: Iterable[Condition]) -> list[Raised]:
    """The conditions, in the order in which they were raised."""
    found: dict[UUID, Raised] = {}
    for one in told:
        before = found.get(one.condition_id)
        found[one.condition_id] = Raised(one if before is None else before.first, one)
    return list(found.values())
