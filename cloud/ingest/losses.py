"""What will never be here, by its reason: refusals, and the gaps that nodes tell of."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from cloud.database.schema import alarm, evidence_lost, refusal
from cloud.ingest import ledger
from cloud.stream.outbox import emit
from devices.messages import Gap, Refusal

_GAP = text("""
    INSERT INTO gap (event_id, node, epoch, series, numbers, cause, first_at, last_at, readings, at)
    VALUES (:event_id, :node, :epoch, :series, CAST(CAST(:numbers AS text) AS int8multirange), :cause,
            :first_at, :last_at, :readings, :at)
    ON CONFLICT DO NOTHING
""")


async def keep_refusals(
    connection: AsyncConnection, node: str, refused: Sequence[Refusal], now: datetime
) -> None:
    """Remember why these were refused; the first reason given stands."""
    rows = [{"node": node, **one.model_dump(), "at": now} for one in refused]
    if rows:
        await connection.execute(insert(refusal).on_conflict_do_nothing(), rows)


async def keep_gaps(connection: AsyncConnection, gaps: Sequence[tuple[UUID, Gap]], now: datetime) -> None:
    """Enter what gaps name into their lines, which are open, and tell of evidence that will not come."""
    for event_id, one in gaps:
        await ledger.evict(connection, one.node, (one.epoch, one.series), one.ranges)
        values = {
            "event_id": event_id, "node": one.node, "epoch": one.epoch, "series": one.series,
            "numbers": ledger.closed(one.ranges), "cause": one.cause,
            "first_at": one.first_at, "last_at": one.last_at, "readings": one.readings, "at": now,
        }  # fmt: skip
        await connection.execute(_GAP, values)
    lost = [
        {"condition_id": item.condition_id, "kind": item.kind, "cause": one.cause}
        for _, one in gaps
        for item in one.evidence
    ]
    if not lost:
        return
    await connection.execute(insert(evidence_lost).on_conflict_do_nothing(), lost)
    shown = select(alarm.c.incident_id).where(
        alarm.c.incident_id.is_not(None), alarm.c.id.in_([item["condition_id"] for item in lost])
    )
    await emit(connection, [("incident", str(key)) for key in (await connection.scalars(shown)).all()])
