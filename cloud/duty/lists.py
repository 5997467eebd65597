"""What a shift hands over: open cases and which are late, calls that wait, what is shelved, silent walls."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from cloud.alarms.tables import alarm_shelf
from cloud.areas.registry import SEVERITIES
from cloud.database.schema import incident
from cloud.deadlines import views as deadlines
from cloud.deadlines.running import Light
from cloud.deadlines.steps import Rules
from cloud.duty import mutes
from cloud.duty.models import Mute, WaitingCall
from cloud.incidents.transitions import OPEN
from cloud.people.scope import Scope, visible
from cloud.whistles import views as whistles
from cloud.whistles.calls import CallState

MOST = 500
"""Cases that are listed by name, the worst first; `open_count` counts all."""


async def lists(
    connection: AsyncConnection, scope: Scope, rules: Rules | None, now: datetime, since: datetime
) -> dict[str, Any]:
    """As JSON, of the form of `cloud.duty.models.Lists`; cases in `scope`, silence since then."""
    mine = (incident.c.state.in_(sorted(OPEN)), visible(scope))
    count = await connection.scalar(select(func.count()).select_from(incident).where(*mine))
    columns = incident.c
    cases = select(
        columns.id, columns.number, columns.state, columns.severity, columns.event_class, columns.opened_at,
        columns.point, columns.grid, columns.handler, columns.organisation,
    )  # fmt: skip
    worst = cases.where(*mine).order_by(columns.severity, columns.opened_at.desc()).limit(MOST)
    rows = (await connection.execute(worst)).all()
    late = await _late(connection, [row.id for row in rows], scope, rules, now)
    shelf = alarm_shelf.c
    shelves = select(alarm_shelf).where(shelf.ended_at.is_(None), shelf.until > now).order_by(shelf.until)
    return {
        "open_count": count,
        "open": [
            {
                "id": str(row.id), "number": row.number, "state": row.state,
                "severity": SEVERITIES[row.severity], "event_class": row.event_class,
                "opened_at": row.opened_at.isoformat(), "point": row.point, "grid": row.grid,
                "handler": row.handler, "organisation": row.organisation, "late": row.id in late,
            }
            for row in rows
        ],
        "shelved": [
            {
                "place": row.place, "event_class": row.event_class, "until": row.until.isoformat(),
                "by": row.shelved_by, "reason": row.reason,
            }
            for row in await connection.execute(shelves)
        ],
        "muted": [
            Mute.model_validate(one).model_dump(mode="json") for one in await mutes.since(connection, since)
        ],
        "calls": await _calls(connection, scope, now),
    }  # fmt: skip


async def _late(
    connection: AsyncConnection, ids: Collection[UUID], scope: Scope, rules: Rules | None, now: datetime
) -> set[UUID]:
    """Those with a clock that runs and is red."""
    found = await deadlines.clocks(connection, rules, ids, scope, now)
    return {
        one.incident_id
        for one in found
        if any(step.running and step.light is Light.RED for step in one.steps)
    }


async def _calls(connection: AsyncConnection, scope: Scope, now: datetime) -> list[dict[str, Any]]:
    waiting = (await whistles.open_calls(connection, scope, now)).items
    named = select(incident.c.id, incident.c.number).where(
        incident.c.id.in_({one.incident_id for one in waiting})
    )
    numbers = {row.id: row.number for row in await connection.execute(named)}
    found = []
    for one in waiting:
        there = one.state is CallState.CHECKED_IN
        clock = one.report if there else one.check_in
        call = WaitingCall(
            incident_id=one.incident_id,
            number=numbers[one.incident_id],
            organisation=one.organisation,
            checked_in=there,
            called_at=one.called_at,
            due_at=clock.due_at,
            late=clock.late,
        )
        found.append(call.model_dump(mode="json"))
    return found
