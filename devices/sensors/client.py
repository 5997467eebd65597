"""The edge's MQTT client: deliveries that are acknowledged after the commit, and the broker's status.

    client = SensorClient(site.broker, credentials, client_id="gridwatch-n1", filters=filters(points),
                          on_status=report)
    client.start()
    delivery = client.deliveries.get()
    ...                 # commit
    delivery.ack()      # only now the broker forgets it

Every delivery must be acknowledged in the end, in the order of arrival, also one that cannot be decoded: the
broker sends only `RECEIVE_MAXIMUM` ahead. What was not acknowledged comes again after a reconnect, also after
this process died: the session is persistent.
"""

from __future__ import annotations

import logging
import queue
import random
import secrets
import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from paho.mqtt.client import MQTTMessage
from paho.mqtt.enums import MQTTProtocolVersion

from devices.credentials import Credentials
from devices.errors import BrokerRefused, BrokerUnreachable
from devices.messages import DeviceStatus
from devices.sensors.connection import Connection, NoMqtt5, Session
from devices.sensors.direct import Direct
from devices.sensors.probe import Probe
from devices.site.model import Broker

log = logging.getLogger(__name__)

STOP_TIMEOUT_S = 5.0
_ROOM_TICK_S = 0.2


@dataclass(frozen=True, slots=True)
class Delivery:
    """One message as it came."""

    topic: str
    payload: bytes
    received_at: datetime
    retained: bool
    """It was kept by the broker and is older than this connection."""
    ack: Callable[[], None] = field(repr=False)
    """Call once the content is safe; from any thread; calling it again does nothing."""
    redelivered: bool = False
    """The broker sent it before and had no acknowledgement; it may or may not have been committed then."""
    mid: int = 0
    """The broker's number of it, the same when it comes again; 0 at QoS 0. Others use it again later."""


@dataclass(frozen=True, slots=True)
class Retry:
    """Seconds between attempts."""

    first: float = 1.0
    longest: float = 60.0
    refused: float = 60.0
    """After wrong credentials: they will not become right by asking often, and brokers lock accounts."""
    steady: float = 10.0
    """A connection that held this long starts the series anew."""

    def delay(self, failures: int, *, refused: bool, chance: float) -> float:
        """Before the next attempt, after `failures` (1 or more) in a row; `chance` (0..1) spreads many nodes.

        Exponential from `first` to `longest`, the upper half of it by chance.
        """
        longest = self.refused if refused else min(self.longest, self.first * 2 ** min(failures - 1, 30))
        return longest * (0.5 + 0.5 * chance)


class SensorClient:
    """Receives from one broker in a thread of its own, for as long as it is started."""

    def __init__(
        self,
        broker: Broker,
        credentials: Credentials | None,
        *,
        client_id: str,
        filters: Iterable[str],
        on_status: Callable[[DeviceStatus, str], None],
        capacity: int = 1000,
        deliveries: queue.Queue[Delivery | Direct] | None = None,
        retry: Retry | None = None,
        probe: str | None = None,
        now: Callable[[], float] = time.time,
        chance: Callable[[], float] = random.random,
    ) -> None:
        """Nothing happens before `start`.

        Args:
            broker: where it listens.
            credentials: None for a broker that asks for none.
            client_id: the same at every start, and of nobody else.
            filters: what to subscribe to (`devices.sensors.topics.filters`).
            on_status: told each change of status with one sentence, on the client's thread; must not raise.
            capacity: deliveries kept in memory; when they are not taken, reading stops.
            deliveries: where to put them, shared with others, instead of a queue of its own.
            retry: the pace of reconnecting.
            probe: a topic that only this client reads and writes (`devices.site.broker.probe_topic`), to
                prove that the broker takes and hands out; None where there is none.
            now: wall clock, seconds since 1970 UTC.
            chance: 0..1, the jitter.

        """
        asking = None if probe is None else Probe(probe, secrets.token_hex(8))
        self._session = Session(broker, credentials, client_id, tuple(filters), asking)
        self._on_status = on_status
        self._retry = retry or Retry()
        self._now = now
        self._chance = chance
        self.deliveries: queue.Queue[Any] = queue.Queue(capacity) if deliveries is None else deliveries
        """What arrived and was not taken yet."""
        self._status: DeviceStatus | None = None
        self._full = False
        self._protocol = MQTTProtocolVersion.MQTTv5
        self._connection: Connection | None = None
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name=f"mqtt-{client_id}", daemon=True)

    def start(self) -> None:
        """Begin to connect; returns at once. A client is started once."""
        self._thread.start()

    def stop(self) -> None:
        """End the connection within a few seconds; what was not acknowledged stays with the broker."""
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join(STOP_TIMEOUT_S)

    def publish(self, topic: str, payload: bytes) -> None:
        """Ask a device something, at QoS 0: who asks gets an answer or asks again. Returns at once."""
        if self._connection is not None:
            self._connection.publish(topic, payload)

    def facts(self) -> dict[str, int]:
        """What was counted since the start: `connections`, messages `redelivered`, publications `denied`."""
        counts = self._session.counts
        return {name: counts[name] for name in ("connections", "redelivered", "denied")}

    def _run(self) -> None:
        failures = 0
        while not self._stopping.is_set():
            began = time.monotonic()
            try:
                self._connection = Connection(self._session, self._protocol, self._arrived, self._tell)
                self._connection.run(self._stopping)
            except NoMqtt5:
                self._protocol = MQTTProtocolVersion.MQTTv311
                continue
            except (BrokerRefused, BrokerUnreachable) as error:
                refused = isinstance(error, BrokerRefused)
                self._tell(DeviceStatus.REFUSED if refused else DeviceStatus.UNREACHABLE, str(error))
                failures = 1 if time.monotonic() - began > self._retry.steady else failures + 1
                self._stopping.wait(self._retry.delay(failures, refused=refused, chance=self._chance()))

    def _tell(self, status: DeviceStatus, detail: str) -> None:
        if status is self._status:
            return
        self._status = status
        if status is DeviceStatus.UP:
            log.info("broker up: %s", detail)
        else:
            log.warning("broker %s: %s", status, detail)
        self._on_status(status, detail)

    def _arrived(self, topic: str, message: MQTTMessage, ack: Callable[[], None]) -> None:
        """Hand over one message, waiting for room: the broker keeps what we do not read."""
        delivery = Delivery(
            topic,
            bytes(message.payload),
            datetime.fromtimestamp(self._now(), UTC),
            bool(message.retain),
            ack,
            bool(message.dup),
            message.mid,
        )
        while not self._stopping.is_set():
            try:
                self.deliveries.put(delivery, timeout=_ROOM_TICK_S)
            except queue.Full:
                self._crowded(full=True)
            else:
                if self.deliveries.qsize() <= self.deliveries.maxsize // 2:
                    self._crowded(full=False)
                return

    def _crowded(self, *, full: bool) -> None:
        if full is self._full:
            return
        self._full = full
        if full:
            waiting = self.deliveries.maxsize
            log.warning("%d deliveries wait to be taken; reading from the broker stops", waiting)
        else:
            log.info("deliveries are taken again")
