"""The store where no other is configured: PostgreSQL, in pieces of a week, with minutes and hours beside."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from cloud.telemetry.catalogue import Catalogue
from cloud.telemetry.partitions import RAW, Pieces
from cloud.telemetry.rollup import roll_up
from cloud.telemetry.store import Refused
from cloud.telemetry.values import Bucket, Trace, Value, begin_of

FUTURE = timedelta(days=1)
"""A clock that is so much ahead would make pieces of years to come."""
_HOUR = timedelta(hours=1)

_WRITE = text("""
    INSERT INTO sample (trace, at, value, sound)
    SELECT * FROM unnest(CAST(:traces AS integer[]), CAST(:ats AS timestamptz[]),
                         CAST(:numbers AS double precision[]), CAST(:sound AS boolean[]))
    ON CONFLICT DO NOTHING
""")
_MARK = text("""
    INSERT INTO sample_mark (trace, hour)
    SELECT * FROM unnest(CAST(:traces AS integer[]), CAST(:hours AS timestamptz[])) ORDER BY 1, 2
    ON CONFLICT (trace, hour) DO UPDATE SET hour = excluded.hour
""")
"""An update that changes nothing, for its lock: the job must not take off a mark that this writer needs."""
_FINE = text("""
    SELECT date_bin(CAST(:step AS interval), at, 'epoch') AS begin, count(*) AS count, min(value) AS low,
           avg(value) AS mean, max(value) AS high, (array_agg(value ORDER BY at DESC))[1] AS last
    FROM sample WHERE trace = :trace AND at >= :since AND at < :until AND sound
    GROUP BY 1 ORDER BY 1
""")
_COARSE = """
    WITH marked AS (
        SELECT hour FROM sample_mark WHERE trace = :trace
        AND hour >= date_bin('1 hour', CAST(:since AS timestamptz), 'epoch') AND hour < :until
    ), parts AS (
        SELECT at, count, low, total, high, last FROM {table}
        WHERE trace = :trace AND at >= :since AND at < :until
        AND date_bin('1 hour', at, 'epoch') NOT IN (SELECT hour FROM marked)
        UNION ALL
        SELECT at, 1, value, value, value, value FROM marked
        JOIN sample ON trace = :trace AND at >= hour AND at < hour + interval '1 hour'
        WHERE sound AND at >= :since AND at < :until
    )
    SELECT date_bin(CAST(:step AS interval), at, 'epoch') AS begin, sum(count) AS count, min(low) AS low,
           sum(total) / sum(count) AS mean, max(high) AS high, (array_agg(last ORDER BY at DESC))[1] AS last
    FROM parts GROUP BY 1 ORDER BY 1
"""
_BY_MINUTES = text(_COARSE.format(table="sample_minute"))
_BY_HOURS = text(_COARSE.format(table="sample_hour"))


class PostgresStore:
    """See the module."""

    tend_every = 60.0

    def __init__(self, engine: AsyncEngine, catalogue: Catalogue, now: Callable[[], datetime]) -> None:
        self._engine = engine
        self._catalogue = catalogue
        self._now = now
        self._pieces = Pieces(engine)

    async def write(self, values: Sequence[Value]) -> Refused:
        """Keep them in one transaction; those of other times than are kept are refused."""
        refused: dict[int, str] = {}
        fit: list[Value] = []
        now = self._now()
        for place, one in enumerate(values):
            if one.at < now - RAW.kept:
                refused[place] = f"is of {one.at:%Y-%m-%d}; {RAW.kept.days} days are kept"
            elif one.at > now + FUTURE:
                refused[place] = f"is of {one.at:%Y-%m-%d}, which is yet to come"
            else:
                fit.append(one)
        if not fit:
            return refused
        ids = await self._catalogue.ids({one.trace for one in fit})
        await self._pieces.ensure(RAW, (one.at for one in fit))
        hours = sorted({(ids[one.trace], begin_of(one.at, _HOUR)) for one in fit})
        given = {
            "traces": [ids[one.trace] for one in fit],
            "ats": [one.at for one in fit],
            "numbers": [one.value for one in fit],
            "sound": [one.sound for one in fit],
        }
        async with self._engine.begin() as connection:
            await connection.execute(_MARK, {"traces": [t for t, _ in hours], "hours": [h for _, h in hours]})
            await connection.execute(_WRITE, given)
        return refused

    async def read(self, trace: Trace, since: datetime, until: datetime, step: timedelta) -> list[Bucket]:
        """By raw values under a minute, by minutes under an hour, else by hours."""
        statement = _BY_HOURS if step >= _HOUR else _BY_MINUTES
        if step < timedelta(minutes=1):
            statement = _FINE
        number = (await self._catalogue.ids({trace}))[trace]
        given = {"trace": number, "since": since, "until": until, "step": step}
        async with self._engine.connect() as connection:
            rows = (await connection.execute(statement, given)).all()
        return [Bucket(row.begin, int(row[1]), row.low, float(row.mean), row.high, row.last) for row in rows]

    async def tend(self, now: datetime) -> None:
        """Make pieces ahead, roll up what is over, and only then drop what is old."""
        await self._pieces.ahead(now)
        await roll_up(self._engine, self._pieces, now)
        await self._pieces.drop_old(now)

    async def close(self) -> None:
        """The engine is closed by whoever made it."""
