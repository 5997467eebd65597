"""The newest frame of each camera for one deciding thread: slow moments skip pictures, never pile them up."""

from __future__ import annotations

import threading
from collections import OrderedDict

from devices.stream import Frame


class Mailbox:
    """Put by many camera threads, taken by one; holds at most one frame a camera."""

    def __init__(self) -> None:
        self._frames: OrderedDict[str, Frame] = OrderedDict()
        self._changed = threading.Condition()
        self._closed = False
        self.skipped = 0
        """Frames that a newer one of the same camera replaced before they were looked at."""

    def put(self, camera: str, frame: Frame) -> None:
        """Leave a frame; one of the same camera that still waits is replaced, in its turn."""
        with self._changed:
            self.skipped += camera in self._frames
            self._frames[camera] = frame
            self._changed.notify()

    def take(self, timeout: float) -> tuple[str, Frame] | None:
        """The frame that waited longest; None after `timeout` seconds without any, or when closed."""
        with self._changed:
            self._changed.wait_for(lambda: self._frames or self._closed, timeout)
            return self._frames.popitem(last=False) if self._frames else None

    def close(self) -> None:
        """Wake the taker for the last time."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
