"""The requests to the cloud, each answered or failed within bounded time."""

from __future__ import annotations

import io
import socket
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Protocol

import requests
from pydantic import TypeAdapter
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection

from devices.messages import SENT_AT, Event
from devices.tls import certificate_fault
from edge.errors import CloudStalled, CloudUnreachable
from edge.send.token import bearer

LARGEST_ANSWER = 1024 * 1024
_SEND_BUFFER = 64 * 1024
_EVENTS = TypeAdapter(Sequence[Event])


@dataclass(frozen=True, slots=True)
class Reply:
    """What the cloud answered."""

    status: int
    media_type: str
    """Without parameters, lower case."""
    body: bytes
    retry_after: str | None = None
    offset: int | None = None
    """Of an upload: bytes that are at the cloud."""
    complete: bool = False
    """Of an upload: all are."""


class Cloud(Protocol):
    """What the courier needs of the cloud. All raise `UplinkError` when there is no answer."""

    def put_media(self, sha256: str, content: bytes, media_type: str) -> Reply:
        """Upload one photo or clip."""
        ...

    def media_offset(self, sha256: str) -> Reply:
        """Ask how much of an upload is there."""
        ...

    def patch_media(self, sha256: str, piece: bytes, offset: int, length: int) -> Reply:
        """Upload a piece, from `offset` on, of `length` bytes in all."""
        ...

    def ingest(self, events: Sequence[Event]) -> Reply:
        """Hand in one batch."""
        ...


@dataclass(frozen=True, slots=True)
class Timeouts:
    """Seconds."""

    connect: float = 3.0
    """Also for each 16 KiB that are sent."""
    read: float = 10.0
    """For each piece of the answer."""
    answer: float = 30.0
    """For the answer's whole body."""
    request: float = 60.0
    """For all that is sent, however slowly it flows."""


class HttpCloud:
    """The cloud over HTTP(S). Not thread-safe: one for each thread.

    Neither proxies, nor `.netrc`, nor redirects are followed: the token goes to `url` and nowhere else.
    """

    def __init__(
        self,
        url: str,
        token: Callable[[], str],
        ca_file: str | None,
        session: requests.Session,
        timeouts: Timeouts,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._now = now
        self._url = url.rstrip("/")
        self._token = token
        self._timeouts = timeouts
        self._session = session
        session.trust_env = False
        session.verify = ca_file or True
        for scheme in ("https://", "http://"):
            session.mount(scheme, _Adapter())

    def put_media(self, sha256: str, content: bytes, media_type: str) -> Reply:
        """`PUT /api/v1/media/{sha256}`."""
        return self._ask("PUT", f"/api/v1/media/{sha256}", content, {"Content-Type": media_type})

    def media_offset(self, sha256: str) -> Reply:
        """`HEAD /api/v1/media/{sha256}`."""
        return self._ask("HEAD", f"/api/v1/media/{sha256}", b"", {})

    def patch_media(self, sha256: str, piece: bytes, offset: int, length: int) -> Reply:
        """`PATCH /api/v1/media/{sha256}`."""
        headers = {
            "Content-Type": "application/octet-stream",
            "Upload-Offset": str(offset),
            "Upload-Length": str(length),
        }
        return self._ask("PATCH", f"/api/v1/media/{sha256}", piece, headers)

    def ingest(self, events: Sequence[Event]) -> Reply:
        """`POST /api/v1/ingest`."""
        body = _EVENTS.dump_json(events)
        headers = {
            "Content-Type": "application/cloudevents-batch+json",
            SENT_AT: self._now().isoformat(timespec="milliseconds"),
        }
        return self._ask("POST", "/api/v1/ingest", body, headers)

    def _ask(self, method: str, path: str, body: bytes, own: Mapping[str, str]) -> Reply:
        headers = {
            **own,
            "Authorization": bearer(self._token()),
            "Accept": "application/json",
            "Accept-Encoding": "identity",
        }
        # A stream is sent piece by piece, each with its own time-out; bytes would have to leave as a
        # whole within one, which a thin line never manages.
        try:
            with self._session.request(
                method,
                self._url + path,
                data=_Body(body, time.monotonic() + self._timeouts.request, self._url) if body else None,
                headers=headers,
                timeout=(self._timeouts.connect, self._timeouts.read),
                allow_redirects=False,
                stream=True,
            ) as response:
                return Reply(
                    response.status_code,
                    response.headers.get("Content-Type", "").partition(";")[0].strip().lower(),
                    self._read(response),
                    response.headers.get("Retry-After"),
                    _number(response.headers.get("Upload-Offset")),
                    response.headers.get("Upload-Complete") == "?1",
                )
        except (requests.exceptions.ConnectTimeout, requests.exceptions.ProxyError):
            raise CloudUnreachable(f"nobody answers at {self._url}") from None
        except requests.exceptions.ReadTimeout:
            raise CloudStalled(
                f"{self._url} takes the request and does not answer within {self._timeouts.read:g} s"
            ) from None
        except requests.exceptions.ConnectionError as error:
            fault = certificate_fault(error)
            raise CloudUnreachable(
                f"{self._url} {fault}" if fault else f"no connection to {self._url}, or it broke off"
            ) from None
        except (requests.exceptions.RequestException, OSError) as error:
            raise CloudUnreachable(f"{self._url} cannot be asked ({type(error).__name__})") from None

    def _read(self, response: requests.Response) -> bytes:
        until = time.monotonic() + self._timeouts.answer
        body = b""
        for piece in response.iter_content(16 * 1024):
            body += piece
            if len(body) > LARGEST_ANSWER:
                raise CloudStalled(f"{self._url} answers with more than {LARGEST_ANSWER} bytes")
            if time.monotonic() > until:
                raise CloudStalled(f"{self._url} does not finish its answer")
        return body


class _Body(io.BytesIO):
    """What is sent; reading it fails when it has taken too long."""

    def __init__(self, content: bytes, until: float, url: str) -> None:
        super().__init__(content)
        self._until = until
        self._url = url

    def read(self, size: int | None = -1, /) -> bytes:
        """The next bytes."""
        if time.monotonic() > self._until:
            raise CloudStalled(f"{self._url} takes the request too slowly")
        return super().read(size)


def _number(text: str | None) -> int | None:
    return int(text) if text is not None and text.isascii() and text.isdigit() else None


class _Adapter(HTTPAdapter):
    """A small send buffer: what still lies in it when the last byte is handed over counts as waiting."""

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        options = [
            *HTTPConnection.default_socket_options,
            (socket.SOL_SOCKET, socket.SO_SNDBUF, _SEND_BUFFER),
        ]
        super().init_poolmanager(*args, **kwargs, socket_options=options)
