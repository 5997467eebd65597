"""One outgoing WebSocket to the cloud, kept open by one thread; the node listens on no port for it.

Another thread does the commands.
"""

from __future__ import annotations

import contextlib
import logging
import queue
import random
import threading
import time
from collections.abc import Callable

from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection

from devices.errors import MessageError
from devices.link import (
    PATH,
    PING_EVERY,
    PING_PATIENCE,
    Command,
    Hello,
    SiteNotice,
    parse_frame,
)
from devices.messages import DeviceStatus
from devices.video import VideoWish
from edge.errors import CloudRefused, CloudStalled, TokenMissing, UplinkError
from edge.link.desk import CommandDesk
from edge.link.dial import Address, dial
from edge.send.pace import Pace

log = logging.getLogger(__name__)

TICK = 1.0
"""Seconds the thread waits at most before it looks whether it shall end."""
STEADY = 60.0
"""Seconds a link must have held for its loss to count as the first failure."""


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
        on_video: Callable[[VideoWish], None] = lambda _: None,
    ) -> None:
        """Nothing happens before `start`; all that is handed in is called on the link's threads.

        Args:
            address: where to connect to.
            token: gives the bearer token; may raise `TokenMissing`.
            desk: does the commands, on a thread of their own.
            hello: which site the node runs.
            on_site: told which site the cloud has.
            on_status: told each change of the link's status with one sentence.
            chance: 0..1, the jitter.
            pace: of attempts after a failure.
            ping: seconds between pings, and for a pong.
            on_video: told what people wish to see now; must be quick.
        """
        self._on_video = on_video
        self._address, self._token, self._desk = address, token, desk
        self._hello, self._on_site, self._on_status = hello, on_site, on_status
        self._chance, self._pace, self._ping = chance, pace, ping
        self._status: DeviceStatus | None = None
        self._stopping = threading.Event()
        self._greeting = threading.Event()
        self._thread = threading.Thread(target=self._run, name="link", daemon=True)
        self._work: queue.SimpleQueue[tuple[Command, float, ClientConnection] | None] = queue.SimpleQueue()
        self._worker = threading.Thread(target=self._do, name="commands", daemon=True)

    def start(self) -> None:
        """Begin to connect; returns at once. A link is started once."""
        self._thread.start()
        self._worker.start()

    def greet(self) -> None:
        """The node runs another site now: say so."""
        self._greeting.set()

    def stop(self) -> None:
        """Ask the link to end; it does within seconds, or with the process."""
        self._stopping.set()
        self._work.put(None)

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
        token = self._token()
        with dial(self._address(), PATH, token, self._ping) as connection:
            self._serve(connection, token)

    def _serve(self, connection: ClientConnection, token: str) -> None:
        """Until the node stops, or has another `token`: this link would end with the one that it came by."""
        self._tell(DeviceStatus.UP, "the cloud's commands arrive")
        self._greeting.set()
        while not self._stopping.is_set() and self._token() == token:
            if self._greeting.is_set():
                self._greeting.clear()
                connection.send(self._hello().model_dump_json())
            for done in self._desk.late():
                connection.send(done.model_dump_json())
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
            elif isinstance(frame, VideoWish):
                self._on_video(frame)
            elif isinstance(frame, Command):
                self._work.put((frame, came, connection))

    def _do(self) -> None:
        """Do the commands, one after the other: what takes seconds keeps no other frame waiting."""
        while (one := self._work.get()) is not None:
            command, came, connection = one
            answer = self._desk.handle(command, came)
            if answer is not None:
                with contextlib.suppress(ConnectionClosed):  # it is asked for again
                    connection.send(answer.model_dump_json())

    def _tell(self, status: DeviceStatus, detail: str) -> None:
        if status is self._status:
            return
        self._status = status
        level = logging.INFO if status is DeviceStatus.UP else logging.WARNING
        log.log(level, "link %s: %s", status, detail)
        self._on_status(status, detail)
