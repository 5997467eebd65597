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
from typing import Any

from paho.mqtt.client import Client, ConnectFlags, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion, MQTTErrorCode
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from devices.credentials import Credentials
from devices.sensors.quantities import KINDS
from devices.site.model import Broker, Point
from simulators.errors import SimulatorsError
from simulators.sensors.device import SimulatedSensor
from simulators.sensors.scenario import Scenario
from simulators.sensors.shapes.speech import Publication

log = logging.getLogger(__name__)

QOS = 1
_KEEPALIVE_S = 30
_CONNECT_TIMEOUT_S = 2.0
_RETRY_S = (0.5, 10.0)
"""First and longest wait before the fleet tries the broker again."""
_KEPT = 50
"""Messages a device keeps while it is off line; then it loses new ones, as small devices do."""
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
    ) -> None:
        """Second 0 of the scenario is now.

        Args:
            points: whose sensors to simulate.
            broker: plain TCP only.
            credentials: of all devices; None for a broker that asks for none.
            scenario: a quiet street unless given.
            seed: of series and jitter.
            clock: Unix time in seconds; must not go backwards.

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
        self._lines = [
            _Line(
                SimulatedSensor(point, sensor, scenario or Scenario(), seed, self._origin),
                broker,
                credentials,
                self._selector,
                self._second,
            )
            for point, sensor in chosen
        ]
        self._retry_at = 0.0
        self._retry_s = _RETRY_S[0]
        self._away = False
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="sensor-fleet", daemon=True)

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
            for line in self._lines:
                if line.device.due <= now:
                    line.publish(line.device.emit(now))
            next_due = min((line.device.due for line in self._lines), default=_MISC_S)
            self._serve(max(0.0, min(next_due - now, 0.25)))
            if time.monotonic() >= misc_at:
                misc_at = time.monotonic() + _MISC_S
                for line in self._lines:
                    line.client.loop_misc()
        self._leave()

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
            ready: _Line = key.data
            if events & selectors.EVENT_READ:
                ready.client.loop_read()
            if events & selectors.EVENT_WRITE:
                ready.client.loop_write()

    def _leave(self) -> None:
        for line in self._lines:
            leave = line.device.leaving()
            if line.up and leave is not None:
                line.publish([leave])
        due = time.monotonic() + _STOP_S
        while time.monotonic() < due and any(
            line.up and line.acknowledged < line.published for line in self._lines
        ):
            self._serve(0.1)
        for line in self._lines:
            line.client.disconnect()
            line.unhook()
        self._selector.close()


class _Line:
    """One device's connection."""

    def __init__(
        self,
        device: SimulatedSensor,
        broker: Broker,
        credentials: Credentials | None,
        selector: selectors.BaseSelector,
        second: Callable[[], float],
    ) -> None:
        self.device = device
        self.up = False
        self.connecting = False
        self.refused = False
        self.published = 0
        self.acknowledged = 0
        self._broker = broker
        self._selector = selector
        self._second = second
        self._writing = False
        # 3.1.1 is what small devices speak, and what both brokers understand.
        self.client = Client(CallbackAPIVersion.VERSION2, client_id=device.id, reconnect_on_failure=False)
        if credentials is not None:
            self.client.username_pw_set(credentials.user, credentials.password)
        self.client.max_queued_messages_set(_KEPT)
        self.client.connect_timeout = _CONNECT_TIMEOUT_S
        self.client.on_socket_open = self._on_socket_open
        self.client.on_socket_close = self._on_socket_close
        self.client.on_connect = self._on_connect
        self.client.on_disconnect = self._on_disconnect
        self.client.on_publish = self._on_publish
        self.client.on_message = self._on_message

    def connect(self) -> bool:
        """Open the connection; whether there is somebody."""
        will = self.device.will()
        if will is not None:
            self.client.will_set(will.topic, will.payload, QOS, will.retain)
        try:
            self.client.connect(self._broker.host, self._broker.port, _KEEPALIVE_S)
        except OSError:
            return False
        self.connecting = True
        return True

    def publish(self, messages: list[Publication]) -> None:
        """Publish, or keep for the next connection."""
        for message in messages:
            sent = self.client.publish(message.topic, message.payload, QOS, message.retain)
            if sent.rc in (MQTTErrorCode.MQTT_ERR_SUCCESS, MQTTErrorCode.MQTT_ERR_NO_CONN):
                self.published += 1

    def watch_writing(self) -> None:
        """Tell the selector whether something waits to be written."""
        sock = self.client.socket()
        if sock is not None and self.client.want_write() != self._writing:
            self._writing = not self._writing
            interest = selectors.EVENT_READ | (selectors.EVENT_WRITE if self._writing else 0)
            self._selector.modify(sock, interest, self)

    def unhook(self) -> None:
        """Undo the reference cycles, so that paho closes its sockets now."""
        self.client.on_socket_open = self.client.on_socket_close = None
        self.client.on_connect = self.client.on_disconnect = self.client.on_publish = None
        self.client.on_message = None

    def _on_socket_open(self, client: Client, _: Any, sock: Any) -> None:
        self._writing = False
        self._selector.register(sock, selectors.EVENT_READ, self)

    def _on_socket_close(self, client: Client, _: Any, sock: Any) -> None:
        self._selector.unregister(sock)
        self.up = self.connecting = False

    def _on_connect(
        self, client: Client, _: Any, flags: ConnectFlags, reason: ReasonCode, properties: Properties | None
    ) -> None:
        self.refused = reason.is_failure
        self.connecting = False
        self.up = not self.refused
        if self.up:
            if self.device.asked is not None:
                self.client.subscribe(self.device.asked, QOS)
            self._introduce()

    def _introduce(self) -> None:
        self.publish(self.device.connected(self._second()))

    def _on_message(self, client: Client, _: Any, message: MQTTMessage) -> None:
        """Somebody who came later asks who this is."""
        self._introduce()

    def _on_disconnect(self, client: Client, _: Any, *details: Any) -> None:
        self.up = self.connecting = False

    def _on_publish(self, client: Client, _: Any, *details: Any) -> None:
        self.acknowledged += 1
