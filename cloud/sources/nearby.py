"""Open cases near a report, out of the database, for `cloud.sources.duplicates`."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import func, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from cloud.areas.registry import Registry
from cloud.database.schema import incident
from cloud.incidents.transitions import OPEN
from cloud.people.scope import Scope, visible
from cloud.sources.duplicates import Candidate, Known, Spot, candidates
from cloud.sources.policy import SourcesPolicy
from cloud.sources.tables import report

_LOOKED_AT = 1000
"""Open cases of one family, newest first: more than a street ever has."""
_TOLD = select(func.min(report.c.happened_at)).where(report.c.incident_id == incident.c.id)
_BEGAN = func.least(incident.c.opened_at, _TOLD.correlate(incident).scalar_subquery())
"""Since when a case is known of: a sheet of the hotline may tell of yesterday's."""


async def near(
    connection: AsyncConnection,
    spot: Spot,
    scope: Scope,
    policy: SourcesPolicy,
    registry: Registry,
    but: UUID | None = None,
) -> list[Candidate]:
    """The open cases in scope that may be the same, nearest first; not the case `but`."""
    codes = policy.family(spot.event_class).classes
    column = incident.c.event_class
    family = or_(*(or_(column == code, column.startswith(f"{code}-", autoescape=True)) for code in codes))
    statement = (
        select(incident, _BEGAN.label("began"))
        .where(incident.c.state.in_(sorted(OPEN)), family, visible(scope))
        .order_by(incident.c.opened_at.desc())
        .limit(_LOOKED_AT)
    )
    rows = (await connection.execute(statement)).all()
    return candidates(spot, (_known(row, row.began, registry) for row in rows if row.id != but), policy)


async def near_case(
    connection: AsyncConnection, row: Any, scope: Scope, policy: SourcesPolicy, registry: Registry
) -> list[Candidate]:
    """The other open cases in scope that a case (a row of `incident`) may be the same as."""
    began = await connection.scalar(select(_BEGAN).where(incident.c.id == row.id))
    case = _known(row, began or row.opened_at, registry)
    spot = Spot(case.event_class, case.opened_at, case.position, case.grid)
    return await near(connection, spot, scope, policy, registry, row.id)


def _known(row: Any, began: datetime, registry: Registry) -> Known:
    position = (row.lon, row.lat) if row.lon is not None and row.lat is not None else None
    if position is None and row.point is not None and (point := registry.points.get(row.point)):
        position = (point.lon, point.lat)
    return Known(row.id, row.number, row.event_class, position, row.grid, began, row.updated_at)
