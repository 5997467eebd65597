"""One MQTT connection, from CONNECT to its end, driven by the thread that calls `run`.

A connection is used once. An acknowledgement therefore can never reach a later connection, where the same
packet id belongs to another message: it is dropped, and the broker sends the message again.
"""

from __future__ import annotations

import ssl
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from paho.mqtt.client import MQTT_CLEAN_START_FIRST_ONLY, Client, ConnectFlags, DisconnectFlags, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion, MQTTErrorCode, MQTTProtocolVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from devices.credentials import Credentials
from devices.errors import BrokerRefused, BrokerUnreachable
from devices.site.model import Broker

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


Arrived = Callable[[str, MQTTMessage, Callable[[], None]], None]
"""topic, the message, acknowledge (to be called once); may block, which stops the reading."""


class Connection:
    """One connection of one session."""

    def __init__(
        self, session: Session, protocol: MQTTProtocolVersion, arrived: Arrived, up: Callable[[], None]
    ) -> None:
        self._session = session
        self._protocol = protocol
        self._arrived = arrived
        self._up = up
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
        client.on_disconnect = self._on_disconnect
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
                _secure(client, broker)
            client.connect(
                broker.host,
                broker.port,
                KEEPALIVE_S,
                clean_start=MQTT_CLEAN_START_FIRST_ONLY if properties is None else False,
                properties=properties,
            )
        except ssl.SSLCertVerificationError as error:
            raise BrokerRefused(
                f"the certificate of {self._where} is not trusted ({error.verify_message})"
            ) from None
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
                raise BrokerUnreachable(f"the connection to {self._where} was lost")
            if not self._subscribed and time.monotonic() > answer_due:
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
            client.subscribe([(topic, QOS) for topic in self._session.filters])
            return
        name = str(reason)
        if self._protocol is MQTTProtocolVersion.MQTTv5 and name == "Unsupported protocol version":
            self._failure = NoMqtt5(f"the broker at {self._where} does not speak MQTT 5")
        elif name in ("Server unavailable", "Server busy", "Use another server", "Server moved"):
            self._failure = BrokerUnreachable(f"the broker at {self._where} answers: {name.lower()}")
        elif name in ("Bad user name or password", "Not authorized"):
            self._failure = BrokerRefused(f"the broker at {self._where} refuses the user name or password")
        else:
            self._failure = BrokerRefused(f"the broker at {self._where} refuses the session: {name.lower()}")

    def _on_subscribe(
        self, client: Client, _: Any, mid: int, reasons: list[ReasonCode], properties: Properties | None
    ) -> None:
        if any(reason.is_failure for reason in reasons):
            self._failure = BrokerRefused(f"the broker at {self._where} refuses the subscriptions")
            return
        self._subscribed = True
        self._up()

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
        self._arrived(topic, message, acknowledge)

    def acknowledge(self, mid: int) -> None:
        """Tell the broker that the message is safe here; from any thread; void once the connection ended."""
        with self._lock:
            client = self._client
        if client is not None:
            client.ack(mid, QOS)


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


def _secure(client: Client, broker: Broker) -> None:
    """Speak TLS; the broker's certificate and name are always checked.

    Raises:
        BrokerRefused: the site's files cannot be used.

    """
    try:
        client.tls_set(
            broker.ca_file,
            broker.client_cert,
            broker.client_key or broker.client_cert,
            tls_version=ssl.PROTOCOL_TLS_CLIENT,
        )
    except (OSError, ValueError) as error:
        words = "ca_file, client_cert or client_key of the site's broker cannot be used"
        raise BrokerRefused(f"{words} ({getattr(error, 'strerror', None) or type(error).__name__})") from None


def _unhook(client: Client) -> None:
    """Undo the reference cycle, so that paho closes its sockets now and not at some garbage collection."""
    client.on_connect = client.on_subscribe = client.on_message = client.on_disconnect = None
