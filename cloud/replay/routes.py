"""`/replay`: a past day of all cases in one's scope, from their logs alone."""

from __future__ import annotations

import base64
import binascii
import json
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query

from cloud.context import InContext
from cloud.deadlines.worktime import midnight
from cloud.errors import Problem
from cloud.incidents import views
from cloud.people.identity import InScope, Viewer
from cloud.problems import problems
from cloud.replay import reading
from cloud.replay.models import CaseChange, CaseStood, ReplayPage
from cloud.replay.reading import Place
from cloud.times import Day

router = APIRouter(prefix="/replay", tags=["incidents"])

_DAY = Query(description="A day of the site, not one to come.", examples=["2026-11-21"])
_CURSOR = Query(max_length=400, description="`next` of the page before, with the same `day`.")


@router.get(
    "",
    operation_id="getReplay",
    summary="Get a past day again",
    description="How the cases in your scope stood when the day began, and every line of their logs in it, "
    "each with how its case stood from then on. Only logs are asked: they are never changed.",
    responses=problems("unauthenticated", "forbidden", "invalid"),
)
async def get_replay(
    context: InContext,
    _: Viewer,
    scope: InScope,
    day: Annotated[Day, _DAY],
    limit: Annotated[int, Query(ge=1, le=2000)] = 500,
    cursor: Annotated[str | None, _CURSOR] = None,
) -> ReplayPage:
    """One page of it."""
    now, zone = context.now(), context.registry.timezone
    if day.year < 2000 or day > now.astimezone(zone).date():
        fault = {"pointer": "/query/day", "detail": "from 2000 to today"}
        raise Problem("invalid", f"day: {day} cannot be played; write one that has begun", errors=[fault])
    begin, end = midnight(day, zone), min(midnight(day + timedelta(days=1), zone), now)
    after = None if cursor is None else _place(cursor)
    async with context.engine.connect() as connection:
        before = await reading.standing(connection, scope, begin) if after is None else []
        rows = await reading.lines(connection, scope, begin, end, after, limit)
        stood = await reading.stood(connection, rows)
        ids = reading.ids_of(before, rows)
        cases = await views.read(connection, ids, scope, context.registry, now)
    return ReplayPage(
        day=day,
        begins_at=begin,
        ends_at=end,
        standing=[CaseStood.model_validate(asdict(one)) for one in before],
        changes=[
            CaseChange(
                line=views.log_entry(row),
                stood=CaseStood.model_validate(asdict(stood[row.incident_id, row.version])),
            )
            for row in rows
        ],
        cases=list(cases.values()),
        next=_cursor(rows[-1]) if len(rows) == limit else None,
    )


def _cursor(row: Any) -> str:
    parts = [row.at.astimezone(UTC).isoformat(), str(row.incident_id), row.version]
    return base64.urlsafe_b64encode(json.dumps(parts).encode()).decode().rstrip("=")


def _place(cursor: str) -> Place:
    try:
        at, incident_id, version = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
        found = Place(datetime.fromisoformat(at), UUID(incident_id), int(version))
        if found.at.tzinfo is None or not 0 < found.version < 2**31:
            raise ValueError("no place in a log")
    except (ValueError, TypeError, AttributeError, OverflowError, binascii.Error) as error:
        fault = {"pointer": "/query/cursor", "detail": "take `next` of the page before"}
        raise Problem("invalid", "cursor: cannot be read", errors=[fault]) from error
    return found
