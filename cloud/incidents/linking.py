"""Two cases that are one: merged, marked as a duplicate, split again. People do it, and it can be undone.

Merged: what hangs on the case (alarms, reports) is worked on in the other one. Duplicate: it stays there.
Both leave the case `void`; `split` brings it back to the state it was in, with all that was moved.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Table, and_, func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from cloud.areas.registry import RANK
from cloud.database.schema import alarm, incident, incident_event
from cloud.errors import Problem
from cloud.escalation.policy import LEVELS, Level
from cloud.escalation.service import set_level
from cloud.incidents import seen, store
from cloud.incidents.asking import Request
from cloud.incidents.seen import Case, Line
from cloud.incidents.store import Actor
from cloud.incidents.transitions import OPEN
from cloud.sources.tables import report
from cloud.stream.outbox import emit
from devices.messages import Severity

ACTIONS = ("merge", "duplicate", "split")
MOVING: tuple[Table, ...] = (alarm, report)
"""What goes with its case: tables with `id` and `incident_id`."""
_COLUMN = {"merge": "merged_into", "duplicate": "duplicate_of"}
_SAID = {"merge": "merged", "duplicate": "duplicated", "split": "split_off"}
"""What the log of the other case calls it."""
Linked = tuple[Case, Mapping[str, Any], Mapping[str, Any]]


async def both(connection: AsyncConnection, incident_id: UUID, into: str | None) -> list[UUID]:
    """The case, and the one it shall be, or is, part of: both are locked for such a step."""
    if into is not None:
        return [incident_id, UUID(into)]
    statement = select(func.coalesce(incident.c.merged_into, incident.c.duplicate_of))
    leading = await connection.scalar(statement.where(incident.c.id == incident_id))
    return [incident_id] if leading is None else [incident_id, leading]


async def link(
    connection: AsyncConnection, case: Case, request: Request, actor: Actor, now: datetime
) -> Linked:
    """Do what belongs to the other case: the case as it is then, columns to set, what its line says.

    Raises:
        Problem: invalid, not_allowed.
    """
    if request.action == "split":
        return await _split(connection, case, actor, now)
    into = UUID(request.fields["into"])
    if into == case.id:
        fault = {"pointer": "/body/into", "detail": "must be another case"}
        raise Problem("invalid", "into: a case cannot be part of itself", errors=[fault])
    other = (await store.load_cases(connection, [into], []))[0][into]
    if other.state not in OPEN:
        raise Problem(
            "not_allowed", f"the other case is {other.state}: reopen it first, or take the other way"
        )
    moved = await _move(connection, case.id, into, None) if request.action == "merge" else {}
    detail = {"into": str(into), "moved": moved, "severity": other.severity}
    came = {"alarms": len(moved[alarm.name])} if moved.get(alarm.name) else {}
    lines = [_line(other, request.action, case.id, came)]
    taken = replace(other, version=other.version + 1)
    if request.action == "merge":
        taken = replace(taken, severity=min(other.severity, case.severity))
        if came:
            taken, more = seen.taken_up(taken, case.present)
            lines += more
    await _write(connection, taken, lines, actor, now)
    await _raise(connection, case.id, into, actor, now)
    return case, {_COLUMN[request.action]: into}, detail


async def _raise(
    connection: AsyncConnection, source: UUID, target: UUID, actor: Actor, now: datetime
) -> None:
    """What a level above had to finish it has to finish still, under another number."""
    levels = select(incident.c.id, incident.c.level).where(incident.c.id.in_([source, target]))
    found: dict[UUID, Level] = {row.id: row.level for row in await connection.execute(levels)}
    if LEVELS.index(found[source]) > LEVELS.index(found[target]):
        detail = {"from": found[target], "why": "the level of the case that became part of it"}
        await set_level(connection, target, found[source], detail, actor, now)


async def _split(connection: AsyncConnection, case: Case, actor: Actor, now: datetime) -> Linked:
    line = incident_event.c
    statement = (
        select(line.detail)
        .where(line.incident_id == case.id, line.action.in_(_COLUMN))
        .order_by(line.version.desc())
        .limit(1)
    )
    past = await connection.scalar(statement)
    assert past is not None, "a linked case has a line that says so"
    leading = UUID(past["into"])
    if len(await both(connection, leading, None)) > 1:
        raise Problem("not_allowed", "the other case is part of another one itself: split that first")
    await _move(connection, leading, case.id, past["moved"])
    other = (await store.load_cases(connection, [leading], []))[0][leading]
    lines = [_line(other, "split", case.id, {})]
    ranks = select(alarm.c.severity).where(alarm.c.incident_id == leading).distinct()
    left = [RANK[Severity(one)] for one in (await connection.scalars(ranks)).all()]
    taken = replace(other, version=other.version + 1, severity=min([past["severity"], *left]))
    taken, more = seen.look(taken)
    await _write(connection, taken, lines + more, actor, now)
    again = (await store.load_cases(connection, [case.id], []))[0][case.id]
    return again, {"merged_into": None, "duplicate_of": None}, {"from": str(leading)}


async def _move(
    connection: AsyncConnection, source: UUID, target: UUID, which: Mapping[str, list[str]] | None
) -> dict[str, list[str]]:
    """Hang all, or those, of one case on another; the ids of what was moved, by table."""
    moved: dict[str, list[str]] = {}
    for table in MOVING:
        mine = table.c.incident_id == source
        if which is not None:
            mine = and_(mine, table.c.id.in_([UUID(one) for one in which.get(table.name, ())]))
        values = {"incident_id": target, "version": table.c.version + 1}
        statement = update(table).where(mine).values(values).returning(table.c.id)
        moved[table.name] = sorted(str(one) for one in (await connection.scalars(statement)).all())
    await emit(connection, [("alarm", one) for one in moved[alarm.name]])
    return {name: ids for name, ids in moved.items() if ids}


def _line(other: Case, action: str, case: UUID, more: Mapping[str, Any]) -> Line:
    detail = {"case": str(case), **more}
    return Line(other.version + 1, _SAID[action], other.state, other.state, "note", detail=detail)


async def _write(
    connection: AsyncConnection, case: Case, lines: list[Line], actor: Actor, now: datetime
) -> None:
    values = {
        "state": case.state, "version": case.version, "severity": case.severity,
        "seen_gone_at": case.seen_gone_at, "updated_at": now,
    }  # fmt: skip
    await connection.execute(update(incident).where(incident.c.id == case.id).values(values))
    await store.write_lines(connection, [(case.id, line) for line in lines], actor, now)
    await emit(connection, [("incident", str(case.id))])
