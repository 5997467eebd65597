"""Minutes and hours out of raw values, an hour of a trace at a time, once it is over.

Whoever writes a value marks its trace's hour in the same transaction. Until that mark is worked off, a
reader takes that hour from the raw values: what a chart shows never depends on how far this job is.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from cloud.telemetry.partitions import HOURS, MINUTES, Pieces

SETTLED = timedelta(minutes=62)
"""After its beginning an hour is rolled up: over, and what was on its way is mostly here."""
AT_ONCE = 200
"""Hours of traces in one transaction: some 70,000 values at one in ten seconds."""

_DUE = text("""
    SELECT trace, hour FROM sample_mark WHERE hour < :before
    ORDER BY trace, hour LIMIT :most FOR UPDATE SKIP LOCKED
""")
_OFF = text("""
    DELETE FROM sample_mark USING unnest(CAST(:traces AS integer[]), CAST(:hours AS timestamptz[]))
        AS due (trace, hour)
    WHERE sample_mark.trace = due.trace AND sample_mark.hour = due.hour
""")
_UPSERT = """
    ON CONFLICT (trace, at) DO UPDATE SET
        count = excluded.count, low = excluded.low, total = excluded.total, high = excluded.high,
        last = excluded.last
"""
_TO_MINUTES = text(
    f"""
    INSERT INTO sample_minute (trace, at, count, low, total, high, last)
    SELECT due.trace, date_bin('1 minute', at, 'epoch'), count(*), min(value), sum(value), max(value),
           (array_agg(value ORDER BY at DESC))[1]
    FROM unnest(CAST(:traces AS integer[]), CAST(:hours AS timestamptz[])) AS due (trace, hour)
    JOIN sample ON sample.trace = due.trace AND at >= due.hour AND at < due.hour + interval '1 hour'
    WHERE sound GROUP BY 1, 2
    {_UPSERT}
    """  # noqa: S608 (a constant above)
)
_TO_HOURS = text(
    f"""
    INSERT INTO sample_hour (trace, at, count, low, total, high, last)
    SELECT due.trace, due.hour, sum(count), min(low), sum(total), max(high),
           (array_agg(last ORDER BY at DESC))[1]
    FROM unnest(CAST(:traces AS integer[]), CAST(:hours AS timestamptz[])) AS due (trace, hour)
    JOIN sample_minute m ON m.trace = due.trace AND at >= due.hour AND at < due.hour + interval '1 hour'
    GROUP BY 1, 2
    {_UPSERT}
    """  # noqa: S608 (a constant above)
)


async def roll_up(engine: AsyncEngine, pieces: Pieces, now: datetime) -> int:
    """Work all marks off that are due; how many there were."""
    done = 0
    while True:
        async with engine.begin() as connection:
            due = (await connection.execute(_DUE, {"before": now - SETTLED, "most": AT_ONCE})).all()
            if not due:
                return done
            hours = [row.hour for row in due]
            for grain in (MINUTES, HOURS):
                await pieces.ensure(grain, hours)
            given = {"traces": [row.trace for row in due], "hours": hours}
            for statement in (_OFF, _TO_MINUTES, _TO_HOURS):
                await connection.execute(statement, given)
        done += len(due)
