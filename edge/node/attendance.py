"""Which stations are there, by connection and by silence, and what of them was refused."""

from __future__ import annotations

import asyncio
import logging
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

from devices.messages import DeviceStatus
from devices.site.sensor_rules import SILENT_PERIODS
from devices.stations import Said
from edge.node.line import Line
from edge.node.report import Facts, Reporter
from edge.node.roll import RIGHT, Roll, Sorted

log = logging.getLogger(__name__)

LINES = 2
"""Connections of one station at a time: one that comes back has often left the one before half open."""
_REASONS = 200
"""Different things that are counted one by one."""


@dataclass(slots=True)
class _Standing:
    heard: float
    """When it was heard last, or since when it is waited for; monotonic."""
    ever: bool = False
    lines: list[Line] = field(default_factory=list)
    told: tuple[DeviceStatus, str] | None = None
    refused: int = 0
    clock_off: bool = False


class Attendance:
    """Of the stations of one listener; used on its event loop."""

    def __init__(
        self,
        node: str,
        roll: Callable[[], Roll],
        reporter: Reporter,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._node, self._roll, self._reporter, self._monotonic = node, roll, reporter, monotonic
        self._standing: dict[str, _Standing] = {}
        self.counts: Counter[str] = Counter()
        """What was refused, by station and reason."""

    async def heard(self, said: Said, found: Sorted, line: Line) -> None:
        """A station said something usable, or at least that it is there."""
        one = self._of(said.station)
        one.heard, one.ever = self._monotonic(), True
        if line not in one.lines:
            one.lines.append(line)
            if len(one.lines) > LINES:
                one.lines[0].close()
        detail = "its packets come"
        if found.clock_off is not None:
            off = abs(found.clock_off) > RIGHT.total_seconds()
            if off or one.clock_off:
                for sensor in self._roll().sensors(said.station):
                    self._reporter.note(sensor, {"clock_off_s": round(found.clock_off)})
            one.clock_off = off
        if one.clock_off:
            detail += "; its clock is wrong"
        await self._tell(said.station, one, DeviceStatus.UP, detail)

    async def refused(self, said: Said, why: str) -> None:
        """Something that nothing, or not all, could be made of."""
        what = f"{said.station or 'somebody'}: {why}"
        if what not in self.counts and len(self.counts) >= _REASONS:
            what = "more than can be told"
        self.counts[what] += 1
        if self.counts[what] == 1:
            log.warning("%s (said once)", what)
        facts: Facts = {"stations_refused": self.counts.total(), "stations_refused_why": what[:200]}
        self._reporter.note(self._node, facts)
        sensors = self._roll().sensors(said.station)
        if not sensors:
            return
        one = self._of(said.station)
        one.refused += 1
        for sensor in sensors:
            self._reporter.note(sensor, {"undecoded": one.refused, "undecoded_why": why[:200]})
        if said.denied and (not one.ever or self._silent(said.station, one)):
            # Whoever guesses passwords does not make a station look refused that is heard.
            await self._tell(said.station, one, DeviceStatus.REFUSED, "its password (PW) is wrong")

    def left(self, line: Line) -> None:
        """A connection is over."""
        for one in self._standing.values():
            if line in one.lines:
                one.lines.remove(line)

    async def look(self) -> None:
        """Tell of those that were silent for too long. A connection that ends means nothing by itself: many
        stations connect for each packet.
        """
        roll = self._roll()
        self._standing = {name: self._of(name) for name in roll.stations}
        for name, one in tuple(self._standing.items()):
            refused = one.told is not None and one.told[0] is DeviceStatus.REFUSED
            if not self._silent(name, one) or refused:
                continue
            if one.lines:
                if one.told is None or one.told[0] is not DeviceStatus.STALLED:
                    one.lines[-1].ask()
                await self._tell(name, one, DeviceStatus.STALLED, "is connected and says nothing")
            else:
                word = "is not connected any more" if one.ever else "never connected"
                await self._tell(name, one, DeviceStatus.UNREACHABLE, word)

    def deaf(self, why: str) -> None:
        """Its address cannot be had."""
        self._reporter.note(self._node, {"stations_problem": why[:200]})

    def _of(self, station: str) -> _Standing:
        return self._standing.setdefault(station, _Standing(self._monotonic()))

    def _silent(self, station: str, one: _Standing) -> bool:
        return self._monotonic() - one.heard > SILENT_PERIODS * self._roll().period(station)

    async def _tell(self, station: str, one: _Standing, status: DeviceStatus, detail: str) -> None:
        if one.told == (status, detail):
            return
        one.told = status, detail
        for sensor in self._roll().sensors(station):
            # It writes to the disk: the other stations are not kept waiting.
            await asyncio.to_thread(self._reporter.tell, sensor, "sensor", status, detail)
