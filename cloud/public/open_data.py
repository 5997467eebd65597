"""Counts of cases for everybody: class x community x week, with small cells hidden, published once.

A week is counted when it has been over for a week, so that what was wrongly opened is out, and never again:
an edition before and one after a change could be subtracted. What is hidden is not even stored. There is one
table a week and one level of areas; every answer is a part of it, so no two answers can be subtracted either.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from cloud.database.schema import incident
from cloud.incidents.transitions import State
from cloud.public.suppression import Cell, shown, with_totals
from cloud.sources.tables import open_data_week

SETTLES = timedelta(days=7)
_NOT_COUNTED = (State.REJECTED, State.VOID, State.FALSE_ALARM)


@dataclass(frozen=True, slots=True, order=True)
class Week:
    """An ISO week (Monday to Sunday) by the site's clock."""

    year: int
    number: int

    def __str__(self) -> str:
        return f"{self.year}-W{self.number:02d}"

    @classmethod
    def parse(cls, text: str) -> Week:
        """`2026-W47`.

        Raises:
            ValueError: there is no such week.
        """
        year, mark, number = text.partition("-W")
        if not mark or len(year) != 4 or len(number) != 2 or not (year + number).isascii():
            raise ValueError(f"{text!r} is no ISO week; write 2026-W47")
        date.fromisocalendar(int(year), int(number), 1)
        return cls(int(year), int(number))

    @classmethod
    def of(cls, day: date) -> Week:
        """The week that holds a day."""
        found = day.isocalendar()
        return cls(found.year, found.week)

    @property
    def monday(self) -> date:
        """Its first day."""
        return date.fromisocalendar(self.year, self.number, 1)

    def span(self, zone: ZoneInfo) -> tuple[datetime, datetime]:
        """From its first moment to the first of the next."""
        begins, ends = self.monday, self.monday + timedelta(days=7)
        return (
            datetime(begins.year, begins.month, begins.day, tzinfo=zone),
            datetime(ends.year, ends.month, ends.day, tzinfo=zone),
        )


def weeks(first: Week, last: Week) -> Iterator[Week]:
    """All from the first to the last."""
    week = first
    while week <= last:
        yield week
        week = Week.of(week.monday + timedelta(days=7))


def newest(now: datetime, zone: ZoneInfo) -> Week:
    """The newest week that has been over long enough."""
    return Week.of((now - SETTLES).astimezone(zone).date() - timedelta(days=7))


async def cells(connection: AsyncConnection, week: Week, zone: ZoneInfo, now: datetime) -> Mapping[Cell, int]:
    """What is published of a week; counted now, if nobody asked before. A total has "" for class or area."""
    if week > newest(now, zone):
        return {}
    known = select(open_data_week.c.cells).where(open_data_week.c.week == str(week))
    stored = await connection.scalar(known)
    if stored is None:
        counted = shown(with_totals(await _counted(connection, week, zone)))
        fresh = [[*cell, count] for cell, count in sorted(counted.items())]
        row = {"week": str(week), "published_at": now, "cells": fresh}
        await connection.execute(insert(open_data_week).values(row).on_conflict_do_nothing())
        stored = await connection.scalar(known)
    return {(event_class, area): count for event_class, area, count in stored or ()}


async def _counted(connection: AsyncConnection, week: Week, zone: ZoneInfo) -> Counter[Cell]:
    begins, ends = week.span(zone)
    columns = incident.c.event_class, incident.c.community
    statement = (
        select(*columns, func.count().label("count"))
        .where(incident.c.opened_at >= begins, incident.c.opened_at < ends)
        .where(incident.c.state.not_in(_NOT_COUNTED), incident.c.community.is_not(None))
        .group_by(*columns)
    )
    rows = await connection.execute(statement)
    return Counter({(row.event_class, row.community): row.count for row in rows})
