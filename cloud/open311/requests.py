"""Reports as service requests: which there are, and what of each may be told to whom."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import case, func, literal, select
from sqlalchemy.ext.asyncio import AsyncConnection

from cloud.areas.registry import Registry
from cloud.database.schema import incident
from cloud.incidents.transitions import OPEN
from cloud.open311.arguments import Query
from cloud.open311.wire import Record, w3
from cloud.public import codes
from cloud.public.track import Tracked
from cloud.sources.tables import report

_INTO = incident.alias()
_NOTES = {
    "received": "Received",
    "accepted": "Accepted",
    "in_hand": "In hand",
    "done": "Done, being checked",
    "closed": "Closed",
    "refused": "Not taken up",
}


async def of_sender(connection: AsyncConnection, sender: str, wanted: Query) -> Sequence[Any]:
    """Rows of `report` that the sender made and that are wanted, newest first."""
    joined = report.outerjoin(incident, incident.c.id == report.c.incident_id).outerjoin(
        _INTO, _INTO.c.id == func.coalesce(incident.c.merged_into, incident.c.duplicate_of)
    )
    state = func.coalesce(_INTO.c.state, incident.c.state)
    is_open = case(
        (report.c.state == "refused", literal(False)), (state.is_(None), literal(True)),
        else_=state.in_(sorted(OPEN)),
    )  # fmt: skip
    statement = (
        select(report.c.number)
        .select_from(joined)
        .where(report.c.sender == sender, report.c.received_at.between(wanted.start, wanted.end))
        .order_by(report.c.received_at.desc(), report.c.id.desc())
        .limit(wanted.size)
        .offset((wanted.page - 1) * wanted.size)
    )
    if wanted.codes:
        statement = statement.where(report.c.event_class.in_(wanted.codes))
    if wanted.open is not None:
        statement = statement.where(is_open if wanted.open else ~is_open)
    return (await connection.scalars(statement)).all()


async def told(connection: AsyncConnection, number: str) -> Any | None:
    """The report of an acceptance number; None: a case that nobody of the public reported."""
    return (await connection.execute(select(report).where(report.c.number == number))).one_or_none()


def show(found: Tracked, row: Any | None, own: bool, registry: Registry, media_url: str | None) -> Record:
    """A service request. What was told, and where exactly, is its sender's to see."""
    known = registry.classes.get(row.event_class) if row is not None and row.event_class else None
    mine = row if own else None
    return {
        "service_request_id": found.public_number,
        "status": "closed" if found.status in ("closed", "refused") else "open",
        "status_notes": _NOTES[found.status],
        "service_name": known.name.zh if known else None,
        "service_code": known.code if known else None,
        "description": mine.words if mine is not None else None,
        "agency_responsible": None,
        "service_notice": None,
        "requested_datetime": w3(found.received_at),
        "updated_datetime": w3(found.closed_at or found.updated_at),
        "expected_datetime": None,
        "address": mine.address if mine is not None else None,
        "address_id": None,
        "zipcode": None,
        "lat": mine.lat if mine is not None else None,
        "long": mine.lon if mine is not None else None,
        "media_url": media_url,
    }


def number_of(public: str) -> str | None:
    """The acceptance number within a public number that may be one."""
    given = codes.parse(public)
    return given.number if given else None
