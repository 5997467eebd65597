"""Calls, read for the API."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, and_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from cloud.database.schema import incident
from cloud.deadlines.running import YELLOW, Light
from cloud.people.scope import Scope, visible
from cloud.whistles.calls import OPEN_CALLS, CallState, lateness, possible
from cloud.whistles.models import Call, CallClock, Calls, Rating
from cloud.whistles.service import call_of, no_call
from cloud.whistles.tables import whistle_call, whistle_rating


async def of_case(connection: AsyncConnection, incident_id: UUID, scope: Scope, now: datetime) -> Calls:
    """Every call to a case."""
    return await _calls(connection, whistle_call.c.incident_id == incident_id, scope, now)


async def open_calls(connection: AsyncConnection, scope: Scope, now: datetime) -> Calls:
    """Every call that waits for an answer, in scope."""
    return await _calls(connection, whistle_call.c.state.in_(sorted(OPEN_CALLS)), scope, now)


async def one(connection: AsyncConnection, call_id: UUID, scope: Scope, now: datetime) -> Call:
    """One call.

    Raises:
        Problem: not_found; also when its case is out of scope.
    """
    found = await _calls(connection, whistle_call.c.id == call_id, scope, now)
    if not found.items:
        raise no_call(call_id)
    return found.items[0]


async def _calls(
    connection: AsyncConnection, which: ColumnElement[bool], scope: Scope, now: datetime
) -> Calls:
    rated = and_(
        whistle_rating.c.incident_id == whistle_call.c.incident_id,
        whistle_rating.c.organisation == whistle_call.c.organisation,
    )
    rating = (
        whistle_rating.c.score, whistle_rating.c.words.label("rating_words"), whistle_rating.c.community,
        whistle_rating.c.rated_at,
    )  # fmt: skip
    statement = (
        select(whistle_call, *rating)
        .join(incident, incident.c.id == whistle_call.c.incident_id)
        .outerjoin(whistle_rating, rated)
        .where(which, visible(scope))
        .order_by(whistle_call.c.called_at, whistle_call.c.id)
    )
    items = [_shown(row, now) for row in await connection.execute(statement)]
    return Calls(items=items, late=sum(each.check_in.late or each.report.late for each in items))


def _shown(row: Any, now: datetime) -> Call:
    call = lateness(call_of(row), now)
    waits = call.state is CallState.CALLED
    rating = None
    if row.score is not None:
        rating = Rating(score=row.score, words=row.rating_words, community=row.community, at=row.rated_at)
    return Call(
        id=row.id,
        incident_id=row.incident_id,
        organisation=row.organisation,
        state=call.state,
        version=row.version,
        reason=row.reason,
        called_at=row.called_at,
        called_by=row.called_by,
        checked_in_at=row.checked_in_at,
        ended_at=row.ended_at,
        words=row.words,
        check_in=_clock(row.called_at, row.check_in_due, call.check_in_late, waits, now),
        report=_clock(row.called_at, row.report_due, call.report_late, call.state in OPEN_CALLS, now),
        rating=rating,
        allowed_answers=list(possible(call.state)),
    )


def _clock(begun: datetime, due: datetime | None, late: bool, runs: bool, now: datetime) -> CallClock:
    """Yellow from 80 % of the time by the wall clock on: a work-time share would tell no more here."""
    near = runs and due is not None and now >= begun + (due - begun) * YELLOW
    return CallClock(
        due_at=due, late=late, light=Light.RED if late else Light.YELLOW if near else Light.GREEN
    )
