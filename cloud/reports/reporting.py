"""Periodic reports: worked out of the logs as they stood when the period ended, and stored once."""

from __future__ import annotations

import json
from collections import defaultdict
from dataclasses import asdict
from datetime import datetime
from typing import Any, TypeVar

from pydantic import BaseModel
from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from cloud.areas.current import Current
from cloud.database.schema import incident
from cloud.deadlines.firing import Effect
from cloud.deadlines.store import Deadline
from cloud.duty.kinds import ROSTERS
from cloud.duty.model import Rosters
from cloud.people.scope import STREET
from cloud.policies.kind import Kind as PolicyKind
from cloud.policies.reading import check
from cloud.policies.tables import policy
from cloud.reports.definitions import INDICES
from cloud.reports.figures import Sum
from cloud.reports.marking import Marker
from cloud.reports.periods import KINDS, Kind, Period, parse, period_of
from cloud.reports.policy import REPORTS, ReportPolicy
from cloud.reports.querying import By, Wanted, source, sums
from cloud.reports.stars import Event, Star, of_grids, of_workers
from cloud.reports.tables import period_report

REPORT = "report"
"""The kind of deadline."""
Document = TypeVar("Document", bound=BaseModel)


async def make(connection: AsyncConnection, marker: Marker, current: Current, period: Period) -> str:
    """The report of a period as JSON, in one form only: the same logs give the same bytes."""
    begins, ends = period.instants(current.registry.timezone)
    then = await marker.straddling(connection, ends, also_behind=True)
    wanted = Wanted(begins, ends)
    opened = func.count().filter(incident.c.opened_at >= begins, incident.c.opened_at < ends)
    body: dict[str, Any] = {
        "kind": period.kind,
        "period": period.name,
        "begins": begins.isoformat(),
        "ends": ends.isoformat(),
        "opened": await connection.scalar(select(opened)),
        "street": _figures(
            {code: one for (_, code), one in (await sums(connection, wanted, then, STREET, None)).items()}
        ),
    }
    bys: tuple[By, ...] = ("community", "grid")
    for by in bys:
        parts: dict[str, dict[str, Sum]] = defaultdict(dict)
        for (of, code), one in (await sums(connection, wanted, then, STREET, None, by)).items():
            parts[of or ""][code] = one
        body[by] = {of: _figures(each) for of, each in parts.items()}
    if period.kind == "month":
        terms = await in_force(connection, REPORTS, ends) or ReportPolicy()
        body["terms"] = terms.model_dump(mode="json")
        events = await _events(connection, wanted, then)
        rosters = await in_force(connection, ROSTERS, ends)
        body["workers"] = [
            _star(one) for one in of_workers(terms.workers, terms.bands, events, _looked_after(rosters))
        ]
        body["grids"] = [_star(one) for one in of_grids(terms.grids, terms.bands, events)]
    return json.dumps(body, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


async def in_force(connection: AsyncConnection, kind: PolicyKind[Document], at: datetime) -> Document | None:
    """A policy as it was just before `at`; None: there was none."""
    mine = select(policy.c.body).where(policy.c.kind == kind.name, policy.c.at < at)
    body = await connection.scalar(mine.order_by(policy.c.version.desc()).limit(1))
    return None if body is None else check(kind, body)[0]


async def keep(
    connection: AsyncConnection, period: Period, body: str, current: Current, now: datetime
) -> None:
    """Store it, unless it is there."""
    begins, ends = period.instants(current.registry.timezone)
    row = {
        "kind": period.kind,
        "period": period.name,
        "begins": begins,
        "ends": ends,
        "made_at": now,
        "body": body,
    }
    await connection.execute(insert(period_report).values(row).on_conflict_do_nothing())


async def due(connection: AsyncConnection, current: Current, now: datetime) -> list[Deadline]:
    """The rows of the periods that go on now, and of those that ended since the last report was stored."""
    zone = current.registry.timezone
    today = now.astimezone(zone).date()
    statement = select(period_report.c.kind, func.max(period_report.c.period).label("last"))
    last = {row.kind: row.last for row in await connection.execute(statement.group_by(period_report.c.kind))}
    rows = []
    for kind in KINDS:
        going_on = period_of(kind, today)
        at = parse(kind, last[kind]).following() if kind in last else going_on
        while at.first <= going_on.first:
            key = f"{REPORT}/{kind}/{at.name}"
            rows.append(Deadline(key, REPORT, at.instants(zone)[1], detail={"kind": kind, "period": at.name}))
            at = at.following()
    return rows


def effects(current: Current, marker: Marker) -> dict[str, Effect]:
    """What falls due."""

    async def ended(connection: AsyncConnection, one: Deadline, now: datetime) -> None:
        kind: Kind = one.detail["kind"]
        period = parse(kind, one.detail["period"])
        await keep(connection, period, await make(connection, marker, current, period), current, now)

    return {REPORT: ended}


async def _events(connection: AsyncConnection, wanted: Wanted, then: Any) -> list[Event]:
    marks = source(wanted, then)
    joined = marks.join(incident, incident.c.id == marks.c.incident_id)
    columns = (
        marks.c.code,
        marks.c.incident_id,
        marks.c.version,
        marks.c.hit,
        incident.c.grid,
        marks.c.person,
    )
    rows = await connection.execute(select(*columns).select_from(joined))
    return [Event(*tuple(row)) for row in rows]


def _looked_after(rosters: Rosters | None) -> dict[str, set[str]]:
    """Who looks after which grids."""
    found: dict[str, set[str]] = defaultdict(set)
    for grid, post in rosters.grids.items() if rosters else ():
        for who in (post.primary, *post.backups):
            found[who].add(grid)
    return dict(found)


def _figures(found: dict[str, Sum]) -> dict[str, list[int]]:
    """Of each index that counts: numerator, denominator, seconds."""
    there = ((one.code, found[one.code]) for one in INDICES if one.code in found)
    return {code: [one.numerator, one.denominator, one.seconds] for code, one in there}


def _star(one: Star) -> dict[str, Any]:
    return asdict(one)
