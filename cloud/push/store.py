"""The SQL of ladders: what begins, what is due, what was tried, what waits for an address."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import RowMapping, bindparam, delete, func, insert, literal, select, text, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncConnection

from cloud.database.schema import incident
from cloud.push.tables import attempt, link, notice
from devices.ids import uuid7

MINUTE = timedelta(minutes=1)
TRIES = 2
"""Of one attempt whose sender ended before it wrote down what came of it."""
UNKNOWN = "not known whether it was taken: the sender ended"

_UNHEARD = text("""
    SELECT i.id, e.version, i.severity, i.event_class, i.point, i.grid, i.community, i.lon, i.lat
    FROM incident i CROSS JOIN LATERAL (
        SELECT version FROM incident_event WHERE incident_id = i.id AND action IN ('open', 'reopen')
        ORDER BY version DESC LIMIT 1) e
    WHERE i.closed_at IS NULL AND i.updated_at > :since
      AND NOT EXISTS (SELECT 1 FROM push_notice n
                      WHERE n.incident_id = i.id AND n.opened_version = e.version)
      AND (NOT EXISTS (SELECT 1 FROM alarm a WHERE a.incident_id = i.id)
           OR EXISTS (SELECT 1 FROM alarm a
                      WHERE a.incident_id = i.id AND NOT a.history AND a.aside IS NULL))
    ORDER BY i.severity, i.updated_at LIMIT :limit
""")
_DONE = text("""
    SELECT n.id, i.closed_at IS NOT NULL AS closed,
           n.kind = 'incident' AND i.state = 'checking' AS seen_gone,
           n.kind = 'incident' AND EXISTS (SELECT 1 FROM alarm a WHERE a.incident_id = i.id)
             AND NOT EXISTS (SELECT 1 FROM alarm a WHERE a.incident_id = i.id
                             AND NOT a.history AND a.aside IS NULL) AS aside,
           n.kind = 'incident' AND EXISTS (
             SELECT 1 FROM deadline d
             WHERE d.incident_id = i.id AND d.kind = 'playbook' AND d.due_at > :late
               AND d.detail ->> 'step' IN ('window', 'dissolve', 'file')) AS waits,
           n.kind = 'incident' AND i.planned_version IS DISTINCT FROM i.version
             AND i.updated_at > :soon AS unplanned,
           EXISTS (SELECT 1 FROM incident_event e
                   WHERE e.incident_id = i.id AND e.cause = 'person'
                     AND CASE WHEN n.opened_version IS NULL THEN e.at >= n.created_at
                              ELSE e.version > n.opened_version END) AS accepted,
           EXISTS (SELECT 1 FROM alarm a
                   WHERE a.incident_id = i.id AND a.acknowledged_at >= n.created_at) AS acknowledged,
           EXISTS (SELECT 1 FROM push_receipt r WHERE r.notice_id = n.id AND r.read_at IS NOT NULL) AS read
    FROM push_notice n LEFT JOIN incident i ON i.id = n.incident_id WHERE n.id = ANY(:ids)
""")
_LOOK_AGAIN = (
    update(notice)
    .where(notice.c.id == bindparam("key"))
    .values(
        look_at=bindparam("at"), ladder=bindparam("by"), ended_at=bindparam("end"), ended_by=bindparam("why")
    )
)
LATE = timedelta(minutes=1)
"""Past its time a playbook's step holds no ladder any more: nothing may hide a case from everybody."""
SOON = timedelta(seconds=10)
"""Within which a changed case is planned for; likewise."""
_ALONE = text("SELECT pg_try_advisory_xact_lock(hashtextextended('push ' || CAST(:lane AS text), 0))")


async def unheard(connection: AsyncConnection, since: datetime, limit: int) -> Sequence[RowMapping]:
    """Cases that were opened or reopened, changed after `since`, and of which nobody was told yet.

    Not those that are only history, nor those all of whose alarms are aside; once that ends, they are.
    """
    return (await connection.execute(_UNHEARD, {"since": since, "limit": limit})).mappings().all()


async def begin(connection: AsyncConnection, rows: Sequence[dict[str, Any]]) -> None:
    """Write notices of cases down; another process may have done so already."""
    await connection.execute(upsert(notice).on_conflict_do_nothing(), list(rows))


async def due(connection: AsyncConnection, now: datetime, limit: int) -> Sequence[Any]:
    """Notices to look at that nobody else has, with their cases, locked until this transaction ends."""
    case = incident.c
    statement = (
        select(notice, case.event_class, case.point, case.grid, case.community, case.lon, case.lat)
        .join(incident, case.id == notice.c.incident_id, isouter=True)
        .where(notice.c.ended_at.is_(None), notice.c.look_at <= now)
        .order_by(notice.c.severity, notice.c.look_at)
        .limit(limit)
        .with_for_update(of=notice, skip_locked=True)
    )
    return (await connection.execute(statement)).all()


async def facts(connection: AsyncConnection, ids: Collection[UUID], now: datetime) -> dict[UUID, Any]:
    """What was done since each of these notices began, and how their cases are.

    `waits`: a playbook gives time to set it right; `unplanned`: whether one does is not planned yet.
    """
    rows = await connection.execute(_DONE, {"ids": list(ids), "late": now - LATE, "soon": now - SOON})
    return {row.id: row for row in rows}


async def attempts(connection: AsyncConnection, ids: Collection[UUID]) -> Sequence[Any]:
    """All attempts of these notices, the earliest first."""
    statement = select(attempt).where(attempt.c.notice_id.in_(ids))
    return (await connection.execute(statement.order_by(attempt.c.began_at, attempt.c.id))).all()


async def try_(connection: AsyncConnection, rows: Sequence[dict[str, Any]]) -> None:
    """Write down that these attempts begin."""
    shape: dict[str, Any] = dict.fromkeys(("sent_at", "settled_at", "answer"))
    if rows:
        await connection.execute(insert(attempt), [{"id": uuid7(), "tries": 0} | shape | one for one in rows])


@dataclass(frozen=True, slots=True)
class Look:
    """When to look at a notice the next time; with `why`: never more, it ended at `at`."""

    notice: UUID
    at: datetime
    ladder: str | None
    why: str | None = None


async def look_again(connection: AsyncConnection, looks: Sequence[Look]) -> None:
    """Write down when to look at these, which have not ended."""
    rows = [
        {
            "key": one.notice,
            "at": one.at,
            "by": one.ladder,
            "end": one.at if one.why else None,
            "why": one.why,
        }
        for one in looks
    ]
    await connection.execute(_LOOK_AGAIN, rows)


async def next_look(connection: AsyncConnection) -> datetime | None:
    """When a notice is to be looked at next."""
    found: datetime | None = await connection.scalar(
        select(func.min(notice.c.look_at)).where(notice.c.ended_at.is_(None))
    )
    return found


async def lost(connection: AsyncConnection, now: datetime) -> int:
    """Attempts whose sender never said what came of them: sent once more, then given up. How many."""
    expired = (attempt.c.state == "sending") & (attempt.c.lease_until < now)
    statement = select(attempt.c.id, attempt.c.tries, attempt.c.notice_id).where(expired)
    rows = (await connection.execute(statement.with_for_update(skip_locked=True))).all()
    again = [row.id for row in rows if row.tries < TRIES]
    given_up = [row for row in rows if row.tries >= TRIES]
    if again:
        values = {"state": "queued", "message_id": None, "answer": UNKNOWN}
        await connection.execute(update(attempt).where(attempt.c.id.in_(again)).values(values))
    if given_up:
        failed = {"state": "failed", "settled_at": now, "answer": UNKNOWN}
        mine = attempt.c.id.in_([row.id for row in given_up])
        await connection.execute(update(attempt).where(mine).values(failed))
        await _hurry(connection, {row.notice_id for row in given_up}, now)
    return len(rows)


async def waiting_lanes(connection: AsyncConnection) -> list[tuple[str, str]]:
    """(address's name, channel) for which something waits."""
    statement = select(attempt.c.lane, func.min(attempt.c.channel)).where(attempt.c.state == "queued")
    return [(row[0], row[1]) for row in await connection.execute(statement.group_by(attempt.c.lane))]


async def alone(connection: AsyncConnection, lane: str) -> bool:
    """Whether no other process takes from this lane now; until the transaction ends."""
    return bool(await connection.scalar(_ALONE, {"lane": lane}))


async def waiting(connection: AsyncConnection, lane: str) -> Sequence[Any]:
    """What waits for a lane, worst first, with its notice and the number of its case."""
    told = notice.c
    columns = (attempt, told.words, told.created_at, told.ended_by, told.incident_id, incident.c.number)
    statement = (
        select(*columns)
        .join(notice, told.id == attempt.c.notice_id)
        .join(incident, incident.c.id == told.incident_id, isouter=True)
        .where(attempt.c.state == "queued", attempt.c.lane == lane)
        .order_by(attempt.c.severity, attempt.c.began_at, attempt.c.id)
        .limit(500)
    )
    return (await connection.execute(statement)).all()


async def sent_lately(connection: AsyncConnection, lane: str, now: datetime) -> int:
    """Messages that went to a lane in the minute before `now`."""
    column = attempt.c
    statement = select(func.count(column.message_id.distinct())).where(
        column.lane == lane, column.sent_at > literal(now, column.sent_at.type) - MINUTE
    )
    return int(await connection.scalar(statement) or 0)


async def drop(connection: AsyncConnection, ids: Collection[UUID], now: datetime) -> None:
    """Attempts that nobody needs any more."""
    if ids:
        values = {"state": "dropped", "settled_at": now, "answer": "the ladder ended before its turn came"}
        await connection.execute(update(attempt).where(attempt.c.id.in_(ids)).values(values))


async def take(
    connection: AsyncConnection, ids: Collection[UUID], message_id: UUID, now: datetime, lease: datetime
) -> None:
    """These go out now as one message; who sends it says what came of it before `lease` ends."""
    values = {
        "state": "sending", "message_id": message_id, "sent_at": now, "lease_until": lease,
        "tries": attempt.c.tries + 1,
    }  # fmt: skip
    await connection.execute(update(attempt).where(attempt.c.id.in_(ids)).values(values))


async def settle(connection: AsyncConnection, message_id: UUID, answer: str, ok: bool, now: datetime) -> None:
    """What came of a message; if nobody has it, its ladders look at once."""
    values = {"state": "sent" if ok else "failed", "settled_at": now, "answer": answer}
    mine = (attempt.c.message_id == message_id) & (attempt.c.state == "sending")
    statement = update(attempt).where(mine).values(values).returning(attempt.c.notice_id)
    notices = set((await connection.scalars(statement)).all())
    if not ok:
        await _hurry(connection, notices, now)


async def _hurry(connection: AsyncConnection, notices: Collection[UUID], now: datetime) -> None:
    mine = notice.c.id.in_(notices) & notice.c.ended_at.is_(None) & (notice.c.look_at > now)
    await connection.execute(update(notice).where(mine).values(look_at=now))


async def keep_link(
    connection: AsyncConnection, token_hash: bytes, notice_id: UUID, expires: datetime
) -> None:
    """A link to a notice; of its token only the hash is kept."""
    row = {"token_hash": token_hash, "notice_id": notice_id, "expires_at": expires}
    await connection.execute(insert(link), row)


async def forget_links(connection: AsyncConnection, now: datetime) -> None:
    """Links that open nothing any more."""
    await connection.execute(delete(link).where(link.c.expires_at < now))
