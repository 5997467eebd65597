"""What a shift hands over: the cases that are open, what is shelved, and which walls were silent."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from cloud.alarms.tables import alarm_shelf
from cloud.areas.registry import SEVERITIES
from cloud.database.schema import incident
from cloud.duty import mutes
from cloud.duty.models import Mute
from cloud.incidents.transitions import OPEN
from cloud.people.scope import Scope, visible

MOST = 500
"""Cases that are listed by name, the worst first; `open_count` counts all."""


async def lists(connection: AsyncConnection, scope: Scope, now: datetime, since: datetime) -> dict[str, Any]:
    """As JSON, of the form of `cloud.duty.models.Lists`; cases in `scope`, silence since then."""
    mine = (incident.c.state.in_(sorted(OPEN)), visible(scope))
    count = await connection.scalar(select(func.count()).select_from(incident).where(*mine))
    columns = incident.c
    cases = select(
        columns.id, columns.number, columns.state, columns.severity, columns.event_class, columns.opened_at
    )
    worst = cases.where(*mine).order_by(columns.severity, columns.opened_at.desc()).limit(MOST)
    shelf = alarm_shelf.c
    shelves = select(alarm_shelf).where(shelf.ended_at.is_(None), shelf.until > now).order_by(shelf.until)
    return {
        "open_count": count,
        "open": [
            {
                "id": str(row.id), "number": row.number, "state": row.state,
                "severity": SEVERITIES[row.severity], "event_class": row.event_class,
                "opened_at": row.opened_at.isoformat(),
            }
            for row in await connection.execute(worst)
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
    }  # fmt: skip
