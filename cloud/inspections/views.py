"""Inspections, read for the API."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from sqlalchemy import ColumnElement, and_, func, or_, select, true
from sqlalchemy.ext.asyncio import AsyncConnection

from cloud.database.schema import incident
from cloud.errors import Problem
from cloud.inspections.models import Answer, Inspection, InspectionList
from cloud.inspections.policy import Inspection as Task
from cloud.inspections.tables import inspection, inspection_case
from cloud.people.scope import Scope, visible

Which = Literal["open", "planned", "missed", "done", "all"]


def visible_inspections(scope: Scope) -> ColumnElement[bool]:
    """The condition over `inspection` that holds for what is in scope."""
    if scope.areas is None:
        return true()
    mine = sorted(scope.areas)
    return or_(inspection.c.grid.in_(mine), inspection.c.community.in_(mine))


async def page(
    connection: AsyncConnection,
    scope: Scope,
    which: Which,
    wanted: ColumnElement[bool],
    limit: int,
    now: datetime,
) -> InspectionList:
    """The first due first; what is done the latest first. `open`: begun or missed, and not done."""
    state = inspection.c.state
    chosen = {
        "open": (state == "missed") | ((state == "planned") & (inspection.c.begins_at <= now)),
        "all": true(),
    }.get(which, state == which)
    order = (inspection.c.done_at.desc(),) if which == "done" else (inspection.c.due_at,)
    mine = visible_inspections(scope)
    statement = select(inspection).where(mine, chosen, wanted).order_by(*order, inspection.c.id).limit(limit)
    rows = (await connection.execute(statement)).all()
    missed = select(func.count()).select_from(inspection).where(and_(mine, state == "missed"))
    return InspectionList(
        items=await _shown(connection, rows, scope), missed=await connection.scalar(missed) or 0
    )


async def one(connection: AsyncConnection, identifier: UUID, scope: Scope) -> Inspection:
    """One inspection.

    Raises:
        Problem: not_found, also when it is out of scope.
    """
    statement = select(inspection).where(inspection.c.id == identifier, visible_inspections(scope))
    found = await _shown(connection, (await connection.execute(statement)).all(), scope)
    if not found:
        raise Problem("not_found", f"no inspection has the id {identifier}")
    return found[0]


async def _shown(connection: AsyncConnection, rows: Sequence[Any], scope: Scope) -> list[Inspection]:
    cases: dict[UUID, list[UUID]] = defaultdict(list)
    statement = (
        select(inspection_case)
        .join(incident, incident.c.id == inspection_case.c.incident_id)
        .where(inspection_case.c.inspection_id.in_([row.id for row in rows]), visible(scope))
        .order_by(incident.c.number)
    )
    for each in await connection.execute(statement):
        cases[each.inspection_id].append(each.incident_id)
    return [_one(row, cases[row.id]) for row in rows]


def _one(row: Any, cases: list[UUID]) -> Inspection:
    task = Task.model_validate(row.body)
    own = ("name", "who", "checklist", "answers", "cases")
    plain = {name: getattr(row, name) for name in Inspection.model_fields if name not in own}
    answers = None if row.answers is None else [Answer.model_validate(each) for each in row.answers]
    return Inspection(
        **plain, name=task.name, who=task.who, checklist=list(task.checklist), answers=answers, cases=cases
    )
