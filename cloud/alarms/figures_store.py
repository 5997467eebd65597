"""The counts that the figures are made of, out of the database."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from cloud.alarms.figures import CHATTER_TIMES, CHATTER_WITHIN, STALE_AFTER, WINDOW

TOP = 10
_SPAN = "opened_at >= :first AND opened_at < :last"
_CALLED = "aside_at_opening IS NULL AND NOT history"
_MINUTES = text(f"""
    SELECT date_trunc('minute', opened_at) AS minute, count(*) FILTER (WHERE {_CALLED}) AS called,
           count(*) AS stored
    FROM alarm WHERE {_SPAN} GROUP BY 1
""")  # noqa: S608
_KINDS = text(f"""
    SELECT severity, coalesce(aside_at_opening, CASE WHEN history THEN 'history' ELSE 'called' END) AS how,
           count(*) AS count
    FROM alarm WHERE {_SPAN} GROUP BY 1, 2
""")  # noqa: S608
_TOP = text(f"""
    SELECT device, event_class, count(*) AS count, count(*) FILTER (WHERE verdict = 'false') AS false_ones
    FROM alarm WHERE {_SPAN} AND {_CALLED} GROUP BY 1, 2 ORDER BY 3 DESC, 1, 2 LIMIT :top
""")  # noqa: S608
_CHATTER = text(f"""
    SELECT place, event_class, count(*) AS count FROM (
        SELECT place, event_class,
               opened_at - lag(opened_at, :before) OVER alike AS took
        FROM alarm WHERE {_SPAN} WINDOW alike AS (PARTITION BY place, event_class ORDER BY opened_at)) AS one
    WHERE took <= :within GROUP BY 1, 2 ORDER BY 3 DESC, 1, 2
""")  # noqa: S608
_STANDING = text("""
    SELECT coalesce(aside, CASE WHEN acknowledged_at IS NULL THEN 'unacknowledged' ELSE 'acknowledged' END)
               AS state,
           count(*) AS count, count(*) FILTER (WHERE opened_at < :before AND aside IS NULL) AS stale,
           min(opened_at) AS oldest
    FROM alarm WHERE state <> 'cleared' GROUP BY 1
""")
_STALE = text("""
    SELECT id, device, event_class, opened_at FROM alarm
    WHERE state <> 'cleared' AND aside IS NULL AND opened_at < :before ORDER BY opened_at, id LIMIT :top
""")
_LATELY = text(f"SELECT count(*) FROM alarm WHERE {_SPAN} AND {_CALLED}")  # noqa: S608


@dataclass(frozen=True, slots=True)
class Counts:
    """What stands in the database of a span of time, and now."""

    minutes: Mapping[datetime, int]
    """Alarms that called, by the minute in which they began."""
    kinds: Sequence[Any]
    top: Sequence[Any]
    chattering: Sequence[Any]
    standing: Sequence[Any]
    stale: Sequence[Any]


async def counts(connection: AsyncConnection, first: datetime, last: datetime, now: datetime) -> Counts:
    """Of alarms that began from `first` to before `last`, and of those that are active `now`."""
    span: dict[str, Any] = {"first": first, "last": last}
    chatter = span | {"before": CHATTER_TIMES - 1, "within": CHATTER_WITHIN}
    before = {"before": now - STALE_AFTER}
    minutes = (await connection.execute(_MINUTES, span)).all()
    return Counts(
        {row.minute: row.called for row in minutes if row.called},
        (await connection.execute(_KINDS, span)).all(),
        (await connection.execute(_TOP, span | {"top": TOP})).all(),
        (await connection.execute(_CHATTER, chatter)).all(),
        (await connection.execute(_STANDING, before)).all(),
        (await connection.execute(_STALE, before | {"top": TOP})).all(),
    )


async def standing(connection: AsyncConnection, now: datetime) -> tuple[Sequence[Any], int]:
    """Active alarms by state, and how many called in the last 10 minutes: cheap enough for every scrape."""
    rows = (await connection.execute(_STANDING, {"before": now - STALE_AFTER})).all()
    lately = await connection.scalar(_LATELY, {"first": now - WINDOW, "last": now})
    return rows, int(lately or 0)
