"""One camera's live picture in this process: what came since its last key picture, and who watches."""

from __future__ import annotations

import asyncio
from collections import deque

from devices.video import LiveState, LiveWord, Part

MOST_KEPT = 8 << 20
"""Bytes kept for late viewers; a longer stretch between key pictures is not kept."""
MOST_WAITING = 3 << 20
"""Bytes that may wait for a slow viewer; then it goes on at the next key picture."""
MOST_ORDERS = 8
Frame = str | bytes


class Viewer:
    """What waits for one who watches; filled by the channel, emptied by one task."""

    def __init__(self) -> None:
        self._waiting: deque[Frame] = deque()
        self._size = 0
        self._filled = asyncio.Event()
        self._behind = True
        """What comes before a key picture is of no use to it."""
        self._opening = b""
        """The last one that was taken."""
        self.dropped = 0
        """Parts that were let go because they waited too long."""

    def put(self, frame: Frame, *, opening: bytes = b"") -> None:
        """Leave a frame. `opening`: of its stream, which a viewer that lost some needs before a key part."""
        if isinstance(frame, str):
            self._waiting.append(frame)
            self._filled.set()
            return
        if self._size > MOST_WAITING:
            self.dropped += sum(isinstance(one, bytes) for one in self._waiting)
            self._waiting = deque(one for one in self._waiting if isinstance(one, str))
            self._size, self._behind = 0, True
        if self._behind:
            if frame[0] != Part.KEY:
                self.dropped += 1
                return
            self._behind = False
            if opening != self._opening:
                self._append(opening)
        self._append(frame)

    async def take(self) -> Frame:
        """The next frame."""
        while not self._waiting:
            self._filled.clear()
            await self._filled.wait()
        frame = self._waiting.popleft()
        if isinstance(frame, bytes):
            self._size -= len(frame)
            if frame[0] == Part.OPENING:
                self._opening = frame
        return frame

    def _append(self, data: bytes) -> None:
        self._waiting.append(data)
        self._size += len(data)
        self._filled.set()


class Channel:
    """Fed by whoever brings the picture: the node itself, or another process that it brings it to."""

    def __init__(self, camera: str) -> None:
        self.camera = camera
        self.viewers: set[Viewer] = set()
        self.fed = False
        """Somebody brings it now."""
        self.orders: asyncio.Queue[str] = asyncio.Queue(MOST_ORDERS)
        """Wishes to move the camera, for whoever brings it."""
        self._opening = b""
        self._kept: list[bytes] = []
        self._size = 0
        self._word = LiveWord(state=LiveState.OPENING)

    def join(self) -> Viewer:
        """Watch from the last key picture on."""
        viewer = Viewer()
        viewer.put(self._word.model_dump_json())
        for part in self._kept:
            viewer.put(part, opening=self._opening)
        self.viewers.add(viewer)
        return viewer

    def leave(self, viewer: Viewer) -> None:
        """Watch no longer."""
        self.viewers.discard(viewer)

    def begin(self) -> None:
        """Somebody brings it from now on, from its opening on."""
        self.fed, self.orders = True, asyncio.Queue(MOST_ORDERS)

    def end(self) -> None:
        """Nobody brings it any more: what came is of the past."""
        self.fed = False
        self._opening, self._kept, self._size = b"", [], 0
        self.tell(LiveWord(state=LiveState.OPENING))

    def part(self, data: bytes) -> None:
        """The next part; the caller has seen that it is one."""
        kind = data[0]
        if kind == Part.OPENING:
            self._opening, self._kept, self._size = data, [], 0
        elif kind == Part.KEY:
            self._kept, self._size = [data], len(data)
        elif self._kept:
            self._kept.append(data)
            self._size += len(data)
        if self._size > MOST_KEPT:
            self._kept, self._size = [], 0
        for viewer in self.viewers:
            viewer.put(data, opening=self._opening)

    def order(self, wish: str) -> bool:
        """Pass on a wish to move the camera; False: nobody takes it just now."""
        if not self.fed or self.orders.full():
            return False
        self.orders.put_nowait(wish)
        return True

    def say(self, text: str) -> None:
        """Something to all who watch now."""
        for viewer in self.viewers:
            viewer.put(text)

    def tell(self, word: LiveWord) -> None:
        """How it is doing, to all who watch and will."""
        if word != self._word:
            self._word = word
            self.say(word.model_dump_json())
