"""The configuration of a site's mosquitto: its limits are a promise, so the file is made here.

With mosquitto's own defaults a subscriber that was away gets 1,000 of the 3,000 messages that were confirmed
to their senders, and what is queued is saved every 30 minutes (mosquitto.conf(5)).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import PurePosixPath

from devices.site.model import Broker

LIMITS = """\
max_queued_messages 200000
max_queued_bytes 67108864
max_inflight_messages 100
message_size_limit 65536
persistence true
autosave_interval 60
persistent_client_expiration 7d
set_tcp_nodelay true
log_dest stderr
log_type error
log_type warning
log_type notice
"""
"""Of every broker we run. Queues are for each subscriber: 200,000 messages are five days of 38 points with
ten sensors that report every 15 minutes, and nine minutes at a message a second of each."""


@dataclass(frozen=True, slots=True)
class Files:
    """Where the broker finds what it needs, as it names them itself."""

    data: str
    """Folder that it writes."""
    acl: str | None = None
    passwords: str | None = None
    tls: str | None = None
    """Folder with `ca.pem`, `broker.pem`, `broker.key` and `revoked.pem`, by `gridwatch broker certs`."""


def files_under(folder: PurePosixPath) -> Files:
    """How they lie in mosquitto's container image, and anywhere else by the same names."""
    return Files(
        data=str(folder / "data"),
        acl=str(folder / "config/acl"),
        passwords=str(folder / "config/passwords"),
        tls=str(folder / "tls"),
    )


def config(broker: Broker, files: Files) -> str:
    """The text of mosquitto.conf for the line that the site's `broker` describes.

    Without `tls` it listens on the loopback address only. With `tls` and a `client_cert` who comes must show
    a certificate, and is the user that it is for; with `tls` alone users come with passwords.
    """
    return "\n".join(_lines(broker, files)) + "\n" + LIMITS


def _lines(broker: Broker, files: Files) -> Iterator[str]:
    yield "# By `gridwatch broker config`: make it anew rather than edit it. Each user on its own topics."
    yield f"listener {broker.port}" if broker.tls else f"listener {broker.port} 127.0.0.1"
    if broker.tls:
        yield f"certfile {files.tls}/broker.pem"
        yield f"keyfile {files.tls}/broker.key"
        yield "tls_version tlsv1.3"
    yield "allow_anonymous false"
    if broker.tls and broker.client_cert:
        yield f"cafile {files.tls}/ca.pem"
        yield f"crlfile {files.tls}/revoked.pem"
        yield "require_certificate true"
        yield "use_identity_as_username true"
    else:
        yield f"password_file {files.passwords}"
    # Else a stolen sensor could come under the client id of the node, which ends the node's own session.
    yield "use_username_as_clientid true"
    yield f"acl_file {files.acl}"
    yield f"persistence_location {files.data}/"
