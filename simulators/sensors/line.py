"""One connection of simulated devices to the broker."""

from __future__ import annotations

import selectors
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any

from paho.mqtt.client import Client, ConnectFlags, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion, MQTTErrorCode
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from devices.credentials import Credentials
from devices.site.model import Broker
from simulators.sensors.device import SimulatedSensor
from simulators.sensors.shapes.speech import Publication

QOS = 1
KEPT = 50
"""Messages a device keeps while it is off line; then it loses new ones, as small devices do."""
_KEEPALIVE_S = 30
_CONNECT_TIMEOUT_S = 2.0


class Line:
    """One connection: of one device, or of several without a last will."""

    def __init__(
        self,
        devices: Sequence[SimulatedSensor],
        broker: Broker,
        credentials: Credentials | None,
        selector: selectors.BaseSelector,
        second: Callable[[], float],
        kept: int = KEPT,
    ) -> None:
        """Nothing is opened before `connect`.

        Args:
            devices: that speak on it.
            broker: plain TCP only.
            credentials: None for a broker that asks for none.
            selector: learns of its socket, with this object as data.
            second: of the scenario, now.
            kept: messages on their way or waiting at most; beyond it new ones are lost.

        """
        self.devices = devices
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
        self.client = Client(CallbackAPIVersion.VERSION2, client_id=devices[0].id, reconnect_on_failure=False)
        if credentials is not None:
            self.client.username_pw_set(credentials.user, credentials.password)
        self.client.max_queued_messages_set(kept)
        self.client.connect_timeout = _CONNECT_TIMEOUT_S
        self.client.on_socket_open = self._on_socket_open
        self.client.on_socket_close = self._on_socket_close
        self.client.on_connect = self._on_connect
        self.client.on_disconnect = self._on_disconnect
        self.client.on_publish = self._on_publish
        self.client.on_message = self._on_message

    def connect(self) -> bool:
        """Open the connection; whether there is somebody."""
        wills = [device.will() for device in self.devices]
        if len(wills) == 1 and (will := wills[0]) is not None:
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

    def leave(self) -> None:
        """Say for each device that it goes."""
        leaves = [device.leaving() for device in self.devices] if self.up else []
        self.publish([leave for leave in leaves if leave is not None])

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
        with suppress(KeyError):  # a socket closed behind the client's back leaves its number to this one
            self._selector.unregister(sock)
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
            for device in self.devices:
                if device.asked is not None:
                    self.client.subscribe(device.asked, QOS)
                self.publish(device.connected(self._second()))

    def _on_message(self, client: Client, _: Any, message: MQTTMessage) -> None:
        """Somebody who came later asks who this is."""
        for device in self.devices:
            if device.asked == message.topic:
                self.publish(device.connected(self._second()))

    def _on_disconnect(self, client: Client, _: Any, *details: Any) -> None:
        self.up = self.connecting = False

    def _on_publish(self, client: Client, _: Any, *details: Any) -> None:
        self.acknowledged += 1
