"""How lines get into a server of the InfluxDB kind; each call returns when it has answered."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from typing import Any, Protocol, cast
from urllib.parse import urlencode

import urllib3
from influxdb_client.client.influxdb_client import InfluxDBClient
from influxdb_client.client.write_api import SYNCHRONOUS
from influxdb_client.domain.write_precision import WritePrecision
from influxdb_client.rest import ApiException

from cloud.telemetry.influx_settings import InfluxSettings
from cloud.telemetry.store import StoreAway

LONGEST_REASON = 200
_MICROSECONDS = cast("WritePrecision", WritePrecision.US)
"""Its constants are plain words, its signatures want the class that holds them."""


class Unfit(Exception):
    """The server will never take these lines as they are; the text is the reason."""


class Writer(Protocol):
    """Blocking; safe to use from several threads."""

    def write(self, lines: Sequence[str]) -> None:
        """Have them kept.

        Raises:
            Unfit: it is for what they say; some of them may be kept all the same.
            StoreAway: for any other reason.
        """
        ...

    def close(self) -> None:
        """Let go of connections."""
        ...


class V2Writer:
    """By influxdb-client: InfluxDB 2 and VictoriaMetrics. It neither batches nor tries again: nodes do."""

    def __init__(self, settings: InfluxSettings) -> None:
        self._settings = settings
        self._client = InfluxDBClient(
            settings.url,
            token=settings.token or "none",
            org=settings.org or "none",
            timeout=round(settings.timeout * 1000),
            ssl_ca_cert=settings.ca_file,
            retries=False,
        )
        self._api = self._client.write_api(write_options=SYNCHRONOUS)

    def write(self, lines: Sequence[str]) -> None:
        """`POST /api/v2/write`."""
        try:
            self._api.write(
                self._settings.bucket, record="\n".join(lines).encode(), write_precision=_MICROSECONDS
            )
        except ApiException as error:
            raise trouble(self._settings, error.status, error.body) from None
        except urllib3.exceptions.HTTPError as error:
            raise silence(self._settings, error) from None

    def close(self) -> None:
        """Close the client."""
        self._api.close()
        self._client.close()


class V1Writer:
    """By 1.x's own path, which 1.6 and 1.7 have alone."""

    def __init__(self, settings: InfluxSettings) -> None:
        self._settings = settings
        self._pool = pool_of(settings)
        self._path = "/write?" + urlencode({"db": settings.bucket, "precision": "u"})

    def write(self, lines: Sequence[str]) -> None:
        """`POST /write`."""
        try:
            answer = self._pool.request(
                "POST",
                self._settings.url + self._path,
                body="\n".join(lines).encode(),
                headers=authorization(self._settings),
            )
        except urllib3.exceptions.HTTPError as error:
            raise silence(self._settings, error) from None
        if answer.status != 204:
            raise trouble(self._settings, answer.status, answer.data)

    def close(self) -> None:
        """Close its connections."""
        self._pool.clear()


def write_all(writer: Writer, lines: Sequence[str]) -> dict[int, str]:
    """Write lines; those that the server will never take, by their place, with its reason.

    A server that refuses some keeps the rest or none, and seldom says which. So what it refuses is halved
    until the culprits stand alone; a line that is written twice is kept once.

    Raises:
        StoreAway: some may not be kept.
    """
    try:
        writer.write(lines)
    except Unfit as error:
        if len(lines) == 1:
            return {0: str(error)}
        half = len(lines) // 2
        later = write_all(writer, lines[half:])
        return write_all(writer, lines[:half]) | {half + place: reason for place, reason in later.items()}
    return {}


def trouble(settings: InfluxSettings, status: int | None, body: Any) -> Unfit | StoreAway:
    """What an answer that is no yes means: about the lines, or about anything else."""
    text = body.decode(errors="replace") if isinstance(body, bytes) else str(body or "")
    said = " ".join(text.split())[:LONGEST_REASON]
    if status in (400, 413, 422):
        return Unfit(f"is refused by {settings.server}: {said}")
    if status in (401, 403):
        return StoreAway(f"{settings.url} does not take the token")
    if status == 404:
        return StoreAway(f"{settings.url} knows no {settings.bucket!r}, or is no {settings.server}")
    return StoreAway(f"{settings.url} answers {status}")


def silence(settings: InfluxSettings, error: Exception) -> StoreAway:
    """No answer came."""
    return StoreAway(f"{settings.url} does not answer ({type(error).__name__})")


def pool_of(settings: InfluxSettings) -> urllib3.PoolManager:
    """Connections to it with time-outs, that neither try again nor follow anybody elsewhere."""
    return urllib3.PoolManager(
        timeout=urllib3.Timeout(connect=settings.timeout, read=settings.timeout),
        retries=False,
        ca_certs=settings.ca_file,
    )


def authorization(settings: InfluxSettings) -> dict[str, str]:
    """Who we are: `user:password` as 1.x wants it, else a token."""
    if not settings.token:
        return {}
    if settings.server == "influxdb1":
        return {"Authorization": "Basic " + base64.b64encode(settings.token.encode()).decode()}
    return {"Authorization": f"Token {settings.token}"}
