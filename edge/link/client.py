"""One outgoing WebSocket to the cloud, kept open by one thread. The node listens on no port for it."""

from __future__ import annotations

import logging
import random
import ssl
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from websockets.exceptions import ConnectionClosed, InvalidStatus, WebSocketException
from websockets.sync.client import ClientConnection, connect

from devices.errors import MessageError
from devices.link import (
    LARGEST_FRAME,
    PATH,
    PING_EVERY,
    PING_PATIENCE,
    Command,
    Hello,
    SiteNotice,
    parse_frame,
)
from devices.messages import DeviceStatus
from devices.tls import certificate_fault
from edge.errors import CloudRefused, CloudStalled, CloudUnreachable, TokenMissing, UplinkError
from edge.link.desk import CommandDesk
from edge.send.pace import Pace
from edge.send.token import bearer
from edge.send.trust import Trust

log = logging.getLogger(__name__)

_WIRE = logging.Logger("websockets", logging.INFO)  # noqa: LOG001 - not to be reached by its name
"""A logger that no command and no option reaches: at DEBUG the library writes each header, the token too."""
_WIRE.parent = log

TICK = 1.0
"""Seconds the thread waits at most before it looks whether it shall end."""
OPEN = 10.0
"""Seconds for a link to open."""
STEADY = 60.0
"""Seconds a link must have held for its loss to count as the first failure."""
DENIED = 4401
"""The code by which the cloud ends a link whose credential was revoked."""


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


class Link:
    """Holds the link until it is stopped."""

    def __init__(
        self,
        address: Callable[[], Address],
        token: Callable[[], str],
        desk: CommandDesk,
        hello: Callable[[], Hello],
        on_site: Callable[[SiteNotice], None],
        on_status: Callable[[DeviceStatus, str], None],
        *,
        chance: Callable[[], float] = random.random,
        pace: Pace = Pace(),  # noqa: B008 - frozen
        ping: tuple[float, float] = (PING_EVERY, PING_PATIENCE),
    ) -> None:
        """Nothing happens before `start`; all that is handed in is called on the link's thread.

        Args:
            address: where to connect to.
            token: gives the bearer token; may raise `TokenMissing`.
            desk: does the commands.
            hello: which site the node runs.
            on_site: told which site the cloud has.
            on_status: told each change of the link's status with one sentence.
            chance: 0..1, the jitter.
            pace: of attempts after a failure.
            ping: seconds between pings, and for a pong.
        """
        self._address, self._token, self._desk = address, token, desk
        self._hello, self._on_site, self._on_status = hello, on_site, on_status
        self._chance, self._pace, self._ping = chance, pace, ping
        self._status: DeviceStatus | None = None
        self._stopping = threading.Event()
        self._greeting = threading.Event()
        self._thread = threading.Thread(target=self._run, name="link", daemon=True)

    def start(self) -> None:
        """Begin to connect; returns at once. A link is started once."""
        self._thread.start()

    def greet(self) -> None:
        """The node runs another site now: say so."""
        self._greeting.set()

    def stop(self) -> None:
        """Ask the link to end; it does within seconds, or with the process."""
        self._stopping.set()

    def join(self, timeout: float) -> None:
        """Wait for its end."""
        if self._thread.is_alive():
            self._thread.join(timeout)

    def _run(self) -> None:
        failures = 0
        while not self._stopping.is_set():
            began = time.monotonic()
            try:
                self._hold()
            except (CloudRefused, TokenMissing) as error:
                self._tell(DeviceStatus.REFUSED, str(error))
                self._stopping.wait(self._pace.delay_denied(self._chance()))
                continue
            except UplinkError as error:
                stalled = isinstance(error, CloudStalled)
                self._tell(DeviceStatus.STALLED if stalled else DeviceStatus.UNREACHABLE, str(error))
            else:
                failures = 0
                continue
            failures = 1 if time.monotonic() - began >= STEADY else failures + 1
            self._stopping.wait(self._pace.delay(failures, self._chance()))

    def _hold(self) -> None:
        """One connection, until it fails, the node stops or has another token.

        Raises:
            UplinkError: it could not be opened, or it was ended by others.
        """
        where, token = self._address(), self._token()
        headers = {"Authorization": bearer(token)}
        try:
            with connect(
                "ws" + where.url.removeprefix("http").rstrip("/") + PATH,
                additional_headers=headers,
                ssl=where.context(),
                proxy=None,
                compression=None,
                open_timeout=OPEN,
                ping_interval=self._ping[0],
                ping_timeout=self._ping[1],
                close_timeout=TICK,
                max_size=LARGEST_FRAME,
                logger=_WIRE,
            ) as connection:
                self._serve(connection, token)
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

    def _serve(self, connection: ClientConnection, token: str) -> None:
        """Until the node stops, or has another `token`: this link would end with the one that it came by."""
        self._tell(DeviceStatus.UP, "the cloud's commands arrive")
        self._greeting.set()
        while not self._stopping.is_set() and self._token() == token:
            if self._greeting.is_set():
                self._greeting.clear()
                connection.send(self._hello().model_dump_json())
            try:
                text = connection.recv(TICK)
            except TimeoutError:
                continue
            came = time.monotonic()
            try:
                frame = parse_frame(text)
            except MessageError as error:
                log.debug("a frame of the link that this version does not know: %s", error)
                continue
            if isinstance(frame, SiteNotice):
                self._on_site(frame)
            elif isinstance(frame, Command):
                answer = self._desk.handle(frame, came)
                if answer is not None:
                    connection.send(answer.model_dump_json())

    def _tell(self, status: DeviceStatus, detail: str) -> None:
        if status is self._status:
            return
        self._status = status
        level = logging.INFO if status is DeviceStatus.UP else logging.WARNING
        log.log(level, "link %s: %s", status, detail)
        self._on_status(status, detail)
