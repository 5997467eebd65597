"""Where a report or a case stands, for whoever holds its public number: a status and dates, nothing else."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from pydantic import BaseModel
from sqlalchemy import CompoundSelect, cast, literal, null, select, union_all
from sqlalchemy.ext.asyncio import AsyncConnection

from cloud.database.columns import TIME
from cloud.database.schema import incident
from cloud.incidents.transitions import OPEN, State
from cloud.public import codes
from cloud.public.secret import secret
from cloud.sources.tables import report

Status = Literal["received", "accepted", "in_hand", "done", "closed", "refused"]
_NOBODYS = ""
"""A number that no case has: asked for when the code does not fit, so that this takes as long."""
_IN_HAND = (State.DISPATCHED, State.IN_PROGRESS, State.SUSPENDED)
_DONE = (State.RESOLVED, State.CHECKING)
_REFUSED = (State.REJECTED, State.VOID, State.FALSE_ALARM)


class Tracked(BaseModel):
    """What anybody with the number may know."""

    public_number: str
    status: Status
    """`received`: nobody looked at it yet; `done`: reported as solved, being checked."""
    received_at: datetime
    updated_at: datetime
    closed_at: datetime | None


async def find(connection: AsyncConnection, text: str) -> Tracked | None:
    """What is known under a public number as somebody typed it; None when nothing is, for whatever reason.

    A number with a wrong code goes the same way as one that does not exist: one computation, one query that
    finds nothing.
    """
    key = await secret(connection)
    given = codes.parse(text) or codes.PublicNumber(_NOBODYS, "0" * codes.SECRET)
    number = given.number if codes.fits(key, given) else _NOBODYS
    told = (await connection.execute(_named(number))).one_or_none()
    if told is None:
        return None
    case = await _case(connection, told.incident_id) if told.incident_id else None
    refused_at = told.decided_at if told.state == "refused" else None
    return Tracked(
        public_number=codes.public_number(key, number),
        status=status_of(case.state if case else None, told.state),
        received_at=told.received_at,
        updated_at=case.updated_at if case else told.decided_at or told.received_at,
        closed_at=case.closed_at if case else refused_at,
    )


def status_of(case: str | None, told: str | None) -> Status:
    """One word for the states of a case and of the report that it came from. Pure."""
    if case is None:
        return "refused" if told == "refused" else "received"
    state = State(case)
    if state in _REFUSED:
        return "refused"
    if state not in OPEN:
        return "closed"
    if state in (State.DETECTED, State.VERIFYING):
        return "received"
    return "in_hand" if state in _IN_HAND else "done" if state in _DONE else "accepted"


def _named(number: str) -> CompoundSelect[Any]:
    """What has that number: a report, or a case that nobody of the public reported."""
    told = report.c
    return union_all(
        select(told.received_at, told.state, told.decided_at, told.incident_id).where(told.number == number),
        select(incident.c.opened_at, literal("accepted"), cast(null(), TIME), incident.c.id).where(
            incident.c.number == number
        ),
    )


async def _case(connection: AsyncConnection, incident_id: UUID) -> Any:
    """The case; where it was merged, the one that it is part of now."""
    row, following = None, incident_id
    seen: set[UUID] = set()
    while following is not None and following not in seen:
        seen.add(following)
        row = (await connection.execute(select(incident).where(incident.c.id == following))).one()
        following = row.merged_into or row.duplicate_of
    return row
