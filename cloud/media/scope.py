"""Who may see a photo or clip: whoever may see something that it belongs to."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sqlalchemy import Select, literal, select, union_all
from sqlalchemy.ext.asyncio import AsyncConnection

from cloud.alarms.scope import visible_alarm
from cloud.areas.registry import Registry
from cloud.database.schema import alarm, command, evidence, incident, incident_event
from cloud.people.person import Person
from cloud.people.scope import Scope, visible
from cloud.sources.tables import photo_upload, report


async def may_see(
    connection: AsyncConnection, sha256: str, who: Person, scope: Scope, registry: Registry
) -> bool:
    """Whether something in scope refers to it; whoever sees the whole street sees all that is kept."""
    if scope.areas is None:
        return True
    found = union_all(*_referring(sha256, who, scope, registry)).limit(1)
    return await connection.scalar(found) is not None


def _referring(sha256: str, who: Person, scope: Scope, registry: Registry) -> Iterator[Select[Any]]:
    one = select(literal(1))
    yield (
        one.select_from(evidence)
        .join(alarm, alarm.c.id == evidence.c.condition_id)
        .where(evidence.c.sha256 == sha256, visible_alarm(scope, registry))
    )
    yield (
        one.select_from(incident_event)
        .join(incident, incident.c.id == incident_event.c.incident_id)
        .where(incident_event.c.detail["photos"].contains([sha256]), visible(scope))
    )
    mine = sorted(scope.areas or ())
    yield one.select_from(report).where(
        report.c.photos.contains([sha256]), report.c.grid.in_(mine) | report.c.community.in_(mine)
    )
    cameras = sorted(one.id for one in registry.devices.values() if scope.holds_point(one.point, registry))
    yield one.select_from(command).where(
        command.c.answer["sha256"].astext == sha256, command.c.body["camera"].astext.in_(cameras)
    )
    yield one.select_from(photo_upload).where(
        photo_upload.c.sha256 == sha256, photo_upload.c.sender == f"person:{who.id}"
    )
