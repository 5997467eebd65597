"""`/telemetry/series` and `/telemetry`: what there is, and one series down-sampled for a chart or as CSV."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Response
from sqlalchemy import select

from cloud.context import Context, InContext
from cloud.database.schema import device as device_table
from cloud.errors import Problem
from cloud.people.identity import InScope
from cloud.people.scope import Scope
from cloud.problems import problems
from cloud.telemetry.catalogue import Listed, listed
from cloud.telemetry.models import ChartOut, LimitOut, SeriesOut
from cloud.telemetry.store import StoreAway
from cloud.telemetry.values import STEPS, Bucket, begin_of, step_for
from cloud.times import Moment

router = APIRouter(
    prefix="/telemetry", tags=["telemetry"], responses=problems("unauthenticated", "forbidden", "invalid")
)

MOST = 5000
"""Buckets of one answer: four weeks by ten minutes, or a day by twenty seconds."""
USUAL = timedelta(hours=1)
COLUMNS = ("at", "count", "low", "mean", "high", "last")


@router.get(
    "/series",
    operation_id="listSeries",
    summary="Which quantities there are, of a point or of a node itself",
    responses=problems("not_found"),
)
async def list_series(
    context: InContext, scope: InScope, point: str | None = None, node: str | None = None
) -> list[SeriesOut]:
    """Each with its last value and the limits of its sensor's rules; name either `point` or `node`."""
    if (point is None) == (node is None):
        raise Problem("invalid", "name either `point` or `node`")
    known = (("point", point) if point else ("node", node)) in context.registry.active
    if not known or not _seen(scope, point, context):
        raise Problem("not_found", "there is no such point or node in the site")
    async with context.engine.connect() as connection:
        found = await listed(connection, points=[point] if point else [], nodes=[node] if node else [])
        statement = select(device_table.c.id, device_table.c.limits)
        limits = {row.id: row.limits for row in await connection.execute(statement)}
    return [_series(one, limits.get(one.trace.device, [])) for one in found]


@dataclass(frozen=True, slots=True)
class Asked:
    """One series and the time that is asked for."""

    device: str
    quantity: str
    zone: Annotated[str | None, Query()] = None
    unit: Annotated[str | None, Query(description="Where there are several; else that heard last.")] = None
    since: Annotated[Moment | None, Query(alias="from", description="An hour before `to` unless given.")] = (
        None
    )
    until: Annotated[Moment | None, Query(alias="to", description="Now unless given.")] = None
    step: Annotated[
        int | None, Query(description=f"Seconds, of {', '.join(map(str, STEPS))}; what suits, unless given.")
    ] = None


@router.get(
    "",
    operation_id="getTelemetry",
    summary="One series, down-sampled",
    responses=problems("not_found", "store_away"),
)
async def get_telemetry(context: InContext, scope: InScope, asked: Annotated[Asked, Depends()]) -> ChartOut:
    """Lowest, mean, highest and last value of each bucket, which begin at whole steps since 1970 UTC.

    At most 5,000 buckets. Values of self-tests and faults are not in it.
    """
    found, begin, end, step, buckets = await _answer(context, scope, asked)
    columns = {column: [getattr(one, column) for one in buckets] for column in COLUMNS}
    return ChartOut(
        device=asked.device, zone=asked.zone or None, quantity=asked.quantity, unit=found.trace.unit,
        since=begin, until=end, step=step, **columns,
    )  # fmt: skip


@router.get(
    "/csv",
    operation_id="getTelemetryCsv",
    summary="One series, down-sampled, as CSV",
    response_class=Response,
    responses=problems("not_found", "store_away")
    | {200: {"content": {"text/csv": {"schema": {"type": "string"}}}}},
)
async def get_csv(context: InContext, scope: InScope, asked: Annotated[Asked, Depends()]) -> Response:
    """The same as a table with a line of names."""
    *_, buckets = await _answer(context, scope, asked)
    words = filter(None, (asked.device, asked.zone, asked.quantity))
    name = re.sub(r"[^A-Za-z0-9._-]", "_", "-".join(words))
    disposition = {"Content-Disposition": f'attachment; filename="{name}.csv"'}
    return Response(_csv(buckets), media_type="text/csv; charset=utf-8", headers=disposition)


async def _answer(
    context: Context, scope: Scope, asked: Asked
) -> tuple[Listed, datetime, datetime, int, Sequence[Bucket]]:
    found = await _find(context, scope, asked.device, asked.quantity, asked.zone, asked.unit)
    since, until, seconds = _span(asked.since, asked.until, asked.step, context.now())
    width = timedelta(seconds=seconds)
    begin, end = begin_of(since, width), begin_of(until, width) + width
    try:
        buckets = await context.telemetry.store.read(found.trace, begin, end, width)
    except StoreAway as error:
        raise Problem("store_away", "try again in a moment", headers={"Retry-After": "5"}) from error
    return found, begin, end, seconds, buckets


def _seen(scope: Scope, point: str | None, context: Context) -> bool:
    """Whether measurements of a point are in scope; those of a node itself are the whole street's."""
    return scope.holds_point(point, context.registry) if point else scope.areas is None


async def _find(
    context: Context, scope: Scope, device: str, quantity: str, zone: str | None, unit: str | None
) -> Listed:
    words = {"device": device, "quantity": quantity, "zone": zone or ""} | (
        {"unit": unit} if unit is not None else {}
    )
    registry = context.registry
    async with context.engine.connect() as connection:
        found = await listed(connection, points=registry.points, nodes=registry.nodes, **words)
    found = [one for one in found if _seen(scope, one.trace.point or None, context)]
    heard = [one for one in found if one.last_at is not None]
    if not heard:
        raise Problem(
            "not_found", "nothing was ever heard of that; GET /api/v1/telemetry/series names what was"
        )
    return max(heard, key=lambda one: one.last_at or context.now())


def _span(
    since: datetime | None, until: datetime | None, step: int | None, now: datetime
) -> tuple[datetime, datetime, int]:
    until = until or now
    since = since or until - USUAL
    if since >= until:
        raise Problem("invalid", "from: must be before `to`")
    if step is not None and step not in STEPS:
        raise Problem("invalid", f"step: must be one of {', '.join(map(str, STEPS))}")
    seconds = step or step_for(since, until)
    if (until - since) / timedelta(seconds=seconds) > MOST:
        raise Problem("invalid", f"step: gives more than {MOST} buckets; ask for less time or a larger step")
    return since, until, seconds


def _series(one: Listed, limits: Sequence[dict[str, Any]]) -> SeriesOut:
    trace = one.trace
    return SeriesOut(
        node=trace.node,
        point=trace.point or None,
        device=trace.device,
        zone=trace.zone or None,
        quantity=trace.quantity,
        unit=trace.unit,
        last_at=one.last_at,
        last_value=one.last_value,
        limits=[
            LimitOut.model_validate(limit)
            for limit in limits
            if limit["quantity"] == trace.quantity and not trace.zone
        ],
    )


def _csv(buckets: Sequence[Bucket]) -> str:
    text = io.StringIO()
    rows = csv.writer(text)
    rows.writerow(COLUMNS)
    rows.writerows([getattr(one, column) for column in COLUMNS] for one in buckets)
    return text.getvalue()
