"""A project at a point where something happens again and again: one open at a time, cases join it."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import insert, select
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncConnection

from cloud.playbooks.policy import Recurrence
from cloud.playbooks.tables import project, project_case, project_task
from devices.ids import uuid7


async def open_or_join(
    connection: AsyncConnection, case: Any, recurrence: Recurrence, now: datetime
) -> tuple[UUID, bool]:
    """The open project of a case's class at its point, and whether it is new; the case belongs to it now.

    `case`: a row of `incident`. Two cases at a moment make one: the database knows.
    """
    row = {
        "id": uuid7(), "event_class": case.event_class, "point": case.point or case.place,
        "grid": case.grid, "community": case.community, "name": recurrence.project.model_dump(),
        "version": 1, "opened_at": now,
    }  # fmt: skip
    made = upsert(project).values(row).on_conflict_do_nothing().returning(project.c.id)
    new: UUID | None = await connection.scalar(made)
    if new is None:
        where = (project.c.point == row["point"], project.c.event_class == case.event_class)
        there = select(project.c.id).where(*where, project.c.closed_at.is_(None))
        identifier: UUID = (await connection.scalars(there)).one()
    else:
        identifier = new
        tasks = [
            {"id": uuid7(), "project_id": new, "position": at, "name": name.model_dump(), "version": 1}
            for at, name in enumerate(recurrence.tasks, 1)
        ]
        await connection.execute(insert(project_task), tasks)
    joined = {"project_id": identifier, "incident_id": case.id, "added_at": now}
    await connection.execute(upsert(project_case).values(joined).on_conflict_do_nothing())
    return identifier, new is not None
