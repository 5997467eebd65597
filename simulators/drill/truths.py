"""What is true in the drill's street: what is past a limit or left standing, from when to when. Pure."""

from __future__ import annotations

import random
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from devices.sensors.quantities import KINDS, QUANTITIES
from devices.site.model import Camera, Sensor, Site, ThresholdRule
from simulators.errors import SimulatorsError
from simulators.sensors.scenario import Happening

SENSORS_OF_A_NODE = 6
SENSOR_KINDS = ("water_level", "smoke", "manhole", "leakage", "sos", "parking")
PERIOD = 4.0
"""Seconds between the reports of a quiet sensor: a quarter of a pause, so that an end is seen in it."""
HOLDS = (0.0, 3.0)
"""Seconds that a sensor's rule waits, in turns."""
CLEAR_HOLD = 3.0
SENSOR_STAYS, SENSOR_PAUSES = (20.0, 32.0), (20.0, 28.0)
"""Longer than a fault and the way back: what a broker that is killed had queued is lost by design."""
DWELL = 12.0
BIKE_STAYS, BIKE_PAUSES = (52.0, 64.0), (40.0, 50.0)
FIRST = 6.0
"""Seconds until the first begins; less in a drill of less than a minute."""
LAST = 4.0
"""Nothing begins later than so many seconds before the end, and a truth may go on beyond it."""
HOSTS = ("P05", "P12", "P18", "P24")
"""Points of the shipped street whose cameras have a bicycle to be left before them, one a node."""


@dataclass(frozen=True, slots=True)
class Truth:
    """One thing that is so, at one place, for a time; seconds since the drill's second 0."""

    point: str
    event_class: str
    place: str
    node: str
    device: str
    camera: bool
    begin: float
    end: float
    wait: float
    """Seconds of the rule (hold, dwell): it is due at the stream at `begin + wait`."""

    @property
    def due(self) -> float:
        """When it should be known."""
        return self.begin + self.wait


def street(shipped: Site, nodes: int, cameras: int) -> Site:
    """The drill's site: `nodes` nodes with one point and six sensors each, the first `cameras` with a camera.

    Classes, areas and rules are the shipped site's; waits are short.

    Raises:
        SimulatorsError: the shipped site lacks what is wanted.
    """
    if not 1 <= nodes <= len(HOSTS) or not 0 <= cameras <= nodes:
        raise SimulatorsError(f"nodes: 1 to {len(HOSTS)}, with a camera each or none")
    points = {point.id: point for point in shipped.points}
    models: dict[str, Sensor] = {}
    for point in shipped.points:
        for sensor in point.sensors:
            if sensor.rules and isinstance(rule := sensor.rules[0], ThresholdRule) and rule.above is not None:
                models.setdefault(sensor.kind, sensor)
    missing = [one for one in SENSOR_KINDS if one not in models] + [one for one in HOSTS if one not in points]
    if missing:
        raise SimulatorsError(f"the site has no {', '.join(missing)}; use the shipped street's")
    kept = []
    for number, name in enumerate(HOSTS[:nodes]):
        node = f"n{number + 1}"
        sensors = tuple(
            _sensor(models[SENSOR_KINDS[at % len(SENSOR_KINDS)]], f"{name}-D{at + 1}", HOLDS[at % len(HOLDS)])
            for at in range(SENSORS_OF_A_NODE)
        )
        seen = tuple(_camera(one) for one in points[name].cameras[:1]) if number < cameras else ()
        kept.append(points[name].model_copy(update={"node": node, "sensors": sensors, "cameras": seen}))
    named = [node.model_copy(update={"id": f"n{n + 1}"}) for n, node in enumerate(shipped.nodes[:nodes])]
    quota = [node.model_copy(update={"disk_quota": 0.0625}) for node in named]
    return shipped.model_copy(update={"points": tuple(kept), "nodes": tuple(quota)})


def _sensor(model: Sensor, name: str, hold: float) -> Sensor:
    rule = model.rules[0].model_copy(update={"hold": hold, "clear_hold": CLEAR_HOLD})
    plain = {"decoder": "gridwatch", "device": None, "topic": None, "mapping": None}
    return model.model_copy(update={"id": name, "place": None, "period": PERIOD, "rules": (rule,), **plain})


def _camera(model: Camera) -> Camera:
    zone = model.zones[0]
    rule = zone.rules[0].model_copy(update={"dwell": DWELL})
    zones = (zone.model_copy(update={"rules": (rule,), "place": None}),)
    return model.model_copy(update={"zones": zones, "events": False})


Windows = Sequence[tuple[float, float]]
"""Times at which something is broken."""


def truths(
    site: Site, seed: int, seconds: float, broken: Mapping[tuple[str, bool], Windows] | None = None
) -> list[Truth]:
    """All truths of a drill of so many seconds, in order of time.

    `broken`: of (node, whether for its cameras), when something on the way is broken: half of the beginnings
    and ends are drawn into it where the truth's length allows.
    """
    found: list[Truth] = []
    faults = broken or {}
    for point in site.points:
        for sensor in point.sensors:
            chance = random.Random(f"{seed}/{sensor.id}")
            rule, place = _rule(sensor), sensor.place or sensor.id
            times = _times(chance, SENSOR_STAYS, SENSOR_PAUSES, seconds, faults.get((point.node, False), ()))
            found += [
                Truth(point.id, rule.event_class, place, point.node, sensor.id, False, *time, rule.hold)
                for time in times
            ]
        for camera in point.cameras:
            chance = random.Random(f"{seed}/{camera.id}")
            zone = camera.zones[0]
            code, place = zone.rules[0].event_class, zone.place or zone.id
            times = _times(chance, BIKE_STAYS, BIKE_PAUSES, seconds, faults.get((point.node, True), ()))
            found += [
                Truth(point.id, code, place, point.node, camera.id, True, *time, DWELL) for time in times
            ]
    return sorted(found, key=lambda truth: truth.begin)


def _times(
    chance: random.Random,
    stays: tuple[float, float],
    pauses: tuple[float, float],
    seconds: float,
    broken: Windows,
) -> list[tuple[float, float]]:
    times = []
    begin = min(FIRST, seconds / 10) + chance.uniform(0, min(pauses[0], seconds / 3))
    while begin < seconds - LAST:
        end = _drawn(chance, begin + stays[0], begin + stays[1], broken)
        times.append((round(begin, 2), round(end, 2)))
        begin = _drawn(chance, end + pauses[0], end + pauses[1], broken)
    return times


def _drawn(chance: random.Random, low: float, high: float, broken: Windows) -> float:
    """A time between the two; half of the time one at which something is broken, if there is one."""
    there = [(max(low, one), min(high, other)) for one, other in broken if one < high and other > low]
    if there and chance.random() < 0.5:
        return chance.uniform(*chance.choice(there))
    return chance.uniform(low, high)


def happenings(site: Site, told: Iterable[Truth]) -> tuple[Happening, ...]:
    """The sensors' part of it, as the simulated sensors play it."""
    sensors = {sensor.id: sensor for point in site.points for sensor in point.sensors}
    return tuple(
        Happening(
            truth.device, quantity, truth.begin, truth.end - truth.begin, _past(sensors[truth.device])
        )
        for truth in told
        if not truth.camera
        for quantity in KINDS[sensors[truth.device].kind][:1]
    )  # fmt: skip


def _rule(sensor: Sensor) -> ThresholdRule:
    rule = sensor.rules[0]
    assert isinstance(rule, ThresholdRule)
    return rule


def _past(sensor: Sensor) -> float:
    """A value clearly past the sensor's limit."""
    rule = _rule(sensor)
    assert rule.above is not None
    highest = QUANTITIES[rule.quantity].highest
    return highest if highest == 1 else min(highest, 1.5 * rule.above)
