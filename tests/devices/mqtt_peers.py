"""A sensor's connection for tests, and what the broker says of each publication."""

from __future__ import annotations

import ssl
import threading
from collections.abc import Mapping
from typing import Any

import paho.mqtt.client as mqtt

from devices.credentials import Credentials
from devices.site.model import Broker


def publish(
    line: Broker,
    messages: Mapping[str, bytes],
    client_id: str = "",
    credentials: Credentials | None = None,
    *,
    retain: bool = False,
    five: bool = True,
) -> list[str]:
    """Publish at QoS 1 over one connection; the broker's reason for each, in order.

    Over MQTT 3.1.1 (not `five`) every broker confirms everything.
    """
    protocol = mqtt.MQTTv5 if five else mqtt.MQTTv311
    client = mqtt.Client(
        mqtt.CallbackAPIVersion.VERSION2, client_id, protocol=protocol, reconnect_on_failure=False
    )
    if line.tls:
        client.tls_set(line.ca_file, line.client_cert, line.client_key, tls_version=ssl.PROTOCOL_TLS_CLIENT)
    if credentials is not None:
        client.username_pw_set(credentials.user, credentials.password)
    reasons: dict[int, str] = {}
    joined, answered = threading.Event(), threading.Event()

    def on_publish(_client: Any, _data: Any, mid: int, reason: Any, _properties: Any) -> None:
        reasons[mid] = str(reason)
        if len(reasons) == len(messages):
            answered.set()

    client.on_connect = lambda *_: joined.set()
    client.on_publish = on_publish
    client.connect(line.host, line.port)
    client.loop_start()
    try:
        assert joined.wait(20)
        sent = [client.publish(topic, payload, 1, retain=retain).mid for topic, payload in messages.items()]
        assert answered.wait(20)
        return [reasons[mid] for mid in sent]
    finally:
        client.disconnect()
        client.loop_stop()
        client.on_connect = client.on_publish = None
