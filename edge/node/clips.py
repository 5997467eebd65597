"""Evidence clips: coded pictures set aside while something may become an alarm, put into a file when it does.

The ring keeps a few seconds; a rule decides after minutes. So the units around the arrival of each candidate
are held on to, in memory and within a bound. After a restart, or where there was no room, the clip shows the
last seconds before the alarm instead.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal
from uuid import UUID

from devices.errors import StreamError
from devices.stream.coded import Stamped
from devices.stream.mp4 import write_mp4
from devices.stream.ring import Ring
from edge.judge.case import Case
from edge.see.slots import Phase
from edge.see.view import View

log = logging.getLogger(__name__)

BEFORE, AFTER = 4.0, 6.0
"""Seconds shown before a thing came to rest, and after."""
LATE = 30.0
"""Seconds after its arrival within which a new candidate may still be found in the ring."""
MOST_HELD = 64 << 20
"""Bytes set aside for all cameras together: a dozen candidates at 4 Mbit/s. They are shared with the ring
for its few seconds, and come on top of it afterwards."""
LARGEST = 12 << 20
"""Bytes of one clip; of one that would be larger, the end is missing."""


@dataclass(frozen=True, slots=True)
class Clip:
    """An MP4 file. `begin` is the stream time of its first picture."""

    mp4: bytes
    begin: float
    seconds: float
    codec: Literal["h264", "h265"]
    width: int
    height: int


@dataclass(slots=True)
class _Held:
    since: float
    units: tuple[Stamped, ...]
    size: int


class Clips:
    """The clips of a node's cameras; used by one thread, beside those that fill the ring."""

    def __init__(
        self, ring: Ring, size_of: Callable[[str], tuple[int, int] | None], most: int = MOST_HELD
    ) -> None:
        """`size_of`: width and height of a camera's pictures, once one was seen; `most`: bytes held."""
        self.held = 0
        """Bytes set aside."""
        self._ring = ring
        self._size_of = size_of
        self._most = most
        self._kept: dict[str, dict[UUID, _Held]] = {}

    def follow(self, camera: str, view: View, patience: float) -> None:
        """Set aside what is new, let go of what has left or stands for longer than `patience` seconds.

        What was there before anybody looked has no arrival to show.
        """
        standing = {
            slot.id: slot.since
            for slot in view.slots
            if slot.phase is not Phase.GONE and not slot.at_least and view.at - slot.since <= patience
        }
        kept = self._kept.setdefault(camera, {})
        for gone in kept.keys() - standing.keys():
            self.held -= kept.pop(gone).size
        for slot, since in standing.items():
            if view.at - since > LATE:
                continue
            before = kept.get(slot)
            units = self._units(camera, since, before)
            size = sum(one.unit.size for one in units)
            more = size - (0 if before is None else before.size)
            if more > 0 and self.held + more <= self._most:
                kept[slot] = _Held(since, units, size)
                self.held += more

    def forget(self, camera: str) -> None:
        """A camera is no longer looked at, or its stream's time began anew."""
        self.held -= sum(one.size for one in self._kept.pop(camera, {}).values())

    def of(self, camera: str, case: Case, at: float) -> Clip | None:
        """The clip that goes with a case opened at `at`; None where nothing was kept."""
        mine = self._kept.get(camera, {})
        held = [mine[slot] for slot in case.members if slot in mine]
        if held:
            units = max(held, key=lambda one: one.since).units
        else:
            units = self._ring.cut(camera, at - BEFORE - AFTER, at)
        return self._made(camera, units)

    def _units(self, camera: str, since: float, before: _Held | None) -> tuple[Stamped, ...]:
        """What the ring has around an arrival, or what was held and what came since."""
        if before is None:
            around = self._ring.cut(camera, since - BEFORE, since + AFTER)
            return around if around and around[0].at <= since else ()  # without the arrival it shows nothing
        last = before.units[-1].at
        cut = self._ring.cut(camera, last, since + AFTER)
        if not cut or cut[0].at > last:  # nothing new, or what would join on is gone
            return before.units
        return before.units + tuple(one for one in cut if one.at > last)

    def _made(self, camera: str, units: tuple[Stamped, ...]) -> Clip | None:
        shape, total = self._size_of(camera), 0
        fitting = []
        for one in units:
            total += one.unit.size
            if total > LARGEST:
                break
            fitting.append(one)
        if shape is None or len(fitting) < 2:
            return None
        try:
            mp4 = write_mp4(fitting, shape)
        except StreamError as error:
            log.warning("%s: no clip: %s", camera, error)
            return None
        first, last = fitting[0], fitting[-1]
        step = (last.at - first.at) / (len(fitting) - 1)
        codec: Literal["h264", "h265"] = "h264" if first.unit.codec == "h264" else "h265"
        return Clip(mp4, first.at, last.at - first.at + step, codec, *shape)
