"""The line to the broker over TLS: whose certificate is believed, and as whom we come."""

from __future__ import annotations

import ssl
from collections.abc import Mapping

from paho.mqtt.client import Client

from devices.errors import BrokerRefused
from devices.site.model import Broker

VARIABLES = {
    "ca_file": "GRIDWATCH_BROKER_CA_FILE",
    "client_cert": "GRIDWATCH_BROKER_CLIENT_CERT",
    "client_key": "GRIDWATCH_BROKER_CLIENT_KEY",
}
"""Field of the site's broker -> what overrules it: each cabinet has a certificate of its own."""


def with_files(broker: Broker, environment: Mapping[str, str]) -> Broker:
    """The site's broker, with the files that this machine names instead."""
    own = {field: environment[name] for field, name in VARIABLES.items() if environment.get(name)}
    return broker.model_copy(update=own) if own and broker.tls else broker


def secure(client: Client, broker: Broker) -> None:
    """Speak TLS; the broker's certificate and name are always checked.

    Raises:
        BrokerRefused: the files cannot be used.

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
