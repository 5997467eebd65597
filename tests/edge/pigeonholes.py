"""A mailbox for tests that look at every frame."""

from __future__ import annotations

import queue

from devices.stream import Frame
from edge.node.mailbox import Mailbox


class Pigeonholes(Mailbox):
    """A mailbox that keeps every frame of each camera."""

    def __init__(self, holes: dict[str, queue.Queue[Frame]]) -> None:
        super().__init__()
        self._holes = holes

    def put(self, camera: str, frame: Frame) -> None:
        self._holes[camera].put(frame)
