"""All sensors of a street on one thread: each its own MQTT connection with its own last will.

A will belongs to a connection, and a device's will is how its loss is noticed, so no two devices share one.
The sockets are served by one selector; 120 idle devices cost next to nothing.
"""

from __future__ import annotations

import logging
import selectors
import threading
import time
from collections.abc import Callable, Iterable

from devices.credentials import Credentials
from devices.sensors.quantities import KINDS
from devices.site.model import Broker, Point
from simulators.errors import SimulatorsError
from simulators.sensors.device import SimulatedSensor
from simulators.sensors.line import KEPT, Line
from simulators.sensors.scenario import Scenario

log = logging.getLogger(__name__)

_RETRY_S = (0.5, 10.0)
"""First and longest wait before the fleet tries the broker again."""
_STOP_S = 3.0
_MISC_S = 1.0


class SensorFleet:
    """The simulated sensors of `points`, publishing to one broker from `start` to `stop`."""

    def __init__(
        self,
        points: Iterable[Point],
        broker: Broker,
        credentials: Credentials | None,
        scenario: Scenario | None = None,
        *,
        seed: int = 1,
        clock: Callable[[], float] = time.time,
        connections: int | None = None,
        kept: int = KEPT,
    ) -> None:
        """Second 0 of the scenario is now.

        Args:
            points: whose sensors to simulate.
            broker: plain TCP only.
            credentials: of all devices; None for a broker that asks for none.
            scenario: a quiet street unless given.
            seed: of series and jitter.
            clock: Unix time in seconds; must not go backwards.
            connections: shared by all devices, which then have no last wills; one for each unless given.
            kept: messages on their way or waiting on one connection at most.

        Raises:
            SimulatorsError: a sensor of a kind that has no series.

        """
        self._clock = clock
        self._origin = clock()
        chosen = [(point.id, sensor) for point in points for sensor in point.sensors]
        for _, sensor in chosen:
            if sensor.kind not in KINDS:
                raise SimulatorsError(
                    f"sensor {sensor.id}: kind {sensor.kind!r} is none of {', '.join(KINDS)}"
                )
        self._selector = selectors.DefaultSelector()
        devices = [
            SimulatedSensor(point, sensor, scenario or Scenario(), seed, self._origin)
            for point, sensor in chosen
        ]
        count = min(connections or len(devices), len(devices))
        self._lines = [
            Line(devices[at::count], broker, credentials, self._selector, self._second, kept)
            for at in range(count)
        ]
        self._retry_at = 0.0
        self._retry_s = _RETRY_S[0]
        self._away = False
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="sensor-fleet", daemon=True)

    @property
    def sensors(self) -> int:
        """How many there are."""
        return sum(len(line.devices) for line in self._lines)

    @property
    def acknowledged(self) -> int:
        """Messages that the broker confirmed."""
        return sum(line.acknowledged for line in self._lines)

    @property
    def published(self) -> int:
        """Messages that the devices made, measurements and state."""
        return sum(line.published for line in self._lines)

    def start(self) -> None:
        """Begin to connect and publish; returns at once. A fleet is started once."""
        self._thread.start()

    def stop(self) -> None:
        """Take leave of the broker and end within a few seconds."""
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join(2 * _STOP_S)

    def _second(self) -> float:
        """Of the scenario."""
        return self._clock() - self._origin

    def _run(self) -> None:
        misc_at = 0.0
        while not self._stopping.is_set():
            self._connect()
            now = self._second()
            self._serve(max(0.0, min(self._speak(now) - now, 0.25)))
            if time.monotonic() >= misc_at:
                misc_at = time.monotonic() + _MISC_S
                for line in self._lines:
                    line.client.loop_misc()
        self._leave()

    def _speak(self, now: float) -> float:
        """Publish what is due at scenario second `now`; the second when there will be more."""
        for line in self._lines:
            for device in line.devices:
                if device.due <= now:
                    line.publish(device.emit(now))
        return min((device.due for line in self._lines for device in line.devices), default=now + _MISC_S)

    def _connect(self) -> None:
        """Connect the lines that are down; the first failure postpones the others, it is the same broker."""
        if time.monotonic() < self._retry_at:
            return
        for line in self._lines:
            if line.up or line.connecting:
                continue
            if not line.connect():
                if not self._away:
                    log.warning("sensors: no broker answers; their messages wait")
                self._away = True
                self._retry_at = time.monotonic() + self._retry_s
                self._retry_s = min(2 * self._retry_s, _RETRY_S[1])
                return
        if any(line.refused for line in self._lines):
            if not self._away:
                log.warning("sensors: the broker refuses their user name or password")
            self._away = True
            self._retry_at = time.monotonic() + _RETRY_S[1]
        elif all(line.up for line in self._lines):
            if self._away:
                log.info("sensors: the broker is back")
            self._away = False
            self._retry_s = _RETRY_S[0]

    def _serve(self, timeout: float) -> None:
        for line in self._lines:
            line.watch_writing()
        for key, events in self._selector.select(timeout):
            ready: Line = key.data
            if events & selectors.EVENT_READ:
                ready.client.loop_read()
            if events & selectors.EVENT_WRITE:
                ready.client.loop_write()

    def _leave(self) -> None:
        for line in self._lines:
            line.leave()
        due = time.monotonic() + _STOP_S
        while time.monotonic() < due and any(
            line.up and line.acknowledged < line.published for line in self._lines
        ):
            self._serve(0.1)
        for line in self._lines:
            line.client.disconnect()
            line.unhook()
        self._selector.close()
