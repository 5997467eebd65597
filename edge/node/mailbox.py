"""The newest frame of each camera for one deciding thread: slow moments skip pictures, never pile them up."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable

from devices.stream import Frame

ROOM = 4
"""Frames that wait before those who can are made to: a decoded picture of 1080 lines takes 3 MB."""


class Mailbox:
    """Put by many threads, taken by one; holds at most one frame a camera."""

    def __init__(self, peek: Callable[[str, Frame], None] = lambda *_: None) -> None:
        """`peek` is shown each frame on the thread that puts it, and must be quick."""
        self._peek = peek
        self._frames: OrderedDict[str, Frame] = OrderedDict()
        self._changed = threading.Condition()
        self._closed = False
        self.skipped = 0
        """Frames that a newer one of the same camera replaced before they were looked at."""

    @property
    def waiting(self) -> int:
        """Frames that were not taken yet."""
        return len(self._frames)

    def put(self, camera: str, frame: Frame) -> None:
        """Leave a frame; one of the same camera that still waits is replaced, in its turn."""
        self._peek(camera, frame)
        with self._changed:
            self.skipped += camera in self._frames
            self._frames[camera] = frame
            self._changed.notify_all()

    def put_in_turn(self, camera: str, frame: Frame) -> None:
        """`put`, once there is room: whoever decodes need not decode more than can be looked at."""
        with self._changed:
            self._changed.wait_for(lambda: len(self._frames) < ROOM or camera in self._frames or self._closed)
            self.put(camera, frame)

    def take(self, timeout: float) -> tuple[str, Frame] | None:
        """The frame that waited longest; None after `timeout` seconds without any, or when closed."""
        with self._changed:
            self._changed.wait_for(lambda: self._frames or self._closed, timeout)
            if not self._frames:
                return None
            self._changed.notify_all()
            return self._frames.popitem(last=False)

    def drop(self, camera: str) -> None:
        """What waits of this camera is not wanted any more."""
        with self._changed:
            self._frames.pop(camera, None)
            self._changed.notify_all()

    def close(self) -> None:
        """Wake everybody for the last time."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
