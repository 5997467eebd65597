"""Calling departments to a case, their answers, and rating them; each is a line of the case's log."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import insert, select, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncConnection

from cloud.database.schema import incident
from cloud.deadlines import store as deadlines
from cloud.deadlines.limits import Limit
from cloud.deadlines.steps import Rules
from cloud.deadlines.store import Deadline
from cloud.errors import Problem
from cloud.escalation.policy import Escalation
from cloud.escalation.service import hold
from cloud.etag import version_changed
from cloud.incidents import log
from cloud.incidents.store import Actor
from cloud.incidents.transitions import OPEN, State
from cloud.people.scope import admit
from cloud.push.service import Notice, notify
from cloud.whistles.calls import OPEN_CALLS, Answer, Call, CallState, answered, possible
from cloud.whistles.tables import whistle_call, whistle_rating
from devices.ids import uuid7
from devices.site.model import Names

LATE = "whistle"
"""Kind of the deadline of a call."""
CLOCKS = ("check_in", "report")


@dataclass(frozen=True, slots=True)
class Terms:
    """By what the clocks of calls are counted."""

    policy: Escalation
    rules: Rules

    def due(self, limit: Limit | None, now: datetime) -> datetime | None:
        """When `limit` from now on is over; None: there is none."""
        return None if limit is None else self.rules.clock(limit).reach(now, self.rules.policy.time(limit))


async def whistle(
    connection: AsyncConnection,
    incident_id: UUID,
    organisations: Collection[str],
    reason: str,
    actor: Actor,
    terms: Terms,
    now: datetime,
    seen: int | None = None,
) -> list[UUID]:
    """Call these to the case (吹哨), in the caller's transaction; the ids of the calls.

    `seen`: the version of the case that a person saw.

    Raises:
        Problem: not_found, version_changed, not_allowed (it is closed, or one of them is called already).
    """
    await hold(connection, incident_id)
    row = (await connection.execute(select(incident).where(incident.c.id == incident_id))).one()
    if seen is not None and row.version != seen:
        raise version_changed(row.version, seen)
    if State(row.state) not in OPEN:
        raise Problem("not_allowed", f"nobody is called to a case that is {row.state}", allowed_actions=[])
    mine = (whistle_call.c.incident_id == incident_id, whistle_call.c.state.in_(sorted(OPEN_CALLS)))
    there = set((await connection.scalars(select(whistle_call.c.organisation).where(*mine))).all())
    twice = sorted(there.intersection(organisations))
    if twice:
        raise Problem("not_allowed", f"called already: {', '.join(twice)}", allowed_actions=[])
    return [
        await _call(connection, incident_id, one, reason, actor, terms, now)
        for one in sorted(set(organisations))
    ]


async def _call(
    connection: AsyncConnection,
    incident_id: UUID,
    organisation: str,
    reason: str,
    actor: Actor,
    terms: Terms,
    now: datetime,
) -> UUID:
    limits = terms.policy.call(organisation)
    dues = {clock: terms.due(getattr(limits, clock), now) for clock in CLOCKS}
    key = uuid7()
    row = {
        "id": key, "incident_id": incident_id, "organisation": organisation, "state": CallState.CALLED,
        "version": 1, "reason": reason, "called_at": now, "called_by": actor.name,
        "check_in_due": dues["check_in"], "report_due": dues["report"],
        "check_in_late": False, "report_late": False,
    }  # fmt: skip
    await connection.execute(insert(whistle_call), row)
    await admit(connection, incident_id, f"organisation:{organisation}")
    detail = {"call": str(key), "organisation": organisation, "why": reason}
    detail |= {f"{clock}_due": due.isoformat() for clock, due in dues.items() if due}
    await log.append(connection, incident_id, "whistled", actor, detail, now)
    waits = [
        Deadline(_clock(key, clock), LATE, due, incident_id, {"call": str(key), "clock": clock})
        for clock, due in dues.items()
        if due
    ]
    await deadlines.put(connection, waits)
    words = Names(zh=f"吹哨：{reason}，请按时报到", en=f"You are called: {reason}. Check in in time")
    await notify(connection, Notice("whistle", incident_id, (f"organisation:{organisation}",), words), now)
    return key


async def answer(
    connection: AsyncConnection,
    call_id: UUID,
    said: Answer,
    words: str | None,
    actor: Actor,
    now: datetime,
    seen: int,
) -> None:
    """What a department, or who called it, says; in the caller's transaction. `seen`: the call's version.

    Raises:
        Problem: not_found, version_changed, not_allowed.
    """
    row = await held(connection, call_id)
    if row.version != seen:
        raise version_changed(row.version, seen)
    call = answered(call_of(row), said, now)
    if call is None:
        can = [one.value for one in possible(CallState(row.state))]
        raise Problem("not_allowed", f"{said} is not possible: the call is {row.state}", allowed_actions=can)
    ended = None if call.state in OPEN_CALLS else now
    values: dict[str, Any] = {
        "state": call.state, "version": row.version + 1, "checked_in_at": call.checked_in_at,
        "check_in_late": call.check_in_late, "report_late": call.report_late, "ended_at": ended,
        "words": words or row.words,
    }  # fmt: skip
    await connection.execute(update(whistle_call).where(whistle_call.c.id == call_id).values(values))
    over = ["check_in"] if call.state is CallState.CHECKED_IN else CLOCKS
    await deadlines.cancel(connection, [_clock(call_id, clock) for clock in over])
    detail: dict[str, Any] = {"call": str(call_id), "organisation": row.organisation}
    if words:
        detail["words"] = words
    if said is Answer.CHECK_IN:
        detail["late"] = call.check_in_late
    if said is Answer.REPORT:
        detail["late"] = call.report_late
    await log.append(connection, row.incident_id, LINES[said], actor, detail, now)


LINES: Mapping[Answer, str] = {
    Answer.CHECK_IN: "checked_in",
    Answer.REPORT: "reported",
    Answer.REFUSE: "call_refused",
    Answer.WITHDRAW: "call_withdrawn",
}
"""How each answer is called in the log."""


async def rate(
    connection: AsyncConnection,
    call_id: UUID,
    score: int,
    words: str,
    community: str,
    actor: Actor,
    now: datetime,
) -> None:
    """A community rates a department that it called, once a case: the database knows.

    Raises:
        Problem: not_found, not_allowed (it has not reported, or was rated already).
    """
    row = await held(connection, call_id)
    if row.state != CallState.REPORTED:
        raise Problem(
            "not_allowed", f"only who has reported is rated; the call is {row.state}", allowed_actions=[]
        )
    values = {
        "incident_id": row.incident_id, "organisation": row.organisation, "score": score, "words": words,
        "community": community, "rated_by": actor.name, "rated_at": now,
    }  # fmt: skip
    statement = upsert(whistle_rating).values(values).on_conflict_do_nothing()
    if (await connection.execute(statement)).rowcount == 0:
        raise Problem("not_allowed", f"{row.organisation} was rated for this case", allowed_actions=[])
    detail = {"call": str(call_id), "organisation": row.organisation, "score": score, "words": words}
    await log.append(connection, row.incident_id, "department_rated", actor, detail, now)


async def held(connection: AsyncConnection, call_id: UUID) -> Any:
    """The call's row, once nobody else can change its case.

    Raises:
        Problem: not_found.
    """
    mine = whistle_call.c.id == call_id
    incident_id = await connection.scalar(select(whistle_call.c.incident_id).where(mine))
    if incident_id is None:
        raise no_call(call_id)
    await hold(connection, incident_id)
    return (await connection.execute(select(whistle_call).where(mine))).one()


def call_of(row: Any) -> Call:
    """A row as decisions see it."""
    return Call(
        CallState(row.state), row.check_in_due, row.report_due, row.checked_in_at, row.check_in_late,
        row.report_late,
    )  # fmt: skip


def no_call(call_id: UUID) -> Problem:
    """There is no such call."""
    return Problem("not_found", f"no call has the id {call_id}")


def _clock(call_id: UUID, clock: str) -> str:
    return f"whistle/{call_id}/{clock}"
