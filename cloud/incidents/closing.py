"""Cases that need no person to close them: of a class that closes itself, or handled on the spot."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from cloud.database.schema import incident, incident_event
from cloud.errors import Problem
from cloud.incidents import policy
from cloud.incidents.guards import DONE, REWORK
from cloud.incidents.policy import CasePolicy, among
from cloud.incidents.service import by_system
from cloud.incidents.transitions import State


@dataclass(frozen=True, slots=True)
class Past:
    """A line, as far as it matters here."""

    action: str
    detail: dict[str, Any]


def closes_itself(terms: CasePolicy, event_class: str, log: Sequence[Past]) -> str | None:
    """Why a case that is being checked needs no person; None: it does. `log`: oldest first. Pure.

    Whatever it is, nobody closes by itself what a device could not see to be gone, unless none tells of it.
    """
    entered = log[-1]
    if entered.action == "seen_gone" and among(event_class, terms.closes_itself):
        return "seen gone; this class needs nobody to look"
    done = next((one for one in reversed(log) if one.action in (*DONE, *REWORK)), None)
    seen = entered.action == "seen_gone" or (entered.action == "await_check" and not entered.detail)
    if seen and done is not None and done.action == "self_handle" and not done.detail["sampled"]:
        return "handled on the spot; not in the sample that is checked"
    return None


async def settle(connection: AsyncConnection, ids: Collection[UUID], now: datetime) -> None:
    """Close those of these that are being checked and need no person, in the caller's transaction.

    One that something stands in the way of waits for a person.
    """
    checking = (incident.c.id.in_(ids), incident.c.state == State.CHECKING)
    rows = (await connection.execute(select(incident.c.id, incident.c.event_class).where(*checking))).all()
    if not rows:
        return
    terms = await policy.in_force(connection)
    for row in rows:
        statement = select(incident_event.c.action, incident_event.c.detail)
        mine = statement.where(incident_event.c.incident_id == row.id).order_by(incident_event.c.version)
        log = [Past(line.action, line.detail) for line in await connection.execute(mine)]
        why = closes_itself(terms, row.event_class, log)
        if why is None:
            continue
        try:
            await by_system(connection, row.id, "close", why, {}, now)
        except Problem as refused:
            if refused.code != "not_allowed":
                raise
