"""What the cloud wishes to see now, and the threads that send it: none while nobody looks."""

from __future__ import annotations

import logging
import random
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from datetime import datetime
from functools import partial
from typing import Protocol

from av.video.codeccontext import VideoCodecContext
from av.video.reformatter import VideoReformatter
from websockets.sync.client import ClientConnection

from devices.stream import Frame
from devices.stream.decoders import new_decoder, still
from devices.stream.frame import picture_frame
from devices.video import MOST_LIVE, STILLS_PATH, WISH_LIFE, StillHead, VideoWish, live_path, pack_still
from edge.errors import UplinkError
from edge.send.pace import Pace
from edge.video.live import Eyes, LiveFeed, Second
from edge.video.moving import Movable, mover_for
from edge.video.stills import WIDTH, Stills, newest_key, small_jpeg

log = logging.getLogger(__name__)

PACE = Pace(first=0.5, longest=5.0, denied=15.0)
"""Of trying again: somebody sits before the picture."""
TICK = 0.5


class Sights(Eyes, Protocol):
    """What is received of the node's cameras, and how to have more of it looked at."""

    def wake(self, camera: str) -> None:
        """Look at a camera's next key frame."""

    def taken_at(self, camera: str, at: float) -> datetime | None:
        """UTC of a stream time of that camera, as far as it is known."""

    def moving(self, camera: str) -> Callable[[], Movable] | None:
        """What makes the means to move a camera; None where it is not spoken to over ONVIF."""

    def second(self, camera: str) -> Second | None:
        """Begin to receive another stream of a camera; None where it is not spoken to over ONVIF."""


Dial = Callable[[str], AbstractContextManager[ClientConnection]]
"""Opens a WebSocket to the cloud at a path; raises `UplinkError`."""


class VideoDesk:
    """Of one node. `hear` is called on the link's thread, `offer` on those that decode."""

    def __init__(
        self,
        sights: Sights,
        dial: Dial,
        pressed: Callable[[], bool],
        now: Callable[[], datetime],
        *,
        monotonic: Callable[[], float] = time.monotonic,
        chance: Callable[[], float] = random.random,
    ) -> None:
        """`pressed`: alarms wait for the line; `now`: the node's wall clock."""
        self._sights, self._dial, self._pressed, self._now = sights, dial, pressed, now
        self._monotonic, self._chance = monotonic, chance
        self._lock = threading.Lock()
        self._live: frozenset[str] = frozenset()
        self._until = float("-inf")
        self._stopping = threading.Event()
        self._feeds: dict[str, threading.Thread] = {}
        self._stills = Stills(monotonic)
        self._sender: threading.Thread | None = None

    @property
    def feeding(self) -> Mapping[str, threading.Thread]:
        """The cameras that are sent live now."""
        with self._lock:
            return {camera: thread for camera, thread in self._feeds.items() if thread.is_alive()}

    def hear(self, wish: VideoWish) -> None:
        """The cloud's newest wish; it counts for `WISH_LIFE` seconds."""
        with self._lock:
            if self._stopping.is_set():
                return
            self._live = frozenset(wish.live[:MOST_LIVE])
            self._until = self._monotonic() + WISH_LIFE
            for camera in self._live:
                thread = self._feeds.get(camera)
                if thread is None or not thread.is_alive():
                    self._feeds[camera] = self._begin(f"live-{camera}", partial(self._feed, camera))
            new = self._stills.want(wish.stills)
            if self._stills.wanted and (self._sender is None or not self._sender.is_alive()):
                self._sender = self._begin("stills", self._send_stills)
        for camera in new:
            if not self._sights.ringed(camera):
                self._sights.wake(camera)

    def offer(self, camera: str, frame: Frame) -> None:
        """A frame was decoded."""
        self._stills.offer(camera, frame)

    def stop(self) -> None:
        """Ask everything to end; it does within seconds, or with the process."""
        self._stopping.set()

    def _begin(self, name: str, work: Callable[[], None]) -> threading.Thread:
        thread = threading.Thread(target=work, name=name, daemon=True)
        thread.start()
        return thread

    def _counts(self) -> bool:
        return not self._stopping.is_set() and self._monotonic() < self._until

    def _is_wanted(self, camera: str) -> bool:
        return self._counts() and camera in self._live

    def _feed(self, camera: str) -> None:
        """Send one camera while it is wanted, over as many connections as that takes."""

        def wanted() -> bool:
            return self._is_wanted(camera)

        def serve(connection: ClientConnection) -> None:
            second = partial(self._sights.second, camera)
            feed = LiveFeed(camera, self._sights, wanted, self._pressed, mover, second)
            begun = self._monotonic()
            try:
                feed.serve(connection)
            finally:
                took = self._monotonic() - begun
                log.info("%s: live for %.0f s, %.1f MB", camera, took, feed.sent.octets / 1e6)

        mover = mover_for(camera, self._sights.moving(camera))
        try:
            self._keep(live_path(camera), wanted, serve)
        finally:
            if mover is not None:
                mover.end()

    def _send_stills(self) -> None:
        """Send stills while any are wanted."""
        self._keep(STILLS_PATH, lambda: self._counts() and self._stills.wanted, self._serve_stills)
        if not self._counts():
            self._stills.want(())

    def _keep(self, path: str, wanted: Callable[[], bool], serve: Callable[[ClientConnection], None]) -> None:
        """Serve connections one after the other, while they are wanted."""
        failures = 0
        while wanted():
            begun = self._monotonic()
            try:
                with self._dial(path) as connection:
                    serve(connection)
                continue
            except UplinkError as error:
                log.info("live pictures: %s", error)
            failures = 1 if self._monotonic() - begun > WISH_LIFE else failures + 1
            self._stopping.wait(0.2 + self._pace(failures))

    def _pace(self, failures: int) -> float:
        return PACE.delay(failures, self._chance())

    def _serve_stills(self, connection: ClientConnection) -> None:
        decoders: dict[str, VideoCodecContext] = {}
        self._stills.again()
        while self._counts() and self._stills.wanted:
            for camera, decoded in self._stills.take(TICK):
                if self._pressed():
                    break
                frame = decoded or self._of_ring(camera, decoders)
                if frame is None or not self._stills.is_news(camera, frame.taken_at):
                    continue
                age = max(0.0, (self._now() - frame.taken_at).total_seconds())
                jpeg = small_jpeg(frame.colour(min(WIDTH, frame.width)))
                connection.send(pack_still(StillHead(camera=camera, age=age), jpeg))
                self._stills.sent(camera, frame.taken_at)

    def _of_ring(self, camera: str, decoders: dict[str, VideoCodecContext]) -> Frame | None:
        """The newest key picture as it came: nothing of this camera is decoded often enough just now."""
        newest = newest_key(self._sights.since(camera, None))
        if newest is None:
            return None
        taken_at = self._sights.taken_at(camera, newest.at)
        if taken_at is None or not self._stills.is_news(camera, taken_at):
            return None
        codec = newest.unit.codec
        if codec not in decoders:
            decoders[codec] = new_decoder(codec)
        picture = still(decoders[codec], newest.unit)
        if picture is None:
            return None
        return picture_frame(
            picture, at=0.0, zero=taken_at, size=(WIDTH, 360), ratio=None, reformatter=VideoReformatter()
        )
