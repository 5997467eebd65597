"""Tables of telemetry in pieces of time: made ahead, dropped as a whole when they are old."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from cloud.telemetry.values import begin_of


@dataclass(frozen=True, slots=True)
class Grain:
    """One partitioned table."""

    table: str
    piece: timedelta
    """Whole pieces since 1970 UTC."""
    kept: timedelta


RAW = Grain("sample", timedelta(days=7), timedelta(days=35))
MINUTES = Grain("sample_minute", timedelta(days=28), timedelta(days=400))
HOURS = Grain("sample_hour", timedelta(days=364), timedelta(days=3650))
GRAINS = (RAW, MINUTES, HOURS)
AHEAD = 2
"""Pieces made before their time, so that no write waits for one in ordinary times."""

_LOCK = 0x6772_6964_7061_7274
"""Key of the advisory lock that lets one process make or drop a piece at a time ("gridpart")."""


def name_of(grain: Grain, begin: datetime) -> str:
    """The table of the piece that begins then."""
    return f"{grain.table}_{begin:%Y%m%d}"


def over(grain: Grain, names: Iterable[str], now: datetime) -> list[str]:
    """Those of the pieces that hold nothing any more that must be kept."""
    begins = {
        name: datetime.strptime(name.removeprefix(f"{grain.table}_"), "%Y%m%d").replace(tzinfo=UTC)
        for name in names
    }
    return sorted(name for name, begin in begins.items() if begin + grain.piece <= now - grain.kept)


class Pieces:
    """Makes and drops them; knows which are there."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine
        self._there: set[str] = set()
        self._looked = False

    async def ensure(self, grain: Grain, moments: Iterable[datetime]) -> None:
        """Have the pieces that hold these moments."""
        begins = {begin_of(at, grain.piece) for at in moments}
        if not self._looked:
            async with self._engine.connect() as connection:
                for each in GRAINS:
                    self._there |= set((await connection.scalars(_PIECES, {"parent": each.table})).all())
            self._looked = True
        missing = sorted(begin for begin in begins if name_of(grain, begin) not in self._there)
        if not missing:
            return
        async with self._engine.begin() as connection:
            await _alone(connection)
            for begin in missing:
                # All three words are ours: names out of constants, times out of `datetime`.
                await connection.execute(
                    text(
                        f"CREATE TABLE IF NOT EXISTS {name_of(grain, begin)} PARTITION OF {grain.table} "
                        f"FOR VALUES FROM ('{begin.isoformat()}') TO ('{(begin + grain.piece).isoformat()}')"
                    )
                )
        self._there |= {name_of(grain, begin) for begin in missing}

    async def ahead(self, now: datetime) -> None:
        """Make those of now and the next ones."""
        for grain in GRAINS:
            await self.ensure(grain, [now + n * grain.piece for n in range(AHEAD + 1)])

    async def drop_old(self, now: datetime) -> list[str]:
        """Drop what is older than is kept; their names."""
        dropped = []
        for grain in GRAINS:
            async with self._engine.begin() as connection:
                await _alone(connection)
                names = (await connection.scalars(_PIECES, {"parent": grain.table})).all()
                for name in over(grain, names, now):
                    await connection.execute(text(f"DROP TABLE {name}"))
                    dropped.append(name)
        self._there -= set(dropped)
        return dropped


_PIECES = text(
    "SELECT c.relname FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid "
    "WHERE i.inhparent = CAST(CAST(:parent AS text) AS regclass)"
)


async def _alone(connection: AsyncConnection) -> None:
    await connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})
