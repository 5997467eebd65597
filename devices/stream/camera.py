"""One camera's stream for as long as it is wanted: connect, hand out frames, come back after each loss."""

from __future__ import annotations

import logging
import random
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta

from devices.credentials import Credentials
from devices.errors import StreamDropped, StreamError
from devices.messages import DeviceStatus
from devices.reasons import Reason
from devices.stream.backoff import LONGEST, backoff, backoff_refused
from devices.stream.cadence import Cadence
from devices.stream.decoding import Counts, Decoding
from devices.stream.frame import Frame, FrameRequest
from devices.stream.rtsp import Connect, connect_rtsp, shown
from devices.stream.source import USUAL_STEP
from devices.stream.status import RUNG, Facts, StreamStatus
from devices.stream.timeline import Timeline

log = logging.getLogger(__name__)

LEAP = 10.0
"""Seconds a camera's timestamps may step forward at once before they are called a jump, not a pause."""
BLIND = 30.0
"""Seconds without a picture, although packets come, after which the connection is made anew."""
STEADY = LONGEST
"""Seconds a connection must have lasted for its loss to count as the first one."""
REPORT_EVERY = 10.0
"""Seconds between reports of the facts while the stream is up."""


def _utc() -> datetime:
    return datetime.now(UTC)


def _ignore(status: StreamStatus) -> None:
    """For callers that do not want to be told."""


class CameraStream:
    """Frames of one RTSP address. One thread reads `frames`; any may ask for `status`."""

    def __init__(
        self,
        uri: str,
        credentials: Credentials | None = None,
        request: FrameRequest | None = None,
        *,
        on_status: Callable[[StreamStatus], None] = _ignore,
        timeout: tuple[float, float] = (5.0, 10.0),
        connect: Connect = connect_rtsp,
        monotonic: Callable[[], float] = time.monotonic,
        utc: Callable[[], datetime] = _utc,
        jitter: Callable[[], float] = random.random,
    ) -> None:
        """`timeout`: seconds for opening, and for each packet. `jitter`: evenly spread over 0..1.

        `on_status` is called by the reading thread: when the state changes, and every `REPORT_EVERY` seconds
        while the stream is up.

        Raises:
            StreamError: `uri` is not an RTSP address, or carries a user or a password.
        """
        self.name = shown(uri)
        """The address without anything secret."""
        if not uri.startswith(("rtsp://", "rtsps://")):
            raise StreamError(f"uri: {self.name} is not an rtsp address")
        if "@" in uri.split("/")[2]:
            raise StreamError(f"uri: {self.name} carries a user or password; give them as credentials")
        self._uri = uri
        self._credentials = credentials
        self._request = request if request is not None else FrameRequest()
        self._on_status = on_status
        self._timeout = timeout
        self._connect = connect
        self._monotonic = monotonic
        self._utc = utc
        self._jitter = jitter
        self._timeline = Timeline(step=USUAL_STEP, longest=LEAP)
        self._heard = monotonic()
        self._counts = Counts()
        self._connections = 0
        self._picture: Facts = {}
        self._status: StreamStatus | None = None

    @property
    def status(self) -> StreamStatus | None:
        """The last one reported; None until the first picture or the first failure."""
        return self._status

    def frames(self, stop: threading.Event) -> Iterator[Frame]:
        """The frames asked for, for ever; ends once `stop` is set.

        No failure ends it: the stream is opened again after growing waits, and `status` tells how it stands.
        `stop` is seen at the next packet, or when the time-out for packets has passed.
        """
        attempt = 0
        while not stop.is_set():
            begun = self._monotonic()
            try:
                yield from self._watch(stop)
                return
            except StreamError as error:
                problem = error
            attempt = 0 if self._monotonic() - begun >= STEADY else attempt
            state = RUNG[problem.reason]
            refused = state is DeviceStatus.REFUSED
            wait = backoff_refused(self._jitter()) if refused else backoff(attempt, self._jitter())
            attempt += 1
            self._tell(state, str(problem), problem.reason)
            stop.wait(wait)

    def _watch(self, stop: threading.Event) -> Iterator[Frame]:
        """One connection, until it fails (StreamError) or `stop` is set."""
        with closing(self._connect(self._uri, self._credentials, timeout=self._timeout)) as connection:
            self._connections += 1
            self._timeline.step = connection.step
            self._timeline.rejoin()
            decoding: Decoding | None = None
            begun, packets = 0.0, 0
            seen = self._monotonic()
            told = float("-inf")
            for unit in connection.units():
                if stop.is_set():
                    return
                now = self._monotonic()
                at = self._timeline.at(unit.pts, unit.dts, now - self._heard)
                self._heard = now
                if decoding is None:
                    begun, packets, zero = at, self._counts.packets + 1, self._utc() - timedelta(seconds=at)
                    decoding = Decoding(
                        connection.decoder,
                        self._request,
                        step=connection.step,
                        zero=zero,
                        counts=self._counts,
                    )
                for frame in decoding.take(at, unit):
                    if now - told >= REPORT_EVERY:
                        told = now
                        packets_a_second = (self._counts.packets - packets) / max(at - begun, connection.step)
                        self._picture = _picture(connection.codec, frame, decoding.cadence, packets_a_second)
                        self._tell(DeviceStatus.UP, "")
                    yield frame
                    seen = self._monotonic()
                if now - seen > BLIND:
                    problem = f"packets come, but no picture could be made of them for {BLIND:g} s"
                    raise StreamDropped(problem, Reason.NO_PICTURE)
        if not stop.is_set():
            raise StreamDropped("the camera ended the stream")

    def _tell(self, state: DeviceStatus, detail: str, reason: Reason | None = None) -> None:
        facts: Facts = {
            **self._picture,
            "packets": self._counts.packets,
            "decoded": self._counts.decoded,
            "dropped": self._counts.dropped,
            "reconnects": max(0, self._connections - 1),
        }
        before = self._status
        self._status = StreamStatus(state, detail, facts, reason)
        if state is DeviceStatus.UP and before is not None and before.state is not DeviceStatus.UP:
            log.info("%s: is back", self.name)
        elif state is not DeviceStatus.UP and (before is None or before.state is DeviceStatus.UP):
            log.warning("%s: %s; trying again until it is back", self.name, detail)
        if state is DeviceStatus.UP or before is None or before.state is not state or before.detail != detail:
            self._on_status(self._status)


def _picture(codec: str, frame: Frame, cadence: Cadence, rate: float) -> Facts:
    """What is known of the pictures; what takes an interval to measure is there once one was seen."""
    facts: Facts = {
        "codec": codec,
        "width": frame.width,
        "height": frame.height,
        "sparse": cadence.everything,
    }
    if cadence.intervals:
        facts |= {"key_interval_s": round(max(cadence.intervals), 3), "fps": round(rate, 2)}
    return facts
