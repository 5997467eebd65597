"""As many readings a second as asked for, of all devices in turns; for finding out what others bear."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from itertools import cycle

from devices.credentials import Credentials
from devices.site.model import Site
from simulators.sensors.fleet import SensorFleet

_WINDOW = 100
"""Messages on one connection that the broker has not confirmed; then its devices wait."""
_TURN = 200
"""Messages at most before the sockets are served again."""


@dataclass(frozen=True, slots=True)
class Sent:
    """What was published so far."""

    readings: int
    """Values of quantities, also those of messages that are still on their way."""
    messages: int
    confirmed: int
    """Messages that the broker confirmed."""
    seconds: float
    """Since all connections stood; 0 before."""
    cpu: float
    """Seconds of this process."""


class LoadFleet(SensorFleet):
    """A fleet whose devices do not wait for their periods."""

    def __init__(
        self,
        site: Site,
        credentials: Credentials | None,
        rate: float,
        *,
        connections: int | None = None,
        seed: int = 1,
    ) -> None:
        """`rate`: readings a second of all devices together; `connections`: see `SensorFleet`."""
        super().__init__(
            site.points, site.broker, credentials, seed=seed, connections=connections, kept=2 * _WINDOW
        )
        self._rate = rate
        self._readings = 0
        self._began: float | None = None
        self._cpu = 0.0
        self._ended: Sent | None = None
        self._turns = cycle([(line, device) for line in self._lines for device in line.devices])

    @property
    def sent(self) -> Sent:
        """Until now, or until it was stopped."""
        if self._ended is not None:
            return self._ended
        now = time.monotonic()
        began = now if self._began is None else self._began
        cpu = 0.0 if self._began is None else time.process_time() - self._cpu
        return Sent(self._readings, self.published, self.acknowledged, now - began, cpu)

    def stop(self) -> None:
        """Publish no more; the rest as every fleet."""
        before = self.sent
        super().stop()
        self._ended = replace(before, confirmed=self.acknowledged, messages=self.published)

    def _speak(self, now: float) -> float:
        if self._began is None:
            if not all(line.up for line in self._lines):
                return now + 0.1
            self._began, self._cpu = time.monotonic(), time.process_time()
        due = self._rate * (time.monotonic() - self._began) - self._readings
        for _ in range(_TURN):
            if due <= 0:
                return now + 0.01
            line, device = next(self._turns)
            if line.up and line.published - line.acknowledged < _WINDOW:
                line.publish(device.measure(now))
                self._readings += device.breadth
                due -= device.breadth
        return now
