"""Whose the values of a station are, and what of them is judged: from samples to readings. Pure."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Literal

from devices.gb26875.tables import LATCHED
from devices.hj212.factors import FAMILIES
from devices.messages import Reading
from devices.sensors.quantities import possible
from devices.site.model import Point, Sensor
from devices.site.stations import AirStation, FireStation, Protocol
from devices.stations import Place, Said, Sample

BELIEVED = timedelta(hours=24)
"""A clock further off is not believed; the time of arrival stands in."""
OLDEST = timedelta(days=31)
"""What a station has kept is no older; an older time is a wrong clock."""
RIGHT = timedelta(seconds=60)
"""A clock that is no further off is right."""
_SET_BACK = timedelta(seconds=1)
RESET = "reset"
Quality = Literal["good", "edge_time", "clock", "uncertain", "bad"]
_NEWEST = 4096
"""Quantities of which the newest time is remembered, over all sensors."""


@dataclass(frozen=True, slots=True)
class Sorted:
    """The readings of one packet."""

    judged: tuple[Reading, ...] = ()
    late: tuple[Reading, ...] = ()
    """Newer ones were judged before; these are kept only."""
    alive: tuple[str, ...] = ()
    """Sensors that are there although they say nothing."""
    clock_off: float | None = None
    """Seconds by which the station's clock is ahead of ours; None where it told no time."""

    @property
    def clock_right(self) -> bool:
        """Whether its clock was told and is right."""
        return self.clock_off is not None and abs(self.clock_off) <= RIGHT.total_seconds()


class Roll:
    """The stations of one protocol that the site has, and the newest of what they said."""

    def __init__(self, protocol: Protocol, points: Iterable[Point]) -> None:
        """Sensors that are no station of this protocol are left aside."""
        self._protocol = protocol
        self._of: dict[str, list[tuple[str, Sensor]]] = {}
        self._newest: dict[tuple[str, str], tuple[datetime, datetime]] = {}
        for point in points:
            for sensor in point.sensors:
                if sensor.station is not None and sensor.station.protocol == protocol:
                    self._of.setdefault(_name(sensor.station), []).append((point.id, sensor))

    @property
    def stations(self) -> tuple[str, ...]:
        """Their numbers or addresses."""
        return tuple(self._of)

    def sensors(self, station: str) -> tuple[str, ...]:
        """The sensors that are, or are part of, a station; none of one that the site does not have."""
        return tuple(sensor.id for _, sensor in self._of.get(station, ()))

    def period(self, station: str) -> float:
        """Seconds between two reports, by the sensor of it that reports most often."""
        return min((sensor.period for _, sensor in self._of.get(station, ())), default=math.inf)

    def sort(self, said: Said, received_at: datetime) -> Sorted:
        """The readings of what a station of the site said."""
        off = None if said.sent_at is None else (said.sent_at - received_at).total_seconds()
        judged: list[Reading] = []
        late: list[Reading] = []
        for sample in said.samples:
            for point, sensor, one in self._whose(said.station, sample):
                reading = _reading(point, sensor, one, said.sent_at, received_at)
                is_late = one.place is None and self._is_late(reading, said.sent_at)
                (late if is_late else judged).append(reading)
        # A detector speaks when something happens; that its transmitter is heard vouches for it. The values
        # of an air station speak for themselves: one of its instruments may be missing.
        alive = self.sensors(said.station) if self._protocol == "gb26875" else ()
        return Sorted(tuple(judged), tuple(late), alive, off)

    def _whose(self, station: str, sample: Sample) -> Iterator[tuple[str, Sensor, Sample]]:
        ours = self._of.get(station, [])
        if not ours:
            return
        if sample.place is None:
            point, sensor = _measuring(ours, sample.quantity)
            yield point, sensor, sample
            return
        if sample.quantity == RESET:
            # A panel that was reset tells what is still so anew, and often nothing of what is over.
            for point, sensor in ours:
                if _within(sensor.station, sample.place):
                    for name in LATCHED:
                        yield point, sensor, replace(sample, quantity=name, value=0.0)
                    yield point, sensor, sample
            return
        owner, exact = _nearest(ours, sample.place)
        if owner is not None and (exact or (sample.value and sample.quantity in LATCHED)):
            # What a part of a system says goes to the sensor that stands for all of it only where it is an
            # alarm: that one detector is quiet does not mean that the others are.
            yield owner[0], owner[1], sample

    def _is_late(self, reading: Reading, sent: datetime | None) -> bool:
        """Whether a newer one of its kind came before: by data time, unless the clock was set back meanwhile.

        Only where a packet tells when it was sent can that be told from a clock that was set back. Of a fire
        alarm system all is judged as it comes: its panel has a clock of its own, and no fire is ever late.
        """
        if sent is None or reading.quality == "clock":
            return False
        key = reading.sensor, reading.quantity
        newest = self._newest.get(key)
        if newest is not None and sent >= newest[1] - _SET_BACK and reading.taken_at < newest[0]:
            return True
        if newest is not None or len(self._newest) < _NEWEST:
            self._newest[key] = reading.taken_at, sent
        return False


def _name(station: AirStation | FireStation) -> str:
    return station.mn if isinstance(station, AirStation) else station.transmitter


def _measuring(ours: list[tuple[str, Sensor]], quantity: str) -> tuple[str, Sensor]:
    """The sensor of an air station that a quantity belongs to: by rule, else by kind, else the first."""
    for point, sensor in ours:
        if any(rule.quantity == quantity for rule in sensor.rules):
            return point, sensor
    for point, sensor in ours:
        names = FAMILIES.get(sensor.kind, ())
        if any(quantity == name or quantity.startswith(f"{name}_") for name in names):
            return point, sensor
    return ours[0]


def _nearest(ours: list[tuple[str, Sensor]], place: Place) -> tuple[tuple[str, Sensor] | None, bool]:
    """The sensor that stands for the least that holds `place`, and whether that is `place` itself."""
    holding = [(point, sensor) for point, sensor in ours if _holds(sensor.station, place)]
    if not holding:
        return None, False
    point, sensor = max(holding, key=lambda one: _depth(one[1].station))
    return (point, sensor), _depth(sensor.station) == _depth_of(place)


def _holds(station: AirStation | FireStation | None, place: Place) -> bool:
    """Whether `place` is, or lies in, what the sensor stands for."""
    return (
        isinstance(station, FireStation)
        and station.system in (None, place.system)
        and station.address in (None, place.address)
        and station.component in (None, place.component)
    )


def _within(station: AirStation | FireStation | None, place: Place) -> bool:
    """Whether what the sensor stands for has something of `place` in it."""
    return (
        isinstance(station, FireStation)
        and (place.system is None or station.system in (None, place.system))
        and (place.address is None or station.address in (None, place.address))
    )


def _depth(station: AirStation | FireStation | None) -> int:
    assert isinstance(station, FireStation)
    return 2 if station.component is not None else int(station.system is not None)


def _depth_of(place: Place) -> int:
    return 2 if place.component is not None else int(place.system is not None)


def _reading(
    point: str, sensor: Sensor, sample: Sample, sent: datetime | None, received_at: datetime
) -> Reading:
    quality: Quality
    taken = sample.taken_at or sent
    clock = sent or taken
    if taken is None or clock is None:
        taken, quality = received_at, "edge_time"
    elif abs(clock - received_at) > BELIEVED or not -OLDEST <= taken - received_at <= BELIEVED:
        taken, quality = received_at, "clock"
    else:
        quality = "good"
    if sample.quality != "good":
        quality = sample.quality
    if not possible(sample.quantity, sample.value):
        quality = "bad"
    return Reading(
        point=point,
        sensor=sensor.id,
        quantity=sample.quantity,
        value=sample.value,
        unit=sample.unit,
        taken_at=taken,
        received_at=received_at,
        boot=sample.boot,
        seq=sample.seq,
        quality=quality,
    )
