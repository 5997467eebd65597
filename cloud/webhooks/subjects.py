"""What events are about: cases by the lines of their logs, assets by their changes. Both are append-only."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Column, Table, func, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from cloud.areas.registry import Registry
from cloud.assets.tables import asset_change
from cloud.database.schema import incident, incident_event
from cloud.webhooks.events import asset_data_of, data_of, event_id
from cloud.webhooks.tables import event

Event = dict[str, Any]
"""A row of `webhook_event`, without its number."""
LINES: dict[str, tuple[Table, Column[Any]]] = {
    "incident": (incident_event, incident_event.c.incident_id),
    "asset": (asset_change, asset_change.c.asset_id),
}
"""By kind of the outbox: the lines that tell of a subject, and whose each is."""


async def written_since(connection: AsyncConnection, kind: str, since: datetime) -> set[UUID]:
    """Subjects with lines after `since`."""
    table, subject = LINES[kind]
    return set((await connection.scalars(select(subject).where(table.c.at > since).distinct())).all())


async def fresh(
    connection: AsyncConnection, kind: str, ids: Collection[UUID], since: datetime, registry: Registry
) -> list[Event]:
    """Events of the lines of these subjects after `since` that are not published yet, in order."""
    table, subject = LINES[kind]
    last = (
        select(event.c.incident_id, func.max(event.c.version).label("version"))
        .where(event.c.incident_id.in_(ids))
        .group_by(event.c.incident_id)
        .subquery()
    )
    new = or_(last.c.version.is_(None), table.c.version > last.c.version)
    statement = (
        select(table, subject.label("subject"))
        .join(last, last.c.incident_id == subject, isouter=True)
        .where(subject.in_(ids), new, table.c.at > since)
    )
    lines = _in_order((await connection.execute(statement)).all())
    street = [area.id for area in registry.areas.values() if area.level == "street"]
    if kind == "asset":
        return [_of_asset(one, street) for one in lines]
    mine = select(incident).where(incident.c.id.in_({one.subject for one in lines}))
    cases = {row.id: row for row in await connection.execute(mine)}
    return [_of_case(cases[one.subject], one, street) for one in lines]


def _in_order(lines: Iterable[Any]) -> list[Any]:
    """By time, but those of one subject always by version: a clock may have been set back between two."""
    latest: dict[UUID, datetime] = {}
    keyed = []
    for one in sorted(lines, key=lambda one: (one.subject, one.version)):
        at = latest[one.subject] = max(one.at, latest.get(one.subject, one.at))
        keyed.append(((at, one.subject, one.version), one))
    return [one for _, one in sorted(keyed, key=lambda pair: pair[0])]


def _of_case(case: Any, line: Any, street: Sequence[str]) -> Event:
    return _event(line, f"incident.{line.action}", [case.grid, case.community, *street], data_of(case, line))


def _of_asset(line: Any, street: Sequence[str]) -> Event:
    areas = [line.data["grid"], line.data["community"], *street]
    return _event(line, f"asset.{line.action}", areas, asset_data_of(line))


def _event(line: Any, kind: str, areas: Sequence[str | None], data: dict[str, Any]) -> Event:
    return {
        "event_id": event_id(line.subject, line.version), "incident_id": line.subject,
        "version": line.version, "kind": kind, "at": line.at,
        "areas": [area for area in areas if area], "data": data,
    }  # fmt: skip
