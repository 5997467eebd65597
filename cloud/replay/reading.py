"""Out of the logs: what stood when a time began, and what happened in it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import or_, select, tuple_
from sqlalchemy.ext.asyncio import AsyncConnection

from cloud.database.schema import incident, incident_event
from cloud.incidents.transitions import OPEN, State
from cloud.people.scope import Scope, visible
from cloud.replay.folding import Past, Stood, standings

_LINE = incident_event.c


@dataclass(frozen=True, slots=True)
class Place:
    """A place in the order of all lines: by time, then by case, then by version."""

    at: datetime
    incident_id: UUID
    version: int


async def standing(connection: AsyncConnection, scope: Scope, at: datetime) -> list[Stood]:
    """How each case in scope stood that was open just before `at`, in no order."""
    there = (
        incident.c.opened_at < at,
        or_(incident.c.closed_at.is_(None), incident.c.closed_at >= at),
        visible(scope),
    )
    mine = select(incident.c.id).where(*there)
    statement = select(incident_event).where(_LINE.incident_id.in_(mine), _LINE.at < at)
    logs = await _logs(connection, statement)
    found = ([*standings(key, log)][-1] for key, log in logs.items())
    return [one for one in found if one.state in OPEN]


async def lines(
    connection: AsyncConnection,
    scope: Scope,
    begin: datetime,
    end: datetime,
    after: Place | None,
    limit: int,
) -> Sequence[Any]:
    """Lines of cases in scope with `begin` <= their time < `end`, in order; those behind `after`."""
    order = (_LINE.at, _LINE.incident_id, _LINE.version)
    statement = (
        select(incident_event)
        .join(incident, incident.c.id == _LINE.incident_id)
        .where(_LINE.at >= begin, _LINE.at < end, visible(scope))
    )
    if after is not None:
        behind = tuple_(*order) > tuple_(after.at, after.incident_id, after.version)
        statement = statement.where(_LINE.at >= after.at, behind)
    return (await connection.execute(statement.order_by(*order).limit(limit))).all()


async def stood(connection: AsyncConnection, rows: Sequence[Any]) -> dict[tuple[UUID, int], Stood]:
    """How its case stood after each of these lines, by case and version."""
    last: dict[UUID, int] = {}
    for row in rows:
        last[row.incident_id] = max(row.version, last.get(row.incident_id, 0))
    if not last:
        return {}
    statement = select(incident_event).where(_LINE.incident_id.in_(last))
    logs = await _logs(connection, statement)
    return {
        (key, one.version): one
        for key, log in logs.items()
        for one in standings(key, [line for line in log if line.version <= last[key]])
    }


async def _logs(connection: AsyncConnection, statement: Any) -> dict[UUID, list[Past]]:
    ordered = statement.order_by(_LINE.incident_id, _LINE.version)
    found: dict[UUID, list[Past]] = defaultdict(list)
    for row in await connection.execute(ordered):
        found[row.incident_id].append(
            Past(
                row.version, row.at, row.action, row.actor_name, row.actor_kind == "user",
                State(row.from_state) if row.from_state else None, State(row.to_state), row.detail,
            )
        )  # fmt: skip
    return found


def ids_of(standing: Collection[Stood], rows: Sequence[Any]) -> set[UUID]:
    """The cases that these tell of."""
    return {one.incident_id for one in standing} | {row.incident_id for row in rows}
