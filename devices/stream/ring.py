"""The last seconds of every camera as they came, for evidence: never decoded, bounded for all together."""

from __future__ import annotations

import threading
from collections import deque
from dataclasses import dataclass, field

from devices.stream.coded import Stamped

PAUSE = 10.0
"""Seconds without pictures after which what came before is of another time: a camera may have been away for a
night."""


@dataclass(slots=True)
class _Group:
    """A key unit and what leans on it."""

    units: list[Stamped] = field(default_factory=list)
    size: int = 0


@dataclass(slots=True)
class _Track:
    """The groups of one camera, oldest first."""

    groups: deque[_Group] = field(default_factory=deque)
    size: int = 0
    torn: bool = True
    """Something is missing: nothing of use comes before the next key unit."""


class Ring:
    """Put by the receiving thread, cut from by any."""

    def __init__(self, seconds: float, most: int) -> None:
        """`seconds`: what can at least be cut of a camera, room given; `most`: bytes of all cameras together.

        Where room is short, the camera that takes the most loses its oldest group of pictures.
        """
        self._seconds = seconds
        self._most = most
        self._tracks: dict[str, _Track] = {}
        self._lock = threading.Lock()
        self.size = 0
        """Bytes held."""

    def put(self, camera: str, one: Stamped) -> None:
        """Keep one unit; one that is broken, and those that lean on it, are not kept."""
        with self._lock:
            track = self._tracks.setdefault(camera, _Track())
            if one.unit.broken:
                track.torn = True
                return
            if one.unit.key:
                track.groups.append(_Group())
                track.torn = False
            if track.torn:
                return
            group, size = track.groups[-1], one.unit.size
            group.units.append(one)
            group.size += size
            track.size += size
            self.size += size
            while len(track.groups) > 1 and track.groups[1].units[0].at <= one.at - self._seconds:
                self._drop(track)
            while self.size > self._most:
                self._drop(max(self._tracks.values(), key=lambda each: each.size))

    def cut(self, camera: str, begin: float, end: float) -> tuple[Stamped, ...]:
        """What was kept from the key unit at or before `begin` (or the oldest) to `end`, stream times.

        Pictures that were followed by nothing for `PAUSE` before `begin` are left out.
        """
        with self._lock:
            track = self._tracks.get(camera)
            groups = [] if track is None else [group.units for group in track.groups]
            if not groups or groups[-1][-1].at < begin:
                return ()
            late = [number for number, units in enumerate(groups) if units[0].at <= begin]
            first = late[-1] if late else 0
            first += groups[first][-1].at < begin - PAUSE
            return tuple(one for units in groups[first:] for one in units if one.at <= end)

    def since(self, camera: str, last: Stamped | None) -> tuple[Stamped, ...]:
        """What was kept after `last`, in decoding order.

        From the newest key unit on where `last` is None or not kept (any more): something was lost after it.
        """
        with self._lock:
            track = self._tracks.get(camera)
            if track is None or not track.groups:
                return ()
            after: list[Stamped] = []
            for group in reversed(track.groups) if last is not None else ():
                for one in reversed(group.units):
                    if one is last:
                        return tuple(reversed(after))
                    after.append(one)
            return tuple(track.groups[-1].units)

    def _drop(self, track: _Track) -> None:
        gone = track.groups.popleft()
        track.size -= gone.size
        self.size -= gone.size
        track.torn = track.torn or not track.groups
