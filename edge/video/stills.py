"""Small pictures of many cameras, of frames that are decoded anyway, while somebody looks at the page."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

import cv2

from devices.stream import Colour, Frame
from devices.stream.coded import Stamped

WIDTH = 640
QUALITY = 72
"""JPEG; a street comes to 25 to 50 kB."""
EVERY = 1.0
"""Seconds between two stills of a camera, at the least."""
LATE = 2.5
"""Seconds without a decoded frame after which the newest key packet of the ring is decoded for the still."""


@dataclass(slots=True)
class _Seat:
    """One camera somebody looks at."""

    frame: Frame | None = None
    """Not sent yet."""
    sent_at: float = float("-inf")
    taken_at: datetime | None = None
    """When what was sent last was taken."""


class Stills:
    """Which cameras are looked at, and the newest frame of each. Offered by any thread, taken by one."""

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._monotonic = monotonic
        self._seats: dict[str, _Seat] = {}
        self._changed = threading.Condition()

    @property
    def wanted(self) -> bool:
        """Whether anybody looks at anything."""
        return bool(self._seats)

    def want(self, cameras: Iterable[str]) -> list[str]:
        """These are looked at now; which of them were not before."""
        with self._changed:
            before = self._seats
            self._seats = {camera: before.get(camera) or _Seat() for camera in cameras}
            self._changed.notify_all()
            return [camera for camera in self._seats if camera not in before]

    def again(self) -> None:
        """Whoever looks has seen nothing yet: a new connection."""
        with self._changed:
            self._seats = {camera: _Seat(seat.frame) for camera, seat in self._seats.items()}

    def offer(self, camera: str, frame: Frame) -> None:
        """A frame was decoded; quick, and nothing where nobody looks."""
        if camera not in self._seats:
            return
        with self._changed:
            seat = self._seats.get(camera)
            if seat is not None:
                seat.frame = frame
                self._changed.notify_all()

    def take(self, timeout: float) -> Iterator[tuple[str, Frame | None]]:
        """Cameras whose turn it is, with their newest frame; None: none was decoded, look into the ring."""
        with self._changed:
            if not (due := self._due()):
                self._changed.wait(timeout)
                due = self._due()
            found = []
            for camera, seat in due:
                found.append((camera, seat.frame))
                seat.frame, seat.sent_at = None, self._monotonic()
        yield from found

    def is_news(self, camera: str, taken_at: datetime) -> bool:
        """Whether a picture is younger than what was sent of its camera last, and still looked for."""
        seat = self._seats.get(camera)
        return seat is not None and (seat.taken_at is None or taken_at > seat.taken_at)

    def sent(self, camera: str, taken_at: datetime) -> None:
        """A picture of that time was sent."""
        with self._changed:
            if (seat := self._seats.get(camera)) is not None:
                seat.taken_at = taken_at

    def _due(self) -> list[tuple[str, _Seat]]:
        now = self._monotonic()
        return [
            (camera, seat)
            for camera, seat in self._seats.items()
            if now - seat.sent_at >= (EVERY if seat.frame is not None else LATE)
        ]


def newest_key(units: Iterable[Stamped]) -> Stamped | None:
    """The last unit that can be decoded by itself."""
    return next((one for one in reversed(tuple(units)) if one.unit.key), None)


def small_jpeg(picture: Colour) -> bytes:
    """A picture as JPEG."""
    done, data = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, QUALITY])
    assert done, "OpenCV writes JPEG"
    return data.tobytes()
