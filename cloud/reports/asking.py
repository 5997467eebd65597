"""What people ask figures for: the query of indices and ledger, and the connection they are read by."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from typing import Annotated
from uuid import UUID

from fastapi import Depends, Query
from sqlalchemy.ext.asyncio import AsyncConnection

from cloud.areas.registry import Registry
from cloud.context import Context, InContext
from cloud.errors import Problem
from cloud.people.wall import unwalled
from cloud.reports.facts import Mark
from cloud.reports.marking import Marker
from cloud.reports.querying import Wanted
from cloud.times import Moment

MOST = timedelta(days=366)
USUAL = timedelta(days=30)
Name = Annotated[str | None, Query(max_length=64, pattern=r"^[^\x00]+$")]


def asked(
    context: InContext,
    first: Annotated[
        Moment | None, Query(alias="from", description="30 days before `to` unless given.")
    ] = None,
    last: Annotated[Moment | None, Query(alias="to", description="Not part of it; now unless given.")] = None,
    area: Name = None,
    event_class: Name = None,
    source: Name = None,
    organisation: Name = None,
    person: Name = None,
) -> Wanted:
    """The span and the filters; nothing counts that has not come yet.

    Raises:
        Problem: invalid.
    """
    now = context.now()
    try:
        ends = min(last or now, now)
        begins = first or ends - USUAL
    except OverflowError:
        begins = ends
    if not timedelta() < ends - begins <= MOST:
        fault = {"pointer": "/query/from", "detail": f"before `to`, by {MOST.days} days at most"}
        raise Problem("invalid", "from, to: no span of time that is answered", errors=[fault])
    return Wanted(begins, ends, area, event_class, source, organisation, person)


Asked = Annotated[Wanted, Depends(asked)]


def street_of(registry: Registry) -> str | None:
    """The id of the street."""
    streets = (one.id for one in registry.areas.values() if one.level == "street")
    return next((one for one in streets if ("area", one) in registry.active), None)


@asynccontextmanager
async def reading(
    context: Context, marker: Marker, ends: datetime
) -> AsyncIterator[tuple[AsyncConnection, Mapping[UUID, list[Mark]]]]:
    """A connection that sees one moment, and how cases stood at `ends` that changed since."""
    with unwalled():
        async with context.engine.connect() as connection:
            then = await marker.straddling(connection, ends)
    async with context.engine.connect() as connection:
        yield connection, then
