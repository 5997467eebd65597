"""`/indices`: what the street is measured by, and the cases behind each figure."""

from __future__ import annotations

import base64
import binascii
import json
from collections import defaultdict
from collections.abc import Mapping
from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query
from pydantic import BaseModel

from cloud.alarms.models import ClassRef, class_ref
from cloud.areas.registry import Registry, named
from cloud.context import InContext
from cloud.errors import Problem
from cloud.people.identity import InScope, Viewer
from cloud.problems import problems
from cloud.reports.asking import Asked, reading, street_of
from cloud.reports.definitions import BY_CODE, INDICES, How
from cloud.reports.figures import Sum, grade, score
from cloud.reports.marking import InMarker
from cloud.reports.querying import By, Found, Part, behind, sums
from devices.site.model import Names

router = APIRouter(tags=["indices"])
_PAGE = 200


class Figure(BaseModel):
    """One index."""

    code: str
    name: Names
    counts: Names
    """What the denominator counts."""
    hits: Names
    """What of that the numerator counts."""
    how: How
    numerator: int
    denominator: int
    share: float | None
    """numerator / denominator; null: nothing counts, or it is a length of time."""
    score: float | None
    """0 to 100, of indices where more is better (100 x) or less is better (100 (1 - x))."""
    grade: str | None
    """A to E, the band of the score; null without one."""
    mean_s: float | None
    """Seconds, of lengths of time."""


class Group(BaseModel):
    """The indices of one area, class, source, organisation or person."""

    id: str | None
    """Null: of cases that have none."""
    name: Names
    items: list[Figure]


class Indices(BaseModel):
    """All indices of a span of time."""

    begins: datetime
    ends: datetime
    behind: int
    """Cases that changed and are not counted anew yet: ask again in a minute."""
    items: list[Figure]
    groups: list[Group]
    """What `by` asked for."""


class Counted(BaseModel):
    """A case that counts."""

    incident_id: UUID
    number: str
    event_class: ClassRef
    grid: str | None
    community: str | None
    at: datetime
    """When it counts."""
    hit: bool
    version: int
    """The line of its log that decided."""
    seconds: int | None
    person: str | None
    organisation: str | None


class CountedPage(BaseModel):
    """The cases behind a figure."""

    items: list[Counted]
    next: str | None


@router.get(
    "/indices",
    operation_id="getIndices",
    summary="What the street is measured by",
    description="The national indices and our own, of the cases in your scope, as things stood at `to`: "
    "what changes later does not change them. `by` adds them for each grid, class and so on.",
    responses=problems("unauthenticated", "forbidden", "invalid"),
)
async def get_indices(
    context: InContext, _: Viewer, scope: InScope, marker: InMarker, wanted: Asked,
    by: Annotated[By | None, Query()] = None,
) -> Indices:  # fmt: skip
    """Sums of marks."""
    left, registry = await marker.catch_up(), context.registry
    street = street_of(registry)
    async with reading(context, marker, wanted.ends) as (connection, then):
        whole = await sums(connection, wanted, then, scope, street)
        parts = await sums(connection, wanted, then, scope, street, by) if by else {}
    groups: dict[str | None, dict[str, Sum]] = defaultdict(dict)
    for (of, code), one in parts.items():
        groups[of][code] = one
    return Indices(
        begins=wanted.begins,
        ends=wanted.ends,
        behind=left,
        items=figures({code: one for (_, code), one in whole.items()}),
        groups=[
            Group(id=of, name=_name(of, by, registry), items=figures(groups[of]))
            for of in sorted(groups, key=lambda one: (one is None, one))
        ],
    )


@router.get(
    "/indices/{code}/cases",
    operation_id="listIndexCases",
    summary="List the cases behind an index",
    description="With the same query as the figure: `part=denominator` gives as many as its denominator, "
    "`part=numerator` as its numerator. A case may count twice, as for two calls.",
    responses=problems("unauthenticated", "forbidden", "not_found", "invalid"),
)
async def list_index_cases(
    context: InContext,
    _: Viewer,
    scope: InScope,
    marker: InMarker,
    code: str,
    wanted: Asked,
    part: Annotated[Part, Query()] = "denominator",
    limit: Annotated[int, Query(ge=1, le=_PAGE)] = 50,
    cursor: Annotated[str | None, Query()] = None,
) -> CountedPage:
    """By when they count."""
    if code not in BY_CODE:
        raise Problem("not_found", f"no index has the code {code!r}; GET /indices lists them")
    await marker.catch_up()
    after = _decode(cursor) if cursor is not None else None
    async with reading(context, marker, wanted.ends) as (connection, then):
        found = await behind(
            connection, wanted, then, scope, street_of(context.registry), code, part, limit + 1, after
        )
    more = _encode(found[limit - 1]) if len(found) > limit else None
    return CountedPage(items=[_counted(one, context.registry) for one in found[:limit]], next=more)


def figures(found: Mapping[str, Sum]) -> list[Figure]:
    """Every index, also those for which nothing counts."""
    shown = []
    for index in INDICES:
        one, timed = found.get(index.code, Sum()), index.how == "seconds"
        points = score(index.how, one)
        shown.append(
            Figure(
                code=index.code,
                name=index.name,
                counts=index.denominator,
                hits=index.numerator,
                how=index.how,
                numerator=one.numerator,
                denominator=one.denominator,
                share=None if timed else one.share,
                score=points,
                grade=None if points is None else grade(points),
                mean_s=one.mean if timed else None,
            )
        )
    return shown


def _name(of: str | None, by: By | None, registry: Registry) -> Names:
    if of is None:
        return Names(zh="无", en="None")
    if by in ("grid", "community") and (area := registry.areas.get(of)) is not None:
        return area.name
    if by == "event_class" and (known := registry.classes.get(of)) is not None:
        return known.name
    return named(of)


def _counted(one: Found, registry: Registry) -> Counted:
    return Counted(
        incident_id=one.incident_id,
        number=one.number,
        event_class=class_ref(one.event_class, registry),
        grid=one.grid,
        community=one.community,
        at=one.at,
        hit=one.hit,
        version=one.version,
        seconds=one.value,
        person=one.person,
        organisation=one.organisation,
    )


def _encode(one: Found) -> str:
    text = json.dumps([one.at.isoformat(), str(one.incident_id), one.n])
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def _decode(cursor: str) -> tuple[datetime, UUID, int]:
    try:
        at, key, n = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
        when = datetime.fromisoformat(at)
        if when.tzinfo is None or not 0 <= int(n) < 2**15:
            raise ValueError("of no mark")
        return when, UUID(key), int(n)
    except (ValueError, TypeError, AttributeError, binascii.Error) as error:
        fault = {"pointer": "/query/cursor", "detail": "take `next` of the page before"}
        raise Problem("invalid", "cursor: cannot be read", errors=[fault]) from error
