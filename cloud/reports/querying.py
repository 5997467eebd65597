"""Sums of marks and the cases behind them, of a span of time, as things stood at its end.

What changed a case after the span does not change the figures of the span: the marks of such cases are worked
out again from their logs up to then, and take the place of the rows. So a past month is the same for ever.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, get_args
from uuid import UUID

from sqlalchemy import (
    Boolean,
    ColumnElement,
    Integer,
    SmallInteger,
    Text,
    Uuid,
    bindparam,
    column,
    func,
    null,
    or_,
    select,
    true,
    tuple_,
    union_all,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncConnection

from cloud.database.columns import JSON, TIME
from cloud.database.schema import incident
from cloud.people.scope import Scope, visible
from cloud.reports.facts import Mark
from cloud.reports.figures import Sum
from cloud.reports.marking import numbered
from cloud.reports.tables import case_mark

By = Literal["grid", "community", "event_class", "source", "organisation", "person"]
BYS: tuple[By, ...] = get_args(By)
Part = Literal["numerator", "denominator"]
_COLUMNS: Mapping[str, Any] = {
    "incident_id": Uuid(), "code": Text(), "n": SmallInteger(), "at": TIME, "hit": Boolean(),
    "version": Integer(), "value": Integer(), "person": Text(), "organisation": Text(),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Wanted:
    """What figures are asked for: marks from `begins` to before `ends`, of these cases."""

    begins: datetime
    ends: datetime
    area: str | None = None
    """A grid, community or street; None: wherever."""
    event_class: str | None = None
    """A code; "05" is for all of its group."""
    source: str | None = None
    organisation: str | None = None
    person: str | None = None


@dataclass(frozen=True, slots=True)
class Found:
    """A mark, and the case that it is of."""

    incident_id: UUID
    n: int
    at: datetime
    hit: bool
    version: int
    value: int | None
    person: str | None
    organisation: str | None
    number: str
    event_class: str
    grid: str | None
    community: str | None


def source(wanted: Wanted, then: Mapping[UUID, list[Mark]]) -> Any:
    """The marks of the span, as a sub-query; `then`: of cases that changed after it, how they stood."""
    within = (case_mark.c.at >= wanted.begins, case_mark.c.at < wanted.ends)
    now = select(*(case_mark.c[name] for name in _COLUMNS)).where(*within)
    if not then:
        return now.subquery("marks")
    rows = [
        row | {"incident_id": str(key), "at": row["at"].isoformat()}
        for key, those in then.items()
        for row in numbered(key, those)
        if wanted.begins <= row["at"] < wanted.ends
    ]
    columns: list[Any] = [column(name, kind) for name, kind in _COLUMNS.items()]
    given = func.jsonb_to_recordset(bindparam("then", rows, JSON)).table_valued(*columns)
    given = given.render_derived(name="given", with_types=True)
    changed = bindparam("changed", list(then), ARRAY(Uuid()))
    kept = now.where(case_mark.c.incident_id != func.all(changed))
    return union_all(kept, select(*(given.c[name] for name in _COLUMNS))).subquery("marks")


def which(wanted: Wanted, scope: Scope, street: str | None) -> list[ColumnElement[bool]]:
    """The conditions over `incident`; `street`: the id that names everything."""
    found = [visible(scope)]
    if wanted.area is not None and wanted.area != street:
        found.append(or_(incident.c.grid == wanted.area, incident.c.community == wanted.area))
    if wanted.event_class is not None:
        code = incident.c.event_class
        found.append(
            or_(code == wanted.event_class, code.startswith(f"{wanted.event_class}-", autoescape=True))
        )
    if wanted.source is not None:
        found.append(incident.c.source == wanted.source)
    return found


def whose(wanted: Wanted, marks: Any) -> list[ColumnElement[bool]]:
    """The conditions over the marks."""
    given = {"organisation": wanted.organisation, "person": wanted.person}
    return [marks.c[name] == value for name, value in given.items() if value is not None] or [true()]


async def sums(
    connection: AsyncConnection,
    wanted: Wanted,
    then: Mapping[UUID, list[Mark]],
    scope: Scope,
    street: str | None,
    by: By | None = None,
) -> dict[tuple[str | None, str], Sum]:
    """By what `by` names (None: all together) and code."""
    marks = source(wanted, then)
    of: Any = null() if by is None else marks.c[by] if by in marks.c else incident.c[by]
    statement = (
        select(
            of.label("of"),
            marks.c.code,
            func.count().filter(marks.c.hit),
            func.count(),
            func.coalesce(func.sum(marks.c.value), 0),
        )
        .select_from(marks.join(incident, incident.c.id == marks.c.incident_id))
        .where(*which(wanted, scope, street), *whose(wanted, marks))
        .group_by("of", marks.c.code)
    )
    return {(row[0], row[1]): Sum(row[2], row[3], int(row[4])) for row in await connection.execute(statement)}


async def behind(
    connection: AsyncConnection,
    wanted: Wanted,
    then: Mapping[UUID, list[Mark]],
    scope: Scope,
    street: str | None,
    code: str,
    part: Part,
    limit: int,
    after: tuple[datetime, UUID, int] | None = None,
) -> list[Found]:
    """The marks, and so the cases, that a figure is made of; by time."""
    marks = source(wanted, then)
    order = (marks.c.at, marks.c.incident_id, marks.c.n)
    case = (incident.c.number, incident.c.event_class, incident.c.grid, incident.c.community)
    own = ("incident_id", "n", "at", "hit", "version", "value", "person", "organisation")
    statement = (
        select(*(marks.c[name] for name in own), *case)
        .select_from(marks.join(incident, incident.c.id == marks.c.incident_id))
        .where(marks.c.code == code, *which(wanted, scope, street), *whose(wanted, marks))
        .order_by(*order)
        .limit(limit)
    )
    if part == "numerator":
        statement = statement.where(marks.c.hit)
    if after is not None:
        statement = statement.where(tuple_(*order) > tuple_(*after))
    return [Found(*tuple(row)) for row in await connection.execute(statement)]
