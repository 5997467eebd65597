"""Opening a WebSocket to the cloud: the same trust, token and silence for all that a node opens."""

from __future__ import annotations

import logging
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from websockets.exceptions import ConnectionClosed, InvalidStatus, WebSocketException
from websockets.sync.client import ClientConnection, connect

from devices.link import LARGEST_FRAME
from devices.tls import certificate_fault
from edge.errors import CloudRefused, CloudStalled, CloudUnreachable
from edge.send.token import bearer
from edge.send.trust import Trust

_WIRE = logging.Logger("websockets", logging.INFO)  # noqa: LOG001 - not to be reached by its name
"""A logger that no command and no option reaches: at DEBUG the library writes each header, the token too."""
_WIRE.parent = logging.getLogger(__name__)

OPEN = 10.0
"""Seconds for a connection to open."""
CLOSE = 1.0
DENIED = 4401
"""The code by which the cloud ends a connection whose credential was revoked."""
TRUST = Trust()
"""The system's trust anchors."""


@dataclass(frozen=True, slots=True)
class Address:
    """Where the cloud is. Asked before each attempt: a new site may have moved it."""

    url: str
    """Scheme, host and port."""
    trust: Trust = TRUST

    def context(self) -> ssl.SSLContext | None:
        """For TLS; None where the address asks for none."""
        if not self.url.startswith("https:"):
            return None
        named = self.trust.ca_file
        folder = named is not None and Path(named).is_dir()
        context = ssl.create_default_context(
            cafile=None if folder else named, capath=named if folder else None
        )
        if self.trust.client_cert is not None:
            context.load_cert_chain(self.trust.client_cert, self.trust.client_key)
        return context


@contextmanager
def dial(where: Address, path: str, token: str, ping: tuple[float, float]) -> Iterator[ClientConnection]:
    """A connection, closed at the end; what goes wrong meanwhile is one of ours.

    `ping`: seconds between pings, and for a pong.

    Raises:
        UplinkError: it could not be opened, or it was ended by others.
    """
    try:
        with connect(
            "ws" + where.url.removeprefix("http").rstrip("/") + path,
            additional_headers={"Authorization": bearer(token)},
            ssl=where.context(),
            proxy=None,
            compression=None,
            open_timeout=OPEN,
            ping_interval=ping[0],
            ping_timeout=ping[1],
            close_timeout=CLOSE,
            max_size=LARGEST_FRAME,
            logger=_WIRE,
        ) as connection:
            yield connection
    except InvalidStatus as error:
        status = error.response.status_code
        if status in (401, 403):
            raise CloudRefused(f"{where.url} does not take this node's token for its link") from None
        raise CloudStalled(f"{where.url} answers the link with HTTP {status}") from None
    except ConnectionClosed as error:
        if error.rcvd is not None and error.rcvd.code == DENIED:
            raise CloudRefused(f"{where.url} ended the link: the node's credential was revoked") from None
        raise CloudUnreachable(f"the link with {where.url} broke off") from None
    except (OSError, WebSocketException) as error:
        fault = certificate_fault(error) or f"gives no link ({type(error).__name__})"
        raise CloudUnreachable(f"{where.url} {fault}") from None
