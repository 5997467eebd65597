"""The site file into the registry's tables: all in it by id; what it no longer names is kept, inactive."""

from __future__ import annotations

import hashlib
import logging
from datetime import datetime
from typing import Any

from sqlalchemy import delete, select, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from cloud.areas import versions
from cloud.areas.limits import limits_of
from cloud.assets.laying import layer_of, relay
from cloud.database import schema
from cloud.errors import SettingsError
from cloud.incidents.store import Actor
from devices.site.model import Site

log = logging.getLogger(__name__)
_LOCK = 0x6772_6964_7369_7465
"""Key of the advisory lock that lets one process import at a time ("gridsite")."""


async def lock(connection: AsyncConnection) -> None:
    """Keep other sites away until the transaction ends."""
    await connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})


GRIDWATCH = Actor("system", "gridwatch")


async def import_site(connection: AsyncConnection, site: Site, now: datetime, who: Actor = GRIDWATCH) -> bool:
    """Take `site` over, which `who` brought; False when it is the one already there.

    Other areas than those in force are a new version of the tree.

    Raises:
        SettingsError: the database holds a newer version.
    """
    await lock(connection)
    digest = hashlib.sha256(site.model_dump_json().encode()).hexdigest()
    stood = (await connection.execute(select(schema.site.c.version, schema.site.c.digest))).one_or_none()
    if stood is not None:
        if stood.digest == digest:
            return False
        if site.version < stood.version:
            raise SettingsError(
                f"version: the site file is version {site.version}, the cloud already has {stood.version}; "
                f"take the newer file, or raise its version above {stood.version}"
            )
        if site.version == stood.version and stood.digest:
            log.warning("the site file changed but is still version %d; raise its version", site.version)
    for table, rows in _rows(site).items():
        await _replace(connection, table, rows)
    await connection.execute(delete(schema.place))
    if places := _places(site):
        await connection.execute(insert(schema.place), places)
    head = {
        "single": True, "version": site.version, "digest": digest, "name": site.name.model_dump(),
        "timezone": site.timezone, "imported_at": now,
        "incident_joins": [join.model_dump(mode="json") for join in site.incident_joins],
    }  # fmt: skip
    statement = insert(schema.site)
    await connection.execute(
        statement.on_conflict_do_update(
            index_elements=["single"], set_={name: statement.excluded[name] for name in head}
        ),
        head,
    )
    version = await versions.keep(connection, site.areas, site.version, who, now)
    if version is not None:
        await relay(connection, layer_of(version, site.areas), who, now)
    log.info("took over version %d of the site: %d points", site.version, len(site.points))
    if silent := _unsaid(site):
        log.warning("cameras that watch without a purpose or a sign: %s", ", ".join(silent))
    return True


def _unsaid(site: Site) -> list[str]:
    """Cameras with rules of which the site file does not say why they watch, or that a sign says so."""
    cameras = (camera for point in site.points for camera in point.cameras)
    return [
        one.id
        for one in cameras
        if any(zone.rules for zone in one.zones) and not (one.purpose and one.signage)
    ]


def _rows(site: Site) -> dict[Any, list[dict[str, Any]]]:
    devices: list[dict[str, Any]] = []
    for point in site.points:
        devices += [
            {
                "id": camera.id,
                "kind": "camera",
                "point": point.id,
                "name": camera.name.model_dump(),
                "sensor_kind": None,
                "limits": [],
                "owner": camera.owner or None,
                "purpose": camera.purpose or None,
                "signage": camera.signage,
                "watches": any(zone.rules for zone in camera.zones),
            }
            for camera in point.cameras
        ]
        devices += [
            {
                "id": s.id,
                "kind": "sensor",
                "point": point.id,
                "name": s.name.model_dump(),
                "sensor_kind": s.kind,
                "limits": limits_of(s),
                "owner": None,
                "purpose": None,
                "signage": None,
                "watches": None,
            }
            for s in point.sensors
        ]
    points = [
        {
            "id": point.id, "name": point.name.model_dump(), "node": point.node, "grid": point.grid,
            "lon": point.position.lon, "lat": point.position.lat,
        }
        for point in site.points
    ]  # fmt: skip
    return {
        schema.area: [area.model_dump(mode="json") for area in site.areas],
        schema.event_class: [event_class.model_dump(mode="json") for event_class in site.event_classes],
        schema.node: [{"id": node.id, "name": node.name.model_dump()} for node in site.nodes],
        schema.point: points,
        schema.device: devices,
    }


def _places(site: Site) -> list[dict[str, Any]]:
    """Zones, and places by their own name, with each node that watches them."""
    found: set[tuple[str, str]] = set()
    for point in site.points:
        zones = [zone for camera in point.cameras for zone in camera.zones]
        names = {zone.id for zone in zones} | {zone.place for zone in zones}
        names |= {sensor.place for sensor in point.sensors} | {join.place for join in point.joins}
        names |= {join.id for join in point.joins}
        found |= {(name, point.node) for name in names if name is not None}
    return [{"id": name, "node": node} for name, node in sorted(found)]


async def _replace(connection: AsyncConnection, table: Any, rows: list[dict[str, Any]]) -> None:
    await connection.execute(update(table).values(active=False))
    if not rows:
        return
    key = next(iter(table.primary_key)).name
    statement = insert(table)
    given = [*rows[0], "position", "active"]
    statement = statement.on_conflict_do_update(
        index_elements=[key], set_={name: statement.excluded[name] for name in given if name != key}
    )
    await connection.execute(
        statement, [row | {"position": position, "active": True} for position, row in enumerate(rows)]
    )
