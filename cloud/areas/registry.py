"""The registry in memory: who stands where and what it is called. Frozen; read at start-up."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from cloud.areas import group_store, versions
from cloud.areas.groups import Directory
from cloud.database import schema
from devices.messages import Severity
from devices.site.joins import IncidentJoin
from devices.site.model import Area, EventClass, Names

SEVERITIES = tuple(Severity)
"""Rank -> severity; 0 is the worst."""
RANK = {severity: rank for rank, severity in enumerate(SEVERITIES)}


@dataclass(frozen=True, slots=True)
class Place:
    """A point as the registry knows it."""

    id: str
    name: Names
    node: str
    grid: str
    lon: float
    lat: float


@dataclass(frozen=True, slots=True)
class Device:
    """A camera or sensor at a point."""

    id: str
    kind: str
    point: str
    name: Names
    sensor_kind: str | None
    owner: str | None = None
    """Whose a camera is; None: the street's own."""
    purpose: str | None = None
    signage: bool | None = None
    watches: bool | None = None
    """A camera with rules: it watches a place, and is not only looked through."""


@dataclass(frozen=True, slots=True)
class Registry:
    """Everything that has a name. What the site file dropped stays known: old incidents keep theirs."""

    timezone: ZoneInfo = field(default_factory=lambda: ZoneInfo("UTC"))
    areas: Mapping[str, Area] = field(default_factory=dict)
    area_version: int | None = None
    """Of the tree of areas that is in force; None: there never was one."""
    classes: Mapping[str, EventClass] = field(default_factory=dict)
    nodes: Mapping[str, Names] = field(default_factory=dict)
    points: Mapping[str, Place] = field(default_factory=dict)
    devices: Mapping[str, Device] = field(default_factory=dict)
    active: frozenset[tuple[str, str]] = frozenset()
    """(table, id) of what the present site file names."""
    incident_joins: tuple[IncidentJoin, ...] = ()
    """Which alarms of several places are one incident."""
    directory: Directory = field(default_factory=Directory)
    """Joint-defence groups of the markets."""
    owners: Mapping[str, frozenset[str]] = field(default_factory=dict)
    """Id of a node, point, device, zone or place -> the nodes that may speak of it."""

    def grid_of(self, point: str) -> Area | None:
        """The grid that `point` lies in."""
        known = self.points.get(point)
        return self.areas.get(known.grid) if known else None

    def community_of(self, grid: Area | None) -> Area | None:
        """The community a grid belongs to."""
        return self.areas.get(grid.parent) if grid and grid.parent else None

    def node_of_device(self, device: str) -> str | None:
        """The node that owns a camera or sensor."""
        known = self.devices.get(device)
        place = self.points.get(known.point) if known else None
        return place.node if place else None


def named(identifier: str) -> Names:
    """The name of something the registry does not know: its id."""
    return Names(zh=identifier, en=identifier)


async def load_registry(connection: AsyncConnection) -> Registry:
    """Read the registry."""

    async def rows(table: Any) -> list[Any]:
        return list((await connection.execute(select(table).order_by(table.c.position))).mappings())

    areas, classes = await rows(schema.area), await rows(schema.event_class)
    nodes, points, devices = await rows(schema.node), await rows(schema.point), await rows(schema.device)
    places = (await connection.execute(select(schema.place))).mappings()
    head = (
        await connection.execute(select(schema.site.c.timezone, schema.site.c.incident_joins))
    ).one_or_none()
    tables = {"area": areas, "node": nodes, "point": points, "device": devices, "event_class": classes}
    return Registry(
        timezone=ZoneInfo(head.timezone if head else "UTC"),
        area_version=await versions.number_in_force(connection),
        areas={row["id"]: _part(Area, row) for row in areas},
        classes={row["code"]: _part(EventClass, row) for row in classes},
        nodes={row["id"]: Names(**row["name"]) for row in nodes},
        points={row["id"]: _named(Place, row) for row in points},
        devices={row["id"]: _named(Device, row) for row in devices},
        active=frozenset(
            (table, row["code"] if table == "event_class" else row["id"])
            for table, found in tables.items()
            for row in found
            if row["active"]
        ),
        incident_joins=tuple(IncidentJoin.model_validate(one) for one in head.incident_joins) if head else (),
        directory=await group_store.load(connection),
        owners=_owners(nodes, points, devices, list(places)),
    )


def _owners(
    nodes: Iterable[Any], points: Iterable[Any], devices: Iterable[Any], places: Iterable[Any]
) -> dict[str, frozenset[str]]:
    """All share one space of names, except that several nodes may share a place."""
    found: dict[str, set[str]] = defaultdict(set)
    of_point = {row["id"]: row["node"] for row in points}
    owned = [(row["id"], row["id"]) for row in nodes]
    owned += of_point.items()
    owned += [(row["id"], of_point[row["point"]]) for row in devices if row["point"] in of_point]
    owned += [(row["id"], row["node"]) for row in places]
    for name, node in owned:
        found[name].add(node)
    return {name: frozenset(those) for name, those in found.items()}


def _part(shape: Any, row: Mapping[str, Any]) -> Any:
    return shape(**{key: value for key, value in row.items() if key in shape.model_fields})


def _named(shape: Any, row: Mapping[str, Any]) -> Any:
    values = {key: value for key, value in row.items() if key in shape.__dataclass_fields__}
    return shape(**values | {"name": Names(**row["name"])})
