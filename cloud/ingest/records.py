"""Evidence and health as they are kept; and whether a node may speak of a thing at all."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import or_, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from cloud.areas.registry import Registry
from cloud.database.schema import alarm, device_health, evidence
from cloud.database.schema import node as node_table
from cloud.nodes.owns import refusal
from cloud.stream.outbox import emit
from devices.messages import Body, Event, Evidence, Health

SEEN_EVERY = timedelta(seconds=5)
"""`last_seen_at` is written no more often than this: it is one row for all of a node's batches."""


def foreign(
    node: str, events: Sequence[tuple[Event, Body]], registry: Registry, stored: Mapping[UUID, Any]
) -> dict[UUID, str]:
    """Id of each event that speaks of what is not the node's -> why it is refused (`cloud.nodes.owns`).

    `stored`: the rows of the alarms they speak of.
    """
    reasons = {event.id: refusal(body, node, registry.owners, stored) for event, body in events}
    return {key: reason for key, reason in reasons.items() if reason is not None}


async def keep_evidence(connection: AsyncConnection, photos: Sequence[Evidence]) -> None:
    """Store the records of photos and clips; a photo may come before its condition."""
    if not photos:
        return
    rows = [
        {
            "id": photo.evidence_id, "condition_id": photo.condition_id, "kind": photo.kind,
            "camera": photo.camera, "captured_at": photo.captured_at, "sha256": photo.sha256,
            "size": photo.size, "width": photo.width, "height": photo.height, "media_type": photo.media_type,
            "codec": photo.codec, "seconds": photo.seconds,
        }
        for photo in photos
    ]  # fmt: skip
    await connection.execute(insert(evidence).on_conflict_do_nothing(), rows)
    shown = select(alarm.c.incident_id).where(
        alarm.c.incident_id.is_not(None), alarm.c.id.in_([photo.condition_id for photo in photos])
    )
    await emit(connection, [("incident", str(key)) for key in (await connection.scalars(shown)).all()])


_INSERT_HEALTH = insert(device_health)
_NEWER = _INSERT_HEALTH.excluded.checked_at >= device_health.c.checked_at


async def keep_health(connection: AsyncConnection, reports: Sequence[Health]) -> None:
    """Keep the latest word on each device; the stream hears of it when status or detail changed."""
    newest: dict[tuple[str, str], Health] = {}
    for report in sorted(reports, key=lambda report: report.checked_at):
        newest[report.node, report.device] = report
    if not newest:
        return
    wanted = or_(*((device_health.c.node == n) & (device_health.c.device == d) for n, d in sorted(newest)))
    stood = {
        (row.node, row.device): row for row in await connection.execute(select(device_health).where(wanted))
    }
    rows: list[dict[str, Any]] = [newest[key].model_dump(exclude={"ledger"}) for key in sorted(newest)]
    await connection.execute(
        _INSERT_HEALTH.on_conflict_do_update(
            index_elements=["node", "device"],
            set_={name: _INSERT_HEALTH.excluded[name] for name in rows[0] if name not in ("node", "device")},
            where=_NEWER,
        ),
        rows,
    )
    await emit(
        connection,
        [("health", f"{node}/{device}") for (node, device), report in newest.items()
         if _is_news(stood.get((node, device)), report)],
    )  # fmt: skip


def _is_news(stood: Any, report: Health) -> bool:
    if stood is None:
        return True
    return bool(
        stood.checked_at <= report.checked_at
        and (stood.status, stood.detail) != (report.status, report.detail)
    )


async def heard(
    engine: AsyncEngine, node: str, last_seen_at: datetime | None, now: datetime, clock_offset_s: float | None
) -> None:
    """The node was heard of at `now`, before that at `last_seen_at`; its clock is so many seconds ahead."""
    if last_seen_at is None or last_seen_at < now - SEEN_EVERY:
        async with engine.begin() as connection:
            await connection.execute(
                update(node_table)
                .where(node_table.c.id == node)
                .values(last_seen_at=now, clock_offset_s=clock_offset_s)
            )
