"""Readings, kept once: known by sensor, quantity, boot and the sensor's own number."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from cloud.database.schema import reading
from devices.messages import Telemetry

_KEEP = insert(reading).on_conflict_do_nothing()


async def keep(connection: AsyncConnection, batches: Sequence[Telemetry], now: datetime) -> None:
    """Store the readings of `batches`; those that are here already stay as they are."""
    rows = [
        {**one.model_dump(), "received_at": one.received_at or now}
        for batch in batches
        for one in batch.readings
    ]
    if rows:
        await connection.execute(_KEEP, rows)
