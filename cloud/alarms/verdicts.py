"""What people say of alarms: true, false with a reason, of another class, unsure; and what it adds up to."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select, text, update
from sqlalchemy.ext.asyncio import AsyncConnection

from cloud.alarms import store
from cloud.alarms.machine import Line
from cloud.alarms.policy import AlarmPolicy
from cloud.alarms.precision import BUCKETS, Cell, cells_of
from cloud.areas.registry import Registry
from cloud.database.schema import alarm
from cloud.errors import Problem
from cloud.incidents.store import Actor
from cloud.stream.outbox import emit

_BY_HOUR = text("""
    SELECT device, event_class, extract(hour FROM opened_at AT TIME ZONE :zone)::int, verdict, count(*)
    FROM alarm WHERE verdict IS NOT NULL AND opened_at >= :first AND opened_at < :last GROUP BY 1, 2, 3, 4
""")
_BY_SCORE = text("""
    SELECT device, event_class, verdict, verdict_reason, floor(score * :buckets)::int, count(*)
    FROM alarm WHERE verdict IS NOT NULL AND opened_at >= :first AND opened_at < :last GROUP BY 1, 2, 3, 4, 5
""")


@dataclass(frozen=True, slots=True)
class Verdict:
    """A judgement."""

    word: str
    """true, false, other_class, unsure"""
    reason: str | None = None
    """Of `false`."""
    event_class: str | None = None
    """Of `other_class`."""


def check(verdict: Verdict, policy: AlarmPolicy, registry: Registry) -> None:
    """See that it says what its word needs, and no more.

    Raises:
        Problem: invalid.
    """
    reasons = [one.id for one in policy.false_reasons]
    if verdict.word == "false" and verdict.reason not in reasons:
        raise _fault("reason", f"false needs one of {', '.join(reasons)}")
    if verdict.word != "false" and verdict.reason is not None:
        raise _fault("reason", "only with false")
    if verdict.word == "other_class" and verdict.event_class not in registry.classes:
        raise _fault("event_class", "other_class needs a code of GET /event-classes")
    if verdict.word != "other_class" and verdict.event_class is not None:
        raise _fault("event_class", "only with other_class")


async def judge(
    connection: AsyncConnection, which: Any, verdict: Verdict, username: str, now: datetime
) -> list[UUID]:
    """Write it down for the alarms for which `which` holds and that have another verdict; which those are."""
    values = {
        "verdict": verdict.word, "verdict_reason": verdict.reason, "verdict_class": verdict.event_class,
        "verdict_by": username, "verdict_at": now,
    }  # fmt: skip
    otherwise = (
        alarm.c.verdict.is_distinct_from(verdict.word)
        | alarm.c.verdict_reason.is_distinct_from(verdict.reason)
        | alarm.c.verdict_class.is_distinct_from(verdict.event_class)
    )
    ids = select(alarm.c.id).where(which, otherwise).order_by(alarm.c.id).with_for_update()
    wanted = (await connection.scalars(ids)).all()
    if not wanted:
        return []
    statement = update(alarm).where(alarm.c.id.in_(wanted)).values(version=alarm.c.version + 1, **values)
    rows = (await connection.execute(statement.returning(alarm))).all()
    lines = []
    for row in rows:
        state = store.state_of_row(row)
        lines.append((row.id, row.version, Line(f"judge_{verdict.word}", state, state)))
    reason = verdict.reason or verdict.event_class
    await store.write_lines(connection, lines, Actor("user", username), now, reason)
    await emit(connection, [("alarm", str(row.id)) for row in rows])
    cases = {row.incident_id for row in rows if row.incident_id is not None}
    await emit(connection, [("incident", str(case)) for case in sorted(cases)])
    return [row.id for row in rows]


async def follow(
    connection: AsyncConnection, incident_id: UUID, action: str, username: str, now: datetime
) -> None:
    """What accepting a case, or calling it a false alarm, says of its alarms.

    Accepting does not overrule what somebody said of one of them.
    """
    mine = alarm.c.incident_id == incident_id
    if action == "accept":
        await judge(connection, mine & alarm.c.verdict.is_(None), Verdict("true"), username, now)
    elif action == "false_alarm":
        others = mine & alarm.c.verdict.is_distinct_from("false")
        await judge(connection, others, Verdict("false"), username, now)


async def ledger(
    connection: AsyncConnection, registry: Registry, first: datetime, last: datetime
) -> list[Cell]:
    """What was judged of the alarms that began from `first` to before `last`, per camera and class."""
    span: dict[str, Any] = {"first": first, "last": last}
    hours = await connection.execute(_BY_HOUR, span | {"zone": registry.timezone.key})
    scores = await connection.execute(_BY_SCORE, span | {"buckets": BUCKETS})
    return cells_of((tuple(row) for row in hours), (tuple(row) for row in scores))


def _fault(field: str, detail: str) -> Problem:
    return Problem("invalid", f"{field}: {detail}", errors=[{"pointer": f"/body/{field}", "detail": detail}])
