"""Which of the broker's sensors are there, by their own word and by silence, for the device list.

That one is silent is a condition of its own (`edge.judge.silence`); here it is said why.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from devices.messages import DeviceStatus
from devices.sensors.presence import Presence, newer, standing
from devices.site.model import Sensor
from devices.site.sensor_rules import SILENT_PERIODS, SensorHealthKind

ASLEEP = 60.0
"""A longer time between two looks was not spent listening: this machine slept or was held up."""


@dataclass(slots=True)
class _One:
    sensor: Sensor
    presence: Presence | None = None
    spoke: bool = False
    quiet: float = 0.0
    """Seconds that were listened to it in vain."""
    told: tuple[DeviceStatus, str] | None = field(default=None)

    @property
    def silent(self) -> bool:
        """Whether it has measured nothing for too long; never of one that need not report."""
        health = self.sensor.health
        after = health.silent_after or SILENT_PERIODS * self.sensor.period
        return SensorHealthKind.SILENT not in health.off and self.quiet >= after


class Muster:
    """Used by the thread that hears sensors."""

    def __init__(self, tell: Callable[[str, DeviceStatus, str], None], now: float) -> None:
        """`tell` is given each change: sensor, status, one sentence; `now` is monotonic."""
        self._tell = tell
        self._known: dict[str, _One] = {}
        self._looked = now

    def restock(self, sensors: Iterable[Sensor]) -> None:
        """The site has these now; what is known of those that stay is kept. Stations are told elsewhere."""
        fresh = {one.id: _One(one) for one in sensors if one.station is None}
        for name in fresh.keys() & self._known.keys():
            fresh[name], fresh[name].sensor = self._known[name], fresh[name].sensor
        self._known = fresh

    def unheard(self, sensor: str) -> bool:
        """Whether nothing usable was heard of it yet."""
        one = self._known.get(sensor)
        return one is not None and one.presence is None and not one.spoke

    def present(self, heard: Presence) -> None:
        """It, or the broker in its name, said whether it is there."""
        one = self._known.get(heard.device)
        if one is not None:
            if one.presence is not None and heard.online and not one.presence.online:
                one.quiet = 0.0
            one.presence = newer(one.presence, heard)
            self._say(one)

    def spoke(self, sensors: Iterable[str]) -> None:
        """These measured something."""
        for one in (self._known[name] for name in sensors if name in self._known):
            first, one.quiet, one.spoke = not one.spoke, 0.0, True
            if one.told is None and one.sensor.decoder == "gridwatch":
                continue  # it has a word of its own for being there
            if first or one.told is None or one.told[0] is not DeviceStatus.UP:
                self._say(one)

    def look(self, listening: Callable[[Sensor], bool], now: float) -> None:
        """Time has passed until `now` (monotonic), and what had come by then was told."""
        passed, self._looked = now - self._looked, now
        if passed >= ASLEEP:
            return
        for one in self._known.values():
            if listening(one.sensor):
                one.quiet += passed
                if one.silent:
                    self._say(one)

    def _say(self, one: _One) -> None:
        found = standing(one.presence, spoke=one.spoke, silent=one.silent)
        if found is not None and found != one.told:
            one.told = found
            self._tell(one.sensor.id, *found)
