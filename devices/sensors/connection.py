"""One MQTT connection, from CONNECT to its end, driven by the thread that calls `run`.

A connection is used once. An acknowledgement therefore can never reach a later connection, where the same
packet id belongs to another message: it is dropped, and the broker sends the message again.
"""

from __future__ import annotations

import re
import ssl
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from paho.mqtt.client import MQTT_CLEAN_START_FIRST_ONLY, Client, ConnectFlags, DisconnectFlags, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion, MQTTErrorCode, MQTTProtocolVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from devices.credentials import Credentials
from devices.errors import BrokerRefused, BrokerUnreachable
from devices.messages import DeviceStatus
from devices.sensors.probe import Probe
from devices.sensors.trust import secure
from devices.site.model import Broker
from devices.tls import alert, certificate_fault

QOS = 1
KEEPALIVE_S = 30
"""A broker behind a dead link is noticed after twice this."""
CONNECT_TIMEOUT_S = 3.0
ANSWER_TIMEOUT_S = 10.0
"""From the TCP connection to the broker's word on the subscriptions."""
SESSION_EXPIRY_S = 7 * 24 * 3600
"""How long the broker keeps our session (MQTT 5; for 3.1.1 the broker's configuration says the same)."""
MAX_PACKET = 65536
"""Bytes; an MQTT 5 broker drops larger messages instead of sending them to us."""
RECEIVE_MAXIMUM = 100
"""Messages the broker sends ahead of our acknowledgements."""
_TICK_S = 0.5
_ALERT = re.compile(r"\[SSL: (\w+)\]")
_PAHO_FAILURES = (OSError, ValueError, LookupError, ArithmeticError, TypeError, AttributeError, RuntimeError)
"""What paho raises on bytes that are not MQTT, besides its own return codes."""


class NoMqtt5(BrokerRefused):
    """The broker speaks only MQTT 3.1.1; the caller connects again with that."""


@dataclass(frozen=True, slots=True)
class Session:
    """What a client wants of a broker, the same for every connection."""

    broker: Broker
    credentials: Credentials | None
    client_id: str
    """Stable: the broker finds the session by it."""
    filters: tuple[str, ...]
    probe: Probe | None = None
    """How the broker is asked whether it hands out; None: it is taken at its word."""
    counts: Counter[str] = field(default_factory=Counter)
    """`connections` that came up, messages `redelivered`, publications `denied`; over all connections."""


Arrived = Callable[[str, MQTTMessage, Callable[[], None]], None]
"""topic, the message, acknowledge (to be called once); may block, which stops the reading."""
Told = Callable[[DeviceStatus, str], None]
"""The status, and one sentence of why."""


class Connection:
    """One connection of one session."""

    def __init__(self, session: Session, protocol: MQTTProtocolVersion, arrived: Arrived, told: Told) -> None:
        self._session = session
        self._protocol = protocol
        self._arrived = arrived
        self._told = told
        self._doubted = False
        """It was told that the broker hands nothing out, or takes nothing."""
        self._denied = ""
        self._broken = ""
        self._failure: BrokerRefused | BrokerUnreachable | None = None
        self._subscribed = False
        self._lock = threading.Lock()
        self._client: Client | None = self._configured()

    def _configured(self) -> Client:
        five = self._protocol is MQTTProtocolVersion.MQTTv5
        client = Client(
            CallbackAPIVersion.VERSION2,
            client_id=self._session.client_id,
            clean_session=None if five else False,
            protocol=self._protocol,
            reconnect_on_failure=False,
            manual_ack=True,
        )
        if self._session.credentials is not None:
            client.username_pw_set(self._session.credentials.user, self._session.credentials.password)
        client.connect_timeout = CONNECT_TIMEOUT_S
        client.on_connect = self._on_connect
        client.on_subscribe = self._on_subscribe
        client.on_message = self._on_message
        client.on_publish = self._on_publish
        client.on_disconnect = self._on_disconnect
        client.on_log = self._on_log
        client.on_socket_register_write = _leave_writing_to_the_loop
        return client

    @property
    def _where(self) -> str:
        return f"{self._session.broker.host}:{self._session.broker.port}"

    def run(self, stopping: threading.Event) -> None:
        """Connect, subscribe and receive until `stopping` is set.

        Raises:
            BrokerUnreachable: nobody answers, or the connection was lost.
            BrokerRefused: the broker does not take the credentials or the session.
            NoMqtt5: the broker does not speak MQTT 5.

        """
        client = self._client
        assert client is not None, "a connection is used once"
        try:
            self._open(client)
            self._receive(client, stopping)
        except _PAHO_FAILURES as error:
            raise BrokerUnreachable(
                f"what {self._where} sends is not MQTT ({type(error).__name__})"
            ) from None
        finally:
            with self._lock:
                self._client = None
            _unhook(client)

    def _open(self, client: Client) -> None:
        broker = self._session.broker
        properties = None
        if self._protocol is MQTTProtocolVersion.MQTTv5:
            properties = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]
            properties.SessionExpiryInterval = SESSION_EXPIRY_S
            properties.ReceiveMaximum = RECEIVE_MAXIMUM
            properties.MaximumPacketSize = MAX_PACKET
        try:
            if broker.tls:
                secure(client, broker)
            client.connect(
                broker.host,
                broker.port,
                KEEPALIVE_S,
                clean_start=MQTT_CLEAN_START_FIRST_ONLY if properties is None else False,
                properties=properties,
            )
        except ssl.SSLError as error:
            fault = f"the broker at {self._where} {certificate_fault(error)}"
            said = isinstance(error, ssl.SSLCertVerificationError) or "ALERT" in (error.reason or "")
            raise (BrokerRefused if said else BrokerUnreachable)(fault) from None
        except OSError as error:
            reason = error.strerror or str(error) or type(error).__name__
            raise BrokerUnreachable(f"no broker answers at {self._where} ({reason})") from None

    def _receive(self, client: Client, stopping: threading.Event) -> None:
        answer_due = time.monotonic() + ANSWER_TIMEOUT_S
        while not stopping.is_set():
            code = client.loop(_TICK_S)
            if self._failure is not None:
                raise self._failure
            if code is not MQTTErrorCode.MQTT_ERR_SUCCESS:
                if self._broken:  # over TLS 1.3 a client learns only afterwards that it is not let in
                    raise BrokerRefused(f"the broker at {self._where} {self._broken}")
                raise BrokerUnreachable(f"the connection to {self._where} was lost")
            if self._subscribed:
                self._ask_again(client)
            elif time.monotonic() > answer_due:
                raise BrokerUnreachable(
                    f"{self._where} takes connections but does not answer as an MQTT broker"
                )
        client.disconnect()
        client.loop_write()

    def _on_connect(
        self, client: Client, _: Any, flags: ConnectFlags, reason: ReasonCode, properties: Properties | None
    ) -> None:
        if not reason.is_failure:
            # Always: that the broker says it has the session does not prove that it kept the subscriptions.
            probe = self._session.probe
            own = () if probe is None else (probe.topic,)
            client.subscribe([(topic, QOS) for topic in (*self._session.filters, *own)])
            self._ask(client)
            return
        name = str(reason)
        where = f"the broker at {self._where}"
        if self._protocol is MQTTProtocolVersion.MQTTv5 and name == "Unsupported protocol version":
            self._failure = NoMqtt5(f"{where} does not speak MQTT 5")
        elif name in ("Server unavailable", "Server busy", "Use another server", "Server moved"):
            self._failure = BrokerUnreachable(f"{where} answers: {name.lower()}")
        elif name in ("Bad user name or password", "Not authorized"):
            self._failure = BrokerRefused(f"{where} refuses the user name or password")
        else:
            self._failure = BrokerRefused(f"{where} refuses the session: {name.lower()}")

    def _on_subscribe(
        self, client: Client, _: Any, mid: int, reasons: list[ReasonCode], properties: Properties | None
    ) -> None:
        if any(reason.is_failure for reason in reasons):
            self._failure = BrokerRefused(f"the broker at {self._where} refuses the subscriptions")
            return
        self._subscribed = True
        client.on_log = None  # else paho words each packet
        self._session.counts["connections"] += 1
        self._tell_up()

    def _tell_up(self) -> None:
        self._doubted = False
        spoken = "5" if self._protocol is MQTTProtocolVersion.MQTTv5 else "3.1.1"
        self._told(DeviceStatus.UP, f"subscribed at {self._where} over MQTT {spoken}{self._denied}")

    def _ask(self, client: Client) -> None:
        """Publish a word that must come back to us."""
        probe = self._session.probe
        if probe is not None:
            client.publish(probe.topic, probe.ask(time.monotonic()), QOS, retain=True)

    def _ask_again(self, client: Client) -> None:
        probe, now = self._session.probe, time.monotonic()
        if probe is None:
            return
        if probe.unanswered(now) and not self._doubted:
            self._doubted = True
            self._told(
                DeviceStatus.STALLED,
                f"the broker at {self._where} takes the subscriptions but hands nothing out, "
                "not even our own probe; see its access list (`gridwatch broker acl`)",
            )
        if probe.due(now):
            self._ask(client)

    def _on_publish(
        self, client: Client, _: Any, mid: int, reason: ReasonCode, properties: Properties | None
    ) -> None:
        """The broker's word on the probe. Over MQTT 3.1.1 it confirms also what it throws away."""
        if reason.is_failure:
            self._session.counts["denied"] += 1
            self._denied = f"; it refuses our probe ({str(reason).lower()})"
            self._doubted = True
            self._told(
                DeviceStatus.REFUSED,
                f"the broker at {self._where} refuses what we publish ({str(reason).lower()}); "
                "give it the access list of this site (`gridwatch broker acl`)",
            )

    def _on_log(self, client: Client, _: Any, level: int, words: str) -> None:
        found = _ALERT.search(words)
        if found is not None:
            self._broken = alert(found[1])

    def _on_disconnect(
        self,
        client: Client,
        _: Any,
        flags: DisconnectFlags,
        reason: ReasonCode,
        properties: Properties | None,
    ) -> None:
        if self._failure is None and flags.is_disconnect_packet_from_server:
            name = str(reason)
            if name == "Session taken over":
                self._failure = BrokerRefused(
                    f"another client at {self._where} uses the id {self._session.client_id}"
                )
            else:
                self._failure = BrokerUnreachable(f"the broker at {self._where} ended it: {name.lower()}")

    def _on_message(self, client: Client, _: Any, message: MQTTMessage) -> None:
        try:
            topic = message.topic
        except UnicodeDecodeError:
            topic = ""  # no topic of ours; the decoder counts and refuses it
        acknowledge = _Acknowledge(self, message.mid) if message.qos else _nothing_to_acknowledge
        probe = self._session.probe
        if probe is not None and topic == probe.topic:
            acknowledge()
            if probe.hear(bytes(message.payload)):
                self._failure = BrokerRefused(
                    f"another client at {self._where} uses the id {self._session.client_id}"
                )
        else:
            self._session.counts["redelivered"] += message.dup
            self._arrived(topic, message, acknowledge)
        if probe is not None and not message.retain:
            probe.arrived(time.monotonic())
        if self._doubted and self._subscribed and not message.retain:
            self._tell_up()

    def acknowledge(self, mid: int) -> None:
        """Tell the broker that the message is safe here; from any thread; void once the connection ended."""
        with self._lock:
            client = self._client
        if client is not None:
            client.ack(mid, QOS)

    def publish(self, topic: str, payload: bytes) -> None:
        """At QoS 0, from any thread; lost where there is no connection just now."""
        with self._lock:
            client = self._client
        if client is not None and self._subscribed:
            client.publish(topic, payload)


class _Acknowledge:
    """Acknowledges one message, once: its packet id may soon belong to another message."""

    __slots__ = ("_connection", "_mid")

    def __init__(self, connection: Connection, mid: int) -> None:
        self._connection: Connection | None = connection
        self._mid = mid

    def __call__(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.acknowledge(self._mid)


def _nothing_to_acknowledge() -> None:
    """The acknowledgement of a QoS 0 message."""


def _leave_writing_to_the_loop(client: Client, _: Any, sock: Any) -> None:
    """Present so that paho queues a packet and wakes the loop; else it writes from the acknowledging thread.

    Two threads in paho's writer could interleave a half-written packet.
    """


def _unhook(client: Client) -> None:
    """Undo the reference cycle, so that paho closes its sockets now and not at some garbage collection."""
    client.on_connect = client.on_subscribe = client.on_message = client.on_disconnect = None
    client.on_publish = client.on_log = None
