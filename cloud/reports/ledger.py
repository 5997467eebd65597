"""台账: a row a case, with what it counts for; at the end the totals, which are those of the indices.

In it are the cases that were opened in the span or count for an index in it. Nobody's words, names or numbers
are in it: what was described in free text stays in the case.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import func, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from cloud.areas.registry import SEVERITIES, Registry, named
from cloud.database.schema import incident
from cloud.incidents.transitions import State
from cloud.organisations.model import Organisations
from cloud.people.scope import Scope
from cloud.reports.definitions import INDICES
from cloud.reports.facts import Mark
from cloud.reports.figures import Sum
from cloud.reports.listing import Narrowed
from cloud.reports.querying import Wanted, source, which, whose
from cloud.reports.sheet import Cell, Sheet
from cloud.reports.words import GRAVITY, LEVELS, SOURCES, STATES
from devices.site.model import Names

EVERY = Narrowed()
CHUNK = 500
"""Rows that are in memory at once."""
_HEAD = (
    "序号 No.", "案卷号 Number", "类别代码 Class", "类别 Class name", "来源 Source", "级别 Severity",
    "层级 Level", "网格 Grid", "社区 Community", "状态 State", "责任单位 Organisation", "发现 Opened",
    "办结 Closed",
)  # fmt: skip
_TOTALS = ("指标 Code", "名称 Name", "分子 Numerator", "分母 Denominator", "比率 Share", "平均秒 Mean, s")


async def write(
    sheet: Sheet,
    connection: AsyncConnection,
    wanted: Wanted,
    then: Mapping[UUID, list[Mark]],
    scope: Scope,
    registry: Registry,
    street: str | None,
    narrowed: Narrowed = EVERY,
    organisations: Organisations | None = None,
) -> int:
    """Write cases and totals, from a cursor of the server's; how many cases.

    `organisations`: what each is called; without them their ids stand there.
    """
    statement = _statement(wanted, then, scope, street, narrowed).execution_options(yield_per=CHUNK)
    sums: dict[str, Sum] = defaultdict(Sum)
    sheet.page("台账 Ledger")
    sheet.row([*_HEAD, *(f"{one.name.zh} {one.name.en}" for one in INDICES)])
    number = 0
    async with connection.stream(statement) as rows:
        async for part in rows.partitions(CHUNK):
            await asyncio.to_thread(_chunk, sheet, part, number, sums, registry, organisations)
            number += len(part)
    sheet.page("合计 Totals")
    sheet.row(_TOTALS)
    for cells in _totals(sums):
        sheet.row(cells)
    return number


def _statement(
    wanted: Wanted, then: Mapping[UUID, list[Mark]], scope: Scope, street: str | None, narrowed: Narrowed
) -> Any:
    marks = source(wanted, then)
    mark = func.jsonb_build_array(marks.c.code, marks.c.hit, marks.c.value)
    mine = (
        select(marks.c.incident_id, func.jsonb_agg(mark).label("marks"))
        .where(*whose(wanted, marks))
        .group_by(marks.c.incident_id)
        .subquery("mine")
    )
    opened = (incident.c.opened_at >= wanted.begins) & (incident.c.opened_at < wanted.ends)
    counts = mine.c.marks.is_not(None)
    of_somebody = wanted.person is not None or wanted.organisation is not None
    within = opened if narrowed.cases == "opened" else counts if of_somebody else or_(opened, counts)
    columns = (
        "number", "event_class", "source", "severity", "level", "grid", "community", "state",
        "organisation", "opened_at", "closed_at",
    )  # fmt: skip
    return (
        select(*(incident.c[name] for name in columns), mine.c.marks)
        .select_from(incident.outerjoin(mine, mine.c.incident_id == incident.c.id))
        .where(*which(wanted, scope, street), *narrowed.conditions(), within)
        .order_by(incident.c.opened_at, incident.c.id)
    )


def _chunk(
    sheet: Sheet,
    rows: Sequence[Any],
    number: int,
    sums: dict[str, Sum],
    registry: Registry,
    organisations: Organisations | None,
) -> None:
    for at, row in enumerate(rows, start=number + 1):
        own: dict[str, Sum] = defaultdict(Sum)
        for code, hit, value in row.marks or ():
            own[code] += Sum(int(hit), 1, value or 0)
        for code, one in own.items():
            sums[code] += one
        sheet.row([*_case(at, row, registry, organisations), *_counts(own)])


def _case(at: int, row: Any, registry: Registry, organisations: Organisations | None) -> Iterator[Cell]:
    known = registry.classes.get(row.event_class)
    yield from (at, row.number, row.event_class, _words(known.name if known else named(row.event_class)))
    yield from map(_words, (SOURCES[row.source], GRAVITY[SEVERITIES[row.severity]], LEVELS[row.level]))
    for identifier in (row.grid, row.community):
        area = registry.areas.get(identifier) if identifier else None
        yield _words(area.name) if area else identifier
    body = organisations.of(row.organisation) if organisations and row.organisation else None
    yield from (_words(STATES[State(row.state)]), _words(body.name) if body else row.organisation)
    yield from (_local(row.opened_at, registry), _local(row.closed_at, registry))


def _counts(own: Mapping[str, Sum]) -> Iterator[Cell]:
    """Hits; empty where it does not count; of times their seconds."""
    for index in INDICES:
        one = own.get(index.code)
        yield None if one is None else one.seconds if index.how == "seconds" else one.numerator


def _totals(sums: Mapping[str, Sum]) -> Iterator[list[Cell]]:
    for index in INDICES:
        one, timed = sums.get(index.code, Sum()), index.how == "seconds"
        name = _words(index.name)
        share, mean = (None, one.mean) if timed else (one.share, None)
        yield [index.code, name, one.numerator, one.denominator, share, mean]


def _words(name: Names) -> str:
    return f"{name.zh} {name.en}"


def _local(at: datetime | None, registry: Registry) -> datetime | None:
    return None if at is None else at.astimezone(registry.timezone or UTC)
