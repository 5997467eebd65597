"""What people report, kept; a case opened from it, or the report joined to one that is there."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from cloud.areas.registry import RANK, Registry
from cloud.database.schema import incident, incident_number
from cloud.errors import Problem
from cloud.incidents import log, opening
from cloud.incidents.numbers import incident_number as number_of
from cloud.incidents.store import Actor
from cloud.incidents.transitions import OPEN
from cloud.sources.place import Where
from cloud.sources.tables import report
from devices.ids import uuid7

Source = Literal["worker", "citizen", "hotline", "manual", "open311"]
OF_THE_PUBLIC: tuple[Source, ...] = ("citizen", "hotline", "open311")
"""Whoever reported by these is owed an answer."""


@dataclass(frozen=True, slots=True)
class Told:
    """What somebody told us. `words` and `address` are without numbers that name a person."""

    source: Source
    sender: str
    """`person:<id>`, `citizen`, `hotline:<id>`, `key:<id>`."""
    event_class: str | None
    words: str
    where: Where
    happened_at: datetime
    address: str | None = None
    photos: tuple[str, ...] = ()
    external: str | None = None
    """The sender's own number of it: the same one again is the same report."""


async def keep(connection: AsyncConnection, told: Told, registry: Registry, now: datetime) -> Any | None:
    """The report's new row, waiting; None: its sender told it before."""
    running: int = await connection.scalar(select(incident_number.next_value())) or 0
    where = told.where
    values = {
        "id": uuid7(),
        "number": number_of(now.astimezone(registry.timezone).date(), running),
        "source": told.source,
        "sender": told.sender,
        "external": told.external,
        "received_at": now,
        "happened_at": min(told.happened_at, now),
        "event_class": told.event_class,
        "words": told.words,
        "address": told.address,
        "lon": where.lon,
        "lat": where.lat,
        "point": where.point,
        "grid": where.grid,
        "community": where.community,
        "photos": list(told.photos),
        "state": "waiting",
        "version": 1,
    }
    statement = insert(report).values(values).on_conflict_do_nothing().returning(report)
    return (await connection.execute(statement)).one_or_none()


async def known(connection: AsyncConnection, sender: str, external: str) -> Any | None:
    """What the sender told before under its own number `external`."""
    mine = (report.c.sender == sender) & (report.c.external == external)
    return (await connection.execute(select(report).where(mine))).one_or_none()


async def open_case(
    connection: AsyncConnection, row: Any, event_class: str, actor: Actor, registry: Registry, now: datetime
) -> UUID:
    """A case of a waiting report; the case's id.

    Raises:
        Problem: not_allowed, somebody decided about the report meanwhile.
    """
    known_class = registry.classes.get(event_class)
    incident_id = await opening.open_report(
        connection,
        opening.Report(
            source=row.source,
            event_class=event_class,
            severity=RANK[known_class.severity] if known_class else len(RANK) // 2,
            description=row.words,
            lon=row.lon,
            lat=row.lat,
            point=row.point,
            grid=row.grid,
            reported_class=row.event_class if row.event_class != event_class else None,
            opened_at=row.received_at,
            number=row.external or row.number,
        ),
        actor,
        now,
    )
    if row.grid is None and row.community is not None:
        mine = update(incident).where(incident.c.id == incident_id)
        await connection.execute(mine.values(community=row.community))
    await decide(connection, row, "accepted", incident_id, actor, None, now)
    return incident_id


async def attach(
    connection: AsyncConnection, row: Any, incident_id: UUID, actor: Actor, reason: str | None, now: datetime
) -> None:
    """The report tells of a case that is there: a line of its log.

    Raises:
        Problem: not_allowed, somebody decided about the report meanwhile, or the case is closed.
    """
    detail = {"report": row.number, "source": row.source, "photos": len(row.photos)}
    await log.note(connection, incident_id, "report_joined", actor, detail, now)
    state = await connection.scalar(select(incident.c.state).where(incident.c.id == incident_id))
    if state not in OPEN:
        raise Problem(
            "not_allowed", f"the case is {state}; only an open one takes reports", allowed_actions=[]
        )
    await decide(connection, row, "merged", incident_id, actor, reason, now)


async def decide(
    connection: AsyncConnection,
    row: Any,
    state: Literal["accepted", "merged", "refused"],
    incident_id: UUID | None,
    actor: Actor,
    reason: str | None,
    now: datetime,
) -> None:
    """Take the report out of triage.

    Raises:
        Problem: not_allowed, somebody did meanwhile.
    """
    statement = (
        update(report)
        .where(report.c.id == row.id, report.c.version == row.version, report.c.state == "waiting")
        .values(
            state=state, version=row.version + 1, incident_id=incident_id, decided_at=now,
            decided_by=actor.name, reason=reason,
        )
    )  # fmt: skip
    if (await connection.execute(statement)).rowcount != 1:
        raise Problem("not_allowed", "somebody decided about this report meanwhile", allowed_actions=[])


async def of_cases(connection: AsyncConnection, incidents: Collection[UUID]) -> list[Any]:
    """The reports of these cases, oldest first."""
    statement = select(report).where(report.c.incident_id.in_(incidents))
    return list((await connection.execute(statement.order_by(report.c.received_at, report.c.id))).all())
