"""Which server of the InfluxDB kind keeps telemetry, by the environment."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from urllib.parse import urlsplit

from cloud.errors import SettingsError

PREFIX = "GRIDWATCH_INFLUX_"
URL, TOKEN, ORG, BUCKET = f"{PREFIX}URL", f"{PREFIX}TOKEN", f"{PREFIX}ORG", f"{PREFIX}BUCKET"
SERVER, CA_FILE = f"{PREFIX}SERVER", f"{PREFIX}CA_FILE"


class Server(StrEnum):
    """What answers there."""

    INFLUXDB_2 = "influxdb2"
    """InfluxDB 2.x: the choice for production."""
    INFLUXDB_1 = "influxdb1"
    """InfluxDB 1.x by its own write path; the bucket is a database, the token is `user:password`."""
    VICTORIA = "victoria-metrics"
    """VictoriaMetrics; it acknowledges before it has written, so a journal is kept for it."""


@dataclass(frozen=True, slots=True)
class InfluxSettings:
    """Where it is and how it is spoken to."""

    url: str
    """Scheme, host and port."""
    bucket: str
    org: str = ""
    server: Server = Server.INFLUXDB_2
    token: str = field(default="", repr=False)
    ca_file: str | None = None
    timeout: float = 10.0
    """Seconds to connect, and for each answer."""


def influx_from(environment: Mapping[str, str], token: str | None) -> InfluxSettings | None:
    """The server that the environment names; None: telemetry is kept in PostgreSQL.

    `token` is what the environment, or the file that it names, says.

    Raises:
        SettingsError: something is missing, or is not what it must be; no secret is repeated.
    """
    url = environment.get(URL)
    if not url:
        return None
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname or "@" in parts.netloc:
        raise SettingsError(f"{URL}: write scheme, host and port only: http://127.0.0.1:8086")
    try:
        server = Server(environment.get(SERVER, Server.INFLUXDB_2))
    except ValueError:
        raise SettingsError(f"{SERVER}: must be one of {', '.join(Server)}") from None
    bucket, org = environment.get(BUCKET, ""), environment.get(ORG, "")
    for name, value, needed in (
        (BUCKET, bucket, server is not Server.VICTORIA),
        (ORG, org, server is Server.INFLUXDB_2),
        (TOKEN, token, server is Server.INFLUXDB_2),
    ):
        if needed and not value:
            raise SettingsError(f"{name}: is not set, and {server} needs it")
    ca_file = environment.get(CA_FILE)
    if ca_file and not Path(ca_file).is_file():
        raise SettingsError(f"{CA_FILE}: there is no file {ca_file}")
    return InfluxSettings(url.rstrip("/"), bucket or "gridwatch", org, server, token or "", ca_file)
