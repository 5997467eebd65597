"""What a new site changes for a node that runs. Pure: two sites in, names out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields

from devices.site.model import Camera, Point, Sensor, Site
from devices.site.stations import Listener
from edge.judge.panel import posts_of
from edge.node.removed import key_of, level_key

ABOUT_PICTURES = {"zones", "health", "name", "owner", "purpose", "signage"}
"""Fields of a camera that its connection does not depend on."""


@dataclass(frozen=True, slots=True)
class Changes:
    """Ids, in the new file's order; of a rule the key under which its state is kept."""

    cameras_added: tuple[str, ...] = ()
    cameras_removed: tuple[str, ...] = ()
    cameras_changed: tuple[str, ...] = ()
    """They are connected anew."""
    sensors_added: tuple[str, ...] = ()
    sensors_removed: tuple[str, ...] = ()
    sensors_changed: tuple[str, ...] = ()
    rules_added: tuple[str, ...] = ()
    rules_removed: tuple[str, ...] = ()
    rules_changed: tuple[str, ...] = ()
    node_changed: tuple[str, ...] = ()
    """What concerns the whole node: `broker`, `uplink`, `timezone`, `cpu_budget`, `stations`,
    `health_classes`, `sensor_classes`, `calendar`."""

    def __bool__(self) -> bool:
        """Whether there are any."""
        return any(getattr(self, one.name) for one in fields(self))

    def told(self) -> dict[str, list[str]]:
        """Those that there are, for an answer and a log."""
        named = {one.name: list(getattr(self, one.name)) for one in fields(self)}
        return {name: value for name, value in named.items() if value}


def changes(old: Site, new: Site, node: str) -> Changes:
    """What `new` changes for `node` that runs `old`."""
    before, after = list(old.points_of(node)), list(new.points_of(node))
    cameras = _compared(_connections(before), _connections(after))
    sensors = _compared(_sensors(before), _sensors(after))
    rules = _compared(_rules(before), _rules(after))
    told = (
        ("broker", old.broker != new.broker),
        ("uplink", old.uplink != new.uplink),
        ("timezone", old.timezone != new.timezone),
        ("cpu_budget", _budget(old, node) != _budget(new, node)),
        ("stations", _stations(old, node) != _stations(new, node)),
        ("health_classes", old.health_classes != new.health_classes),
        ("sensor_classes", old.sensor_classes != new.sensor_classes),
        ("calendar", old.calendar != new.calendar),
    )
    return Changes(*cameras, *sensors, *rules, tuple(name for name, other in told if other))


def connection_of(camera: Camera) -> dict[str, object]:
    """What its connection depends on."""
    return {name: value for name, value in camera if name not in ABOUT_PICTURES}


Lists = tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...]]


def _compared(before: Mapping[str, object], after: Mapping[str, object]) -> Lists:
    """Added, removed and changed."""
    added = tuple(key for key in after if key not in before)
    removed = tuple(key for key in before if key not in after)
    return added, removed, tuple(key for key in after if key in before and before[key] != after[key])


def _connections(points: Iterable[Point]) -> dict[str, object]:
    return {camera.id: connection_of(camera) for point in points for camera in point.cameras}


def _sensors(points: Iterable[Point]) -> dict[str, object]:
    return {sensor.id: _described(point, sensor) for point in points for sensor in point.sensors}


def _described(point: Point, sensor: Sensor) -> object:
    how = sensor.decoder, sensor.device, sensor.topic, sensor.mapping, sensor.station
    itself = sensor.health, sensor.parent, sensor.works
    return point.id, sensor.kind, sensor.place, sensor.period, how, itself


def _rules(points: Iterable[Point]) -> dict[str, object]:
    found: dict[str, object] = {}
    for point in points:
        found |= {join.id: (point.id, join) for join in point.joins}
        for camera in point.cameras:
            for post in posts_of(camera.zones):
                found[key_of(camera, post)] = (point.id, post.zone.polygon, post.zone.place, post.rule)
            found[f"{camera.id}|health"] = (point.id, camera.health)
        for sensor in point.sensors:
            found |= {level_key(sensor, rule): (point.id, rule) for rule in sensor.rules}
    return found


def _budget(site: Site, node: str) -> float | None:
    return next((one.cpu_budget for one in site.nodes if one.id == node), None)


def _stations(site: Site, node: str) -> tuple[Listener, ...]:
    return next((one.stations for one in site.nodes if one.id == node), ())
