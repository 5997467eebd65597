"""`/reports`: the periodic reports; `/grid-log`: what happened in a grid, and which grids wrote nothing."""

from __future__ import annotations

import json
from datetime import date, datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Path, Query
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import select

from cloud.context import Context, InContext
from cloud.errors import Problem
from cloud.people.identity import Doer, InScope, Viewer
from cloud.people.scope import Scope
from cloud.people.wall import unwalled
from cloud.problems import problems
from cloud.reports import gridlog, reporting
from cloud.reports.marking import InMarker
from cloud.reports.periods import Kind, parse
from cloud.reports.policy import REPORTS, ReportPolicy
from cloud.reports.tables import period_report
from cloud.sources import idempotency
from cloud.stamps import Clocked, true_time

router = APIRouter(tags=["indices"])
Day = Annotated[date, Query(description="A day of the site; 2000 to 2100.")]
Grid = Annotated[str, Path(max_length=64, pattern=r"^[^\x00]+$")]


class ReportHead(BaseModel):
    """A report that there is."""

    kind: Kind
    period: str
    begins: datetime
    ends: datetime
    made_at: datetime


class Reports(BaseModel):
    """The newest first."""

    items: list[ReportHead]


class ReportOut(ReportHead):
    """A report, whole."""

    body: dict[str, Any]
    """Of each index numerator, denominator and seconds: `street`, by `community`, by `grid`; of a month also
    the stars of `workers` and `grids`, with their inputs and the lines of logs those were counted from."""
    same: bool | None
    """Whether working it out again gives the same bytes; null: not asked for."""


class LogLine(BaseModel):
    """One line of a grid's log."""

    at: datetime
    action: str
    person: str | None
    words: str | None
    incident_id: UUID | None
    number: str | None
    version: int | None


class GridLog(BaseModel):
    """A grid's day."""

    items: list[LogLine]


class NewGridNote(Clocked):
    """What to write into a grid's log."""

    model_config = ConfigDict(extra="forbid")
    words: str = Field(min_length=1, max_length=2000, pattern=r"^[^\x00]*\S[^\x00]*$")


class Missing(BaseModel):
    """Grids of which nothing was heard."""

    day: date
    by: str
    """`HH:MM` by the clocks of the site."""
    grids: list[str]


@router.get(
    "/reports",
    operation_id="listPeriodReports",
    summary="List the reports of weeks, half-months and months",
    responses=problems("unauthenticated", "forbidden", "invalid"),
)
async def list_period_reports(
    context: InContext, _: Viewer, scope: InScope, kind: Annotated[Kind | None, Query()] = None
) -> Reports:
    """At most 200. They are of the whole street: for those who see all of it."""
    if scope.areas is not None:
        return Reports(items=[])
    columns = [period_report.c[name] for name in ReportHead.model_fields]
    statement = select(*columns).order_by(period_report.c.ends.desc(), period_report.c.kind).limit(200)
    if kind is not None:
        statement = statement.where(period_report.c.kind == kind)
    async with context.engine.connect() as connection:
        rows = (await connection.execute(statement)).mappings().all()
    return Reports(items=[ReportHead(**row) for row in rows])


@router.get(
    "/reports/{kind}/{period_id}",
    operation_id="getPeriodReport",
    summary="Get a report",
    description="As it was made when its period had ended. `verify` works it out of the logs again.",
    responses=problems("unauthenticated", "forbidden", "not_found", "invalid"),
)
async def get_period_report(
    context: InContext,
    _: Viewer,
    scope: InScope,
    marker: InMarker,
    kind: Kind,
    period_id: Annotated[str, Path(max_length=16, pattern=r"^[0-9W-]+$")],
    verify: Annotated[bool, Query()] = False,
) -> ReportOut:
    """Whole."""
    mine = (period_report.c.kind == kind, period_report.c.period == period_id)
    with unwalled():
        async with context.engine.connect() as connection:
            row = (await connection.execute(select(period_report).where(*mine))).one_or_none()
            if row is None or scope.areas is not None:
                raise Problem("not_found", f"there is no report of the {kind} {period_id}")
            again = (
                await reporting.make(connection, marker, context.current, parse(kind, period_id))
                if verify
                else None
            )
    head = {name: getattr(row, name) for name in ReportHead.model_fields}
    return ReportOut(**head, body=json.loads(row.body), same=None if again is None else again == row.body)


@router.get(
    "/grid-log/missing",
    operation_id="listMissingGridLogs",
    summary="List the grids that were not heard of on a day",
    description="Those in your scope without an entry until the time that the policy `reports` names.",
    responses=problems("unauthenticated", "forbidden", "invalid"),
)
async def list_missing(context: InContext, _: Viewer, scope: InScope, day: Day) -> Missing:
    """Told of the logs, so the same whenever it is asked."""
    registry, terms = context.registry, context.policies.of(REPORTS) or ReportPolicy()
    begins, _end = _bounds(context, day)
    mine = [grid for grid in gridlog.grids_of(registry) if _holds(context, scope, grid)]
    with unwalled():
        async with context.engine.connect() as connection:
            found = await gridlog.missing(
                connection, mine, begins, gridlog.upload_by(terms, day, registry.timezone)
            )
    return Missing(day=day, by=f"{terms.upload_by:%H:%M}", grids=found)


@router.get(
    "/grid-log/{grid_id}",
    operation_id="getGridLog",
    summary="Get what happened in a grid on a day",
    responses=problems("unauthenticated", "forbidden", "not_found", "invalid"),
)
async def get_grid_log(context: InContext, _: Viewer, scope: InScope, grid_id: Grid, day: Day) -> GridLog:
    """From its cases' logs and its notes."""
    _require(context, scope, grid_id)
    begins, ends = _bounds(context, day)
    async with context.engine.connect() as connection:
        found = await gridlog.read(connection, grid_id, scope, begins, ends)
    items = [LogLine(**{name: getattr(one, name) for name in LogLine.model_fields}) for one in found]
    return GridLog(items=items)


@router.post(
    "/grid-log/{grid_id}",
    operation_id="addGridNote",
    summary="Write into a grid's log",
    description="It stays as it is; telephone and identity numbers are taken out.",
    status_code=201,
    responses=problems("unauthenticated", "forbidden", "csrf", "not_found", "invalid", "key_reused"),
)
async def add_grid_note(
    context: InContext,
    person: Doer,
    scope: InScope,
    grid_id: Grid,
    note: NewGridNote,
    key: idempotency.Key = None,
) -> LogLine:
    """A note; a repeat with the same key is answered as the first was."""
    _require(context, scope, grid_id)
    now = context.now()
    at = true_time(note.written_at, note.sent_at, now)
    content = {"grid": grid_id} | note.model_dump(mode="json", exclude={"sent_at"})
    async with context.engine.begin() as connection:

        async def work() -> Any:
            words = await gridlog.write(connection, grid_id, person.username, note.words, at)
            line = LogLine(
                at=at, action="grid_note", person=person.username, words=words, incident_id=None, number=None,
                version=None,
            )  # fmt: skip
            return line.model_dump(mode="json")

        asked = idempotency.Asked(f"person:{person.id}", key, content)
        answer, _ = await idempotency.once(connection, asked, now, work)
    return LogLine.model_validate(answer)


def _bounds(context: Context, day: date) -> tuple[datetime, datetime]:
    if not 2000 <= day.year <= 2100:
        fault = {"pointer": "/query/day", "detail": "2000 to 2100"}
        raise Problem("invalid", f"day: {day} is too far away; write one of 2000 to 2100", errors=[fault])
    return gridlog.day_of(day, context.registry.timezone)


def _holds(context: Context, scope: Scope, grid: str) -> bool:
    area = context.registry.areas.get(grid)
    return area is not None and area.level == "grid" and scope.holds(grid, area.parent)


def _require(context: Context, scope: Scope, grid: str) -> None:
    if not _holds(context, scope, grid):
        raise Problem("not_found", f"no grid has the id {grid!r}")
