"""Notices out of the database."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from typing import Any
from uuid import UUID

from sqlalchemy import Select, select
from sqlalchemy.ext.asyncio import AsyncConnection

from cloud.areas.registry import SEVERITIES
from cloud.push.models import Attempt, NoticeEvent, NoticeRecord, Receipt
from cloud.push.policy import PAGE
from cloud.push.tables import attempt, notice, receipt
from devices.site.model import Names

PERSON = "person:"


async def events(connection: AsyncConnection, ids: Collection[UUID]) -> dict[UUID, NoticeEvent]:
    """What pages are told of these notices."""
    told = notice.c
    statement = (
        select(notice, attempt.c.rung, attempt.c.recipients)
        .join(attempt, attempt.c.notice_id == told.id)
        .where(told.id.in_(ids), attempt.c.channel == PAGE, attempt.c.state == "sent")
        .order_by(attempt.c.rung)
    )
    people: dict[UUID, dict[str, None]] = defaultdict(dict)
    found: dict[UUID, NoticeEvent] = {}
    for row in await connection.execute(statement):
        people[row.id] |= dict.fromkeys(one.removeprefix(PERSON) for one in row.recipients)
        found[row.id] = NoticeEvent(
            id=row.id, kind=row.kind, incident_id=row.incident_id, severity=SEVERITIES[row.severity],
            words=Names(**row.words), rung=row.rung, created_at=row.created_at, to=list(people[row.id]),
        )  # fmt: skip
    return found


async def of_incident(connection: AsyncConnection, incident_id: UUID) -> list[NoticeRecord]:
    """All notices of a case, with what was tried and what came of it."""
    mine = select(notice).where(notice.c.incident_id == incident_id)
    rows = (await connection.execute(mine.order_by(notice.c.created_at, notice.c.id))).all()
    ids = [row.id for row in rows]
    attempts = await _grouped(
        connection,
        select(attempt).where(attempt.c.notice_id.in_(ids)).order_by(attempt.c.rung, attempt.c.channel),
    )
    receipts = await _grouped(
        connection, select(receipt).where(receipt.c.notice_id.in_(ids)).order_by(receipt.c.username)
    )
    return [
        NoticeRecord(
            id=row.id, kind=row.kind, incident_id=row.incident_id, severity=SEVERITIES[row.severity],
            words=Names(**row.words), created_at=row.created_at, ladder=row.ladder, ended_at=row.ended_at,
            ended_by=row.ended_by, attempts=[_shown(Attempt, one) for one in attempts[row.id]],
            receipts=[_shown(Receipt, one) for one in receipts[row.id]],
        )
        for row in rows
    ]  # fmt: skip


def _shown(shape: Any, row: Any) -> Any:
    return shape(**{name: getattr(row, name) for name in shape.model_fields})


async def _grouped(connection: AsyncConnection, statement: Select[Any]) -> dict[UUID, list[Any]]:
    found: dict[UUID, list[Any]] = defaultdict(list)
    for row in await connection.execute(statement):
        found[row.notice_id].append(row)
    return found
