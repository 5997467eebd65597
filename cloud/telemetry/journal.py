"""What was lately written into a server that acknowledges before it has written: kept to be sent again.

A server that is killed loses what it had in memory only. Lines are journalled *before* they are written, so
whatever was acknowledged to a node is either in the server's files or here. The journal lets go of what is
older than `KEPT` at a moment when the server was seen to run as before: by then it has long flushed it.
"""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

KEPT = timedelta(minutes=10)
"""VictoriaMetrics 1.79 lost 8 s of points; the rest is for a disk that is slow."""
AT_ONCE = 50
"""Batches sent again in one go."""

_ENTER = text("INSERT INTO telemetry_journal (at, lines) VALUES (:at, :lines) RETURNING id")
_STARTED = text("SELECT started FROM telemetry_server")
_START = text("""
    INSERT INTO telemetry_server (single, started) VALUES (true, :started)
    ON CONFLICT (single) DO UPDATE SET started = excluded.started
""")
_DROP = text("DELETE FROM telemetry_journal WHERE at < :before")
_NEXT = text("SELECT id, lines FROM telemetry_journal WHERE id > :after ORDER BY id LIMIT :most")
_TOUCH = text("UPDATE telemetry_journal SET at = :at WHERE id = ANY(CAST(:ids AS bigint[])) AND at < :at")


class Journal:
    """In PostgreSQL, which has it on the disk when a call returns."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def enter(self, lines: Sequence[str], now: datetime) -> None:
        """Before they are written."""
        packed = zlib.compress("\n".join(lines).encode(), 1)
        async with self._engine.begin() as connection:
            await connection.execute(_ENTER, {"at": now, "lines": packed})

    async def started(self) -> str | None:
        """When the server had begun to run that all of the journal was last sent to."""
        async with self._engine.connect() as connection:
            found: str | None = await connection.scalar(_STARTED)
            return found

    async def confirm(self, started: str, now: datetime) -> None:
        """The server that began to run then has been sent everything, and still runs `now`."""
        async with self._engine.begin() as connection:
            await connection.execute(_START, {"started": started})
            await connection.execute(_DROP, {"before": now - KEPT})

    async def after(self, number: int) -> list[tuple[int, list[str]]]:
        """The next batches beyond that number."""
        async with self._engine.connect() as connection:
            rows = (await connection.execute(_NEXT, {"after": number, "most": AT_ONCE})).all()
        return [(row.id, zlib.decompress(row.lines).decode().split("\n")) for row in rows]

    async def renew(self, numbers: Sequence[int], now: datetime) -> None:
        """They were sent again: they are as young as what is written now."""
        async with self._engine.begin() as connection:
            await connection.execute(_TOUCH, {"at": now, "ids": list(numbers)})
