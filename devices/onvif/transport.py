"""One HTTP exchange with a camera: bounded in time and size, no proxy, no redirect, no second try.

Every exchange opens its own connection. Calls to a camera are rare, and small cameras close idle
connections without notice, which on a kept connection looks like a fault of the camera.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol
from urllib.parse import urlsplit

import requests
import urllib3
from requests.auth import AuthBase

from devices.errors import CameraFault, CameraUnreachable
from devices.onvif.model import Timeouts

LARGEST_ANSWER = 16 * 2**20
"""Bytes. A 4K snapshot of the best quality has about 4 MiB."""


@dataclass(frozen=True, slots=True)
class Answer:
    """A whole HTTP answer. The names are those that zeep reads of a response."""

    status_code: int
    headers: Mapping[str, str]
    """Their names in any case."""
    content: bytes
    encoding: str | None = "utf-8"


class Http(Protocol):
    """The seam to the network: `exchange` in earnest, any function in a test."""

    def __call__(
        self,
        method: str,
        url: str,
        *,
        timeouts: Timeouts,
        body: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        auth: AuthBase | None = None,
    ) -> Answer:
        """Ask once, as `exchange` does."""


def exchange(
    method: str,
    url: str,
    *,
    timeouts: Timeouts,
    body: bytes | None = None,
    headers: Mapping[str, str] | None = None,
    auth: AuthBase | None = None,
) -> Answer:
    """Ask once and read the whole answer, whatever its status.

    Raises:
        CameraUnreachable: no connection to the URL's host and port.
        CameraFault: connected, but no whole answer in time, too long an answer, or none that is HTTP.
    """
    place = urlsplit(url).netloc
    deadline = time.monotonic() + timeouts.connect + timeouts.answer
    with requests.Session() as session:
        session.trust_env = False  # neither a proxy nor a .netrc of the environment is meant for cameras
        try:
            with session.request(
                method,
                url,
                data=body,
                headers={"User-Agent": "gridwatch", "Connection": "close", **(headers or {})},
                auth=auth,
                timeout=(timeouts.connect, timeouts.answer),
                allow_redirects=False,
                stream=True,
            ) as response:
                content = _body(response.raw, place, deadline)
                return Answer(response.status_code, response.headers, content)
        except (requests.ConnectTimeout, requests.exceptions.InvalidURL) as error:
            raise CameraUnreachable(f"{place}: nobody answers") from error
        except (requests.ReadTimeout, urllib3.exceptions.ReadTimeoutError) as error:
            raise CameraFault(
                f"{place}: accepted the connection but did not answer within {timeouts.answer:g} s"
            ) from error
        except requests.ConnectionError as error:
            if _never_connected(error):
                raise CameraUnreachable(f"{place}: nobody answers") from error
            raise CameraFault(f"{place}: broke off, or answered with something that is not HTTP") from error
        except (requests.RequestException, urllib3.exceptions.HTTPError) as error:
            raise CameraFault(f"{place}: answered with broken HTTP") from error


def _body(raw: urllib3.BaseHTTPResponse, place: str, deadline: float) -> bytes:
    parts: list[bytes] = []
    size = 0
    while part := raw.read1(65536, decode_content=True):
        parts.append(part)
        size += len(part)
        if size > LARGEST_ANSWER:
            raise CameraFault(f"{place}: its answer has more than {LARGEST_ANSWER >> 20} MiB")
        if time.monotonic() > deadline:
            raise CameraFault(f"{place}: its answer trickles in too slowly")
    return b"".join(parts)


def _never_connected(error: requests.ConnectionError) -> bool:
    cause = error.args[0] if error.args else None
    return isinstance(cause, urllib3.exceptions.MaxRetryError) and isinstance(
        cause.reason, urllib3.exceptions.NewConnectionError | urllib3.exceptions.ConnectTimeoutError
    )
