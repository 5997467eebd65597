"""`/points`, `/event-classes`, `/nodes`: what stands where, and how it is."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from fastapi import APIRouter
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from cloud.areas.models import (
    CameraState,
    EventClassOut,
    LedgerLine,
    NodeOut,
    PointCollection,
    PointFeature,
    PointGeometry,
    PointProperties,
    SensorState,
    Status,
)
from cloud.areas.registry import SEVERITIES, Registry
from cloud.context import Context, InContext
from cloud.database.schema import device_health, incident
from cloud.database.schema import node as node_table
from cloud.incidents.transitions import OPEN
from cloud.ingest import ledger
from cloud.ingest.balance import Entry, balances
from cloud.people.identity import InScope, Viewer
from cloud.people.scope import visible
from cloud.problems import problems
from devices.messages import DeviceStatus

router = APIRouter(tags=["registry"], responses=problems("unauthenticated"))


@router.get("/event-classes", operation_id="listEventClasses", summary="Event classes")
async def list_classes(context: InContext, _: Viewer) -> list[EventClassOut]:
    """The coded classes, in the site file's order."""
    registry = context.registry
    return [
        EventClassOut.model_validate(one, from_attributes=True)
        for one in registry.classes.values()
        if ("event_class", one.code) in registry.active
    ]


@router.get("/points", operation_id="listPoints", summary="Monitored points with their devices, as GeoJSON")
async def list_points(context: InContext, scope: InScope) -> PointCollection:
    """Every point, how its devices are, and what is open there, as far as it is in scope."""
    registry = context.registry
    async with context.engine.connect() as connection:
        statuses = await device_statuses(connection, context)
        open_there = {
            row.point: row
            for row in await connection.execute(
                select(
                    incident.c.point, func.count().label("n"), func.min(incident.c.severity).label("worst")
                )
                .where(incident.c.state.in_(sorted(OPEN)), visible(scope))
                .group_by(incident.c.point)
            )
        }
    cameras, sensors = _devices(registry, statuses)
    features = []
    for place in registry.points.values():
        if ("point", place.id) not in registry.active:
            continue
        there = open_there.get(place.id)
        properties = PointProperties(
            id=place.id,
            name=place.name,
            grid=place.grid,
            node=place.node,
            cameras=cameras[place.id],
            sensors=sensors[place.id],
            open_incidents=there.n if there else 0,
            worst=SEVERITIES[there.worst] if there else None,
        )
        geometry = PointGeometry(coordinates=(place.lon, place.lat))
        features.append(PointFeature(id=place.id, geometry=geometry, properties=properties))
    return PointCollection(features=features)


@router.get("/nodes", operation_id="listNodes", summary="Edge nodes and their ledgers")
async def list_nodes(context: InContext, _: Viewer) -> list[NodeOut]:
    """Every node: heard of when, what came, what is missing."""
    registry = context.registry
    async with context.engine.connect() as connection:
        statuses = await device_statuses(connection, context)
        ledgers = _by_node(await ledger.read(connection))
        seen = await _last_seen(connection)
    found = []
    for name, names in registry.nodes.items():
        if ("node", name) not in registry.active:
            continue
        cameras = [
            statuses[device.id]
            for device in registry.devices.values()
            if device.kind == "camera"
            and ("device", device.id) in registry.active
            and registry.node_of_device(device.id) == name
        ]
        lines = ledgers.get(name, {})
        found.append(
            NodeOut(
                id=name,
                name=names,
                status=statuses[name],
                last_seen_at=seen.get(name),
                ledger=lines,
                cameras_up=cameras.count(DeviceStatus.UP),
                cameras_total=len(cameras),
            )
        )
    return found


def _by_node(entries: Iterable[Entry]) -> dict[str, dict[str, LedgerLine]]:
    """Node -> series -> the sums over all its store files."""
    sums: dict[str, dict[str, Counter[str]]] = defaultdict(lambda: defaultdict(Counter))
    for entry, found in balances(entries):
        sums[entry.node][entry.series].update(
            {name: getattr(found, name) for name in LedgerLine.model_fields}
        )
    return {
        node: {series: LedgerLine(**line) for series, line in lines.items()} for node, lines in sums.items()
    }


async def device_statuses(connection: AsyncConnection, context: Context) -> Mapping[str, Status]:
    """Device or node id -> status as of now."""
    reports = {
        (row.node, row.device): DeviceStatus(row.status)
        for row in await connection.execute(
            select(device_health.c.node, device_health.c.device, device_health.c.status)
        )
    }
    seen = await _last_seen(connection)
    silent_before = context.now() - context.settings.node_silent_after
    found: dict[str, Status] = defaultdict(lambda: "unknown")
    for (node, device), status in reports.items():
        if is_heard(seen.get(node), silent_before):
            found[device] = status
    for node, at in seen.items():
        if is_heard(at, silent_before):
            found.setdefault(node, DeviceStatus.UP)
        else:
            found[node] = "unknown" if at is None else DeviceStatus.UNREACHABLE
    return found


def is_heard(seen_at: datetime | None, silent_before: datetime) -> bool:
    """Whether a node was heard of lately."""
    return seen_at is not None and seen_at >= silent_before


async def _last_seen(connection: AsyncConnection) -> dict[str, Any]:
    rows = await connection.execute(select(node_table.c.id, node_table.c.last_seen_at))
    return {row.id: row.last_seen_at for row in rows}


def _devices(
    registry: Registry, statuses: Mapping[str, Status]
) -> tuple[Mapping[str, list[CameraState]], Mapping[str, list[SensorState]]]:
    cameras: dict[str, list[CameraState]] = defaultdict(list)
    sensors: dict[str, list[SensorState]] = defaultdict(list)
    for device in registry.devices.values():
        if ("device", device.id) not in registry.active:
            continue
        status = statuses[device.id]
        if device.kind == "camera":
            cameras[device.point].append(CameraState(id=device.id, name=device.name, status=status))
        else:
            kind = device.sensor_kind or ""
            sensors[device.point].append(
                SensorState(id=device.id, name=device.name, status=status, kind=kind)
            )
    return cameras, sensors
