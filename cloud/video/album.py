"""The newest still of each camera that somebody looks at, in memory alone."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection
from dataclasses import dataclass

from devices.video import StillHead, pack_still


@dataclass(frozen=True, slots=True)
class Still:
    """One still, as it came."""

    head: StillHead
    jpeg: bytes
    came: float
    """Monotonic seconds."""


class Looker:
    """Who looks at some cameras' stills: of each at most the newest waits."""

    def __init__(self, *, aside: bool = False) -> None:
        """`aside`: another process, whose wishes are known otherwise."""
        self.aside = aside
        self.cameras: frozenset[str] = frozenset()
        self._waiting: dict[str, Still] = {}
        self._filled = asyncio.Event()

    def put(self, still: Still) -> None:
        """Leave one, in the place of an older one that still waits."""
        self._waiting[still.head.camera] = still
        self._filled.set()

    async def take(self) -> Still:
        """The one that waited longest."""
        while not self._waiting:
            self._filled.clear()
            await self._filled.wait()
        return self._waiting.pop(next(iter(self._waiting)))


class Album:
    """Of one process. All of it in memory: a still that nobody looks at any more is let go."""

    def __init__(self, monotonic: Callable[[], float]) -> None:
        self._monotonic = monotonic
        self._newest: dict[str, Still] = {}
        self.lookers: set[Looker] = set()

    def wanted(self) -> frozenset[str]:
        """The cameras somebody looks at."""
        return frozenset().union(*(one.cameras for one in self.lookers if not one.aside))

    def put(self, head: StillHead, jpeg: bytes) -> None:
        """A camera's newest."""
        still = Still(head, jpeg, self._monotonic())
        self._newest[head.camera] = still
        for looker in self.lookers:
            if head.camera in looker.cameras:
                looker.put(still)

    def look(self, looker: Looker, cameras: Collection[str]) -> None:
        """Look at these from now on; what is here of those that are new is shown at once."""
        new = set(cameras) - looker.cameras
        looker.cameras = frozenset(cameras)
        self.lookers.add(looker)
        for camera in new & self._newest.keys():
            looker.put(self._newest[camera])

    def leave(self, looker: Looker) -> None:
        """Look no longer."""
        self.lookers.discard(looker)

    def forget(self, cameras: Collection[str]) -> None:
        """Let go of all stills but those of these cameras."""
        for camera in self._newest.keys() - set(cameras):
            del self._newest[camera]

    def framed(self, still: Still) -> bytes:
        """As it is sent on: as old as it is by now."""
        age = still.head.age + self._monotonic() - still.came
        return pack_still(StillHead(camera=still.head.camera, age=round(age, 2)), still.jpeg)
