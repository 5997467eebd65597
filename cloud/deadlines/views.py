"""Clocks and lists of the uncleared, out of logs and of what fired."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from cloud.alarms.models import class_ref
from cloud.areas.registry import Registry
from cloud.database.schema import deadline_event, incident
from cloud.deadlines.clearing import Clearing, last_day
from cloud.deadlines.models import ClearingEnd, Clocks, Durations, StepClock, Uncleared, UnclearedList
from cloud.deadlines.planner import logs_of
from cloud.deadlines.steps import Line, Rules, clearing_end, durations_of, since_opened, standings
from cloud.deadlines.worktime import DAY, midnight
from cloud.incidents.transitions import State
from cloud.people.scope import Scope, visible


async def clocks(
    connection: AsyncConnection, rules: Rules | None, ids: Collection[UUID], scope: Scope, now: datetime
) -> list[Clocks]:
    """The clocks of these incidents, in the order asked for; what is not there or in scope is left out."""
    statement = select(incident.c.id, incident.c.event_class).where(incident.c.id.in_(ids), visible(scope))
    classes = {row.id: row.event_class for row in (await connection.execute(statement)).all()}
    logs = await logs_of(connection, list(classes))
    return [_clocks(rules, one, classes[one], logs[one], now) for one in dict.fromkeys(ids) if one in classes]


def _clocks(
    rules: Rules | None, incident_id: UUID, event_class: str, log: list[Line], now: datetime
) -> Clocks:
    found = durations_of(log)
    ends_at = clearing = None
    steps: list[StepClock] = []
    if rules is not None:
        terms = rules.policy.terms(event_class)
        clearing, ends_at = terms.clearing, clearing_end(rules, terms, since_opened(log))
        steps = [
            StepClock(
                step=one.step,
                limit=str(one.limit),
                limit_s=one.time.total_seconds(),
                used_s=one.used.total_seconds(),
                light=one.light,
                running=one.running,
                due_at=one.due,
            )
            for one in standings(rules, event_class, log, now)
        ]
    return Clocks(
        incident_id=incident_id,
        at=now,
        steps=steps,
        clearing=ClearingEnd(clearing=clearing, ends_at=ends_at) if clearing and ends_at else None,
        durations=Durations(
            to_know_s=found.to_know,
            to_resolve_s=found.to_resolve,
            to_answer_s=found.to_answer,
            total_s=found.total,
        ),
    )


async def uncleared(
    connection: AsyncConnection, rules: Rules, registry: Registry, scope: Scope, clearing: Clearing, day: date
) -> UnclearedList:
    """What of the scope was open at the end of the day, week or month in which `day` lies."""
    last = last_day(clearing, day, rules.work.calendar.works)
    ended_at = midnight(last + DAY, rules.work.zone)
    statement = (
        select(
            incident.c.id, incident.c.number, incident.c.event_class, incident.c.opened_at,
            incident.c.state, incident.c.closed_at,
        )
        .join(deadline_event, deadline_event.c.incident_id == incident.c.id)
        .where(
            deadline_event.c.kind == "clearing",
            deadline_event.c.due_at == ended_at,
            deadline_event.c.detail["clearing"].astext == clearing,
            visible(scope),
        )
        .order_by(incident.c.number)
    )  # fmt: skip
    items = [
        Uncleared(
            incident_id=row.id,
            number=row.number,
            event_class=class_ref(row.event_class, registry),
            opened_at=row.opened_at,
            state=State(row.state),
            closed_at=row.closed_at,
        )
        for row in await connection.execute(statement)
    ]
    return UnclearedList(clearing=clearing, last_day=last, ended_at=ended_at, items=items)
