"""`/triage`: what citizens and workers reported, in one order, until a person has decided about it."""

from __future__ import annotations

from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter, Header, Query
from sqlalchemy import ColumnElement, func, or_, select, true
from sqlalchemy.ext.asyncio import AsyncConnection

from cloud.context import Context, InContext
from cloud.database.schema import incident
from cloud.errors import Problem
from cloud.etag import version_of
from cloud.incidents.store import Actor
from cloud.incidents.transitions import State
from cloud.people.identity import Doer, Person, Viewer
from cloud.people.scope import Scope, scope_of
from cloud.problems import problems
from cloud.public.secret import secret
from cloud.sources import nearby, reports
from cloud.sources.models import Decision, Queue, Report
from cloud.sources.report_routes import policy_of, the_case
from cloud.sources.show import active_class, show_report, show_waiting, spot_of
from cloud.sources.tables import report

router = APIRouter(prefix="/triage", tags=["sources"])


@router.get(
    "",
    operation_id="listTriage",
    summary="List reports",
    description="Waiting ones oldest first, with the open cases each may tell of; decided ones newest first. "
    "What a worker found, on an inspection too, has a case at once: it waits here while that is detected, "
    "and is decided there (accept, duplicate, merge, void).",
    responses=problems("unauthenticated", "forbidden", "invalid"),
)
async def list_triage(
    context: InContext,
    who: Viewer,
    state: Literal["waiting", "accepted", "merged", "refused"] = "waiting",
    limit: Annotated[int, Query(ge=1, le=100)] = 50,
) -> Queue:
    """The queue."""
    registry, scope = context.registry, scope_of(who, context.registry)
    columns = report.c.received_at, report.c.id
    order = columns if state == "waiting" else tuple(column.desc() for column in columns)
    wanted = waits() if state == "waiting" else report.c.state == state
    mine = (visible_reports(scope), wanted)
    async with context.engine.begin() as connection:
        rows = (await connection.execute(select(report).where(*mine).order_by(*order).limit(limit))).all()
        waiting = await connection.scalar(select(func.count()).select_from(report).where(mine[0], waits()))
        key = await secret(connection)
        items = []
        for row in rows:
            found = []
            if state == "waiting" and row.event_class is not None:
                spot = spot_of(row, row.event_class)
                found = await nearby.near(
                    connection, spot, scope, policy_of(context), registry, row.incident_id
                )
            items.append(show_waiting(row, found, key, registry))
    return Queue(items=items, waiting=waiting or 0)


@router.post(
    "/{report_id}/decision",
    operation_id="decideReport",
    summary="Accept, merge or refuse a report",
    description="`If-Match` carries the version you saw. `accept` opens a case, `merge` joins it to an open "
    "one, `refuse` needs a reason.",
    responses=problems(
        "unauthenticated", "forbidden", "csrf", "not_found", "not_allowed", "version_changed", "invalid",
        "version_required",
    ),
)  # fmt: skip
async def decide_report(
    context: InContext,
    who: Doer,
    report_id: UUID,
    decision: Decision,
    if_match: Annotated[str | None, Header(description='The version you saw, `"v1"`.')] = None,
) -> Report:
    """Decide once."""
    version = version_of(if_match)
    async with context.engine.begin() as connection:
        row = await _one(connection, context, who, report_id)
        if row.version != version:
            raise Problem(
                "version_changed", f"you saw version {version}, it is at {row.version}", version=row.version
            )
        if row.state != "waiting":
            raise Problem("not_allowed", f"the report was {row.state}", allowed_actions=[])
        await _decide(connection, context, who, row, decision)
        row = await _one(connection, context, who, report_id)
        shown = show_report(row, await secret(connection), context.registry)
    context.tail.changed()
    return shown


def waits() -> ColumnElement[bool]:
    """The condition over `report` that holds for what nobody has looked at.

    That is a report nobody decided about, or a worker's whose case nobody has taken up.
    """
    untouched = select(incident.c.id).where(
        incident.c.id == report.c.incident_id, incident.c.state == State.DETECTED
    )
    return or_(report.c.state == "waiting", (report.c.source == "worker") & untouched.exists())


def visible_reports(scope: Scope) -> ColumnElement[bool]:
    """The condition over `report` that holds for what is in scope."""
    if scope.areas is None:
        return true()
    mine = sorted(scope.areas)
    return or_(report.c.grid.in_(mine), report.c.community.in_(mine))


async def _one(connection: AsyncConnection, context: Context, who: Person, report_id: UUID) -> Any:
    mine = visible_reports(scope_of(who, context.registry))
    row = (await connection.execute(select(report).where(report.c.id == report_id, mine))).one_or_none()
    if row is None:
        raise Problem("not_found", f"no report has the id {report_id}")
    return row


async def _decide(
    connection: AsyncConnection, context: Context, who: Person, row: Any, decision: Decision
) -> None:
    actor, now, registry = Actor("user", who.username), context.now(), context.registry
    if decision.decision == "refuse":
        if decision.reason is None:
            raise _missing("reason", "must be given to refuse")
        await reports.decide(connection, row, "refused", None, actor, decision.reason, now)
    elif decision.decision == "merge":
        if decision.incident_id is None:
            raise _missing("incident_id", "must be given to merge")
        await the_case(connection, context, who, decision.incident_id)
        await reports.attach(connection, row, decision.incident_id, actor, decision.reason, now)
    else:
        event_class = decision.event_class or row.event_class
        if event_class is None:
            raise _missing("event_class", "must be given: the report names none")
        event_class = active_class(event_class, registry)
        await reports.open_case(connection, row, event_class, actor, registry, now)


def _missing(field: str, what: str) -> Problem:
    return Problem("invalid", f"{field}: {what}", errors=[{"pointer": f"/body/{field}", "detail": what}])
