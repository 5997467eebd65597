"""The still ring: every ten seconds one small picture of each camera, out of frames decoded anyway."""

from __future__ import annotations

import logging
import os
import queue
import threading
import time
from base64 import b64encode
from collections.abc import Callable, Iterable
from datetime import datetime

import cv2

from devices.link import Command, Shown, StillBody
from devices.stream import Frame
from edge.keep.stills import Stills
from edge.link.desk import Done
from edge.see.detector import Colour

log = logging.getLogger(__name__)

EVERY = 9.5
"""Seconds between two pictures of a camera. One that is looked at every second or two has one each ten
seconds, and one every four still one within twelve: longer is a gap to who tries rules upon them."""
SWEEP = 30.0
"""Seconds between two looks for pictures that are too old."""
SIZE = (640, 360)
"""The most columns and rows."""
QUALITY = 80
"""JPEG; a street in 640x360 comes to 25 to 45 kB."""
NICE = 10
"""How much the writing thread leaves to others."""
WAITING = 64
"""Pictures that may wait to be written, 0.7 MB each; more are let go: the disk is too slow."""


class StillRing:
    """Of all cameras of a node. `seen` is called by the thread that looks, the rest by any."""

    def __init__(
        self,
        stills: Stills,
        now: Callable[[], datetime],
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        """Nothing is written before `run`, which a thread of its own does."""
        self._stills, self._now, self._monotonic = stills, now, monotonic
        self._due: dict[str, float] = {}
        self._cameras: frozenset[str] = frozenset()
        self._waiting: queue.Queue[tuple[str, datetime, Colour]] = queue.Queue(WAITING)

    def know(self, cameras: Iterable[str]) -> None:
        """These are the node's cameras; pictures of others go with the next sweep."""
        self._cameras = frozenset(cameras)

    def seen(self, camera: str, frame: Frame) -> None:
        """A frame that was looked at: kept when its camera's next one is due."""
        now = self._monotonic()
        if now < self._due.get(camera, now):
            return
        self._due[camera] = now + EVERY
        width = min(SIZE[0], round(SIZE[1] * frame.width / frame.height))
        try:
            self._waiting.put_nowait((camera, frame.taken_at, frame.colour(width)))
        except queue.Full:
            log.debug("%s: a still is let go, the disk is too slow", camera)

    def run(self, stopping: threading.Event) -> None:
        """The thread's work, until the node stops. A disk that fails costs stills, and nothing else."""
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), NICE)
        sweep_at, failing = time.monotonic(), False
        while not stopping.is_set():
            try:
                if time.monotonic() >= sweep_at:
                    sweep_at = time.monotonic() + SWEEP
                    self._stills.sweep(self._now(), self._cameras)
                camera, at, picture = self._waiting.get(timeout=1.0)
                if camera in self._cameras:
                    self._stills.put(camera, at, _jpeg(picture))
                failing = False
            except queue.Empty:
                continue
            except OSError as error:
                log.log(logging.DEBUG if failing else logging.WARNING, "no stills are kept: %s", error)
                failing = True

    def still(self, command: Command) -> Done:
        """`still`: the picture nearest to a time."""
        body = StillBody.model_validate(command.body)
        if body.camera not in self._cameras:
            return Done(reason=f"{body.camera} is no camera of this node")
        at = self._stills.nearest(body.camera, body.at or self._now())
        jpeg = None if at is None else self._stills.read(body.camera, at)
        if at is None or jpeg is None:
            return Done(reason=f"there is no picture of {body.camera} in the last hour")
        return Done({"taken_at": at.isoformat()}, pictures=(shown(jpeg, at),))


def shown(jpeg: bytes, at: datetime) -> Shown:
    """A picture as an answer carries it."""
    return Shown(taken_at=at, jpeg=b64encode(jpeg))


def _jpeg(picture: Colour) -> bytes:
    _, data = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, QUALITY])
    return bytes(data.tobytes())
