"""`/open-data`: the published counts as CSV and as GeoJSON, the same numbers in both."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Response
from fastapi.responses import JSONResponse

from cloud.areas.registry import Registry, named
from cloud.areas.tree_routes import GEOJSON
from cloud.context import Context, InContext
from cloud.errors import Problem
from cloud.problems import problems
from cloud.public.open_data import Week, cells, newest, weeks
from cloud.public.routes import asks
from cloud.public.suppression import K
from devices.site.geojson import geometry_of
from devices.site.model import Names

router = APIRouter(prefix="/open-data", tags=["public"], dependencies=[Depends(asks)])
MOST = 53
"""Weeks in one answer."""
EVERYTHING = "all"
"""In place of a class or an area: its total."""
HEADER = ("week", "class", "class_zh", "class_en", "area", "area_zh", "area_en", "count")
_SAYS = (
    f"Cases opened, by class, community and ISO week, with totals (`{EVERYTHING}`). A row that is not there "
    f"is a count below {K}, or one from which such a count would follow. A week is published once, when it "
    "has been over for a week, and never changes."
)
_ALL = Names(zh="合计", en="All")
_WEEK = r"^\d{4}-W\d{2}$"
First = Annotated[str, Query(alias="from", pattern=_WEEK, description="ISO week.", examples=["2026-W40"])]
Last = Annotated[str | None, Query(alias="to", pattern=_WEEK, description="Without it: the newest.")]


@dataclass(frozen=True, slots=True)
class Line:
    """One published count."""

    week: str
    event_class: str
    area: str
    count: int


@router.get(
    "/incidents.csv",
    operation_id="openDataCsv",
    summary="Counts of cases, as CSV",
    description=_SAYS,
    response_class=Response,
    responses={200: {"content": {"text/csv": {}}}, **problems("invalid", "too_many_requests")},
)
async def open_data_csv(context: InContext, first: First, last: Last = None) -> Response:
    """UTF-8 with BOM, so that spreadsheets read it."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(HEADER)
    registry = context.registry
    for line in await _lines(context, first, last):
        kind, area = _class(line.event_class, registry), _area(line.area, registry)
        writer.writerow(
            [line.week, line.event_class, kind.zh, kind.en, line.area, area.zh, area.en, line.count]
        )
    return Response(out.getvalue().encode("utf-8-sig"), media_type="text/csv; charset=utf-8")


@router.get(
    "/incidents.geojson",
    operation_id="openDataGeojson",
    summary="Counts of cases, as GeoJSON",
    description=_SAYS,
    response_class=JSONResponse,
    responses={200: {"content": {GEOJSON: {}}}, **problems("invalid", "too_many_requests")},
)
async def open_data_geojson(context: InContext, first: First, last: Last = None) -> JSONResponse:
    """A feature an area; that of all areas has no geometry."""
    registry = context.registry
    found = await _lines(context, first, last)
    features = []
    for area in sorted({line.area for line in found}):
        known = registry.areas.get(area)
        counts = [
            {"week": one.week, "class": one.event_class, "count": one.count}
            for one in found
            if one.area == area
        ]
        features.append(
            {
                "type": "Feature",
                "id": area,
                "geometry": geometry_of(known) if known else None,
                "properties": {"name": _area(area, registry).model_dump(), "counts": counts},
            }
        )
    return JSONResponse({"type": "FeatureCollection", "features": features}, media_type=GEOJSON)


async def _lines(context: Context, first: str, last: str | None) -> list[Line]:
    now, zone = context.now(), context.registry.timezone
    begins, ends = _week("from", first), _week("to", last) if last else newest(now, zone)
    wanted = list(_bounded(begins, ends))
    lines = []
    async with context.engine.begin() as connection:
        for week in wanted:
            for (event_class, area), count in (await cells(connection, week, zone, now)).items():
                lines.append(Line(str(week), event_class or EVERYTHING, area or EVERYTHING, count))
    return lines


def _bounded(first: Week, last: Week) -> Iterator[Week]:
    if (last.monday - first.monday).days >= MOST * 7:
        fault = {"pointer": "/query/from", "detail": f"{MOST} weeks at most"}
        raise Problem("invalid", f"from: names more than {MOST} weeks", errors=[fault])
    return weeks(first, last)


def _week(name: str, text: str) -> Week:
    try:
        return Week.parse(text)
    except ValueError as error:
        faults = [{"pointer": f"/query/{name}", "detail": str(error)}]
        raise Problem("invalid", f"{name}: {error}", errors=faults) from None


def _class(code: str, registry: Registry) -> Names:
    known = registry.classes.get(code)
    return known.name if known else _ALL if code == EVERYTHING else named(code)


def _area(identifier: str, registry: Registry) -> Names:
    known = registry.areas.get(identifier)
    return known.name if known else _ALL if identifier == EVERYTHING else named(identifier)
