"""`/ledger`: the ledger (台账) on the screen, page by page, and the filters that its files take too."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel

from cloud.alarms.models import ClassRef, class_ref
from cloud.areas.registry import RANK, SEVERITIES
from cloud.context import InContext
from cloud.incidents.models import AreaRef
from cloud.incidents.opening import Level, Source
from cloud.incidents.transitions import State
from cloud.incidents.views import area_ref, states_named
from cloud.people.identity import InScope, Viewer
from cloud.problems import problems
from cloud.reports import listing
from cloud.reports.asking import Asked
from cloud.reports.listing import COUNTED, Narrowed, Which
from devices.messages import Severity

router = APIRouter(tags=["indices"])
_TEXT = r"^[^\x00]+$"


def narrowed(
    cases: Annotated[
        Which, Query(description="`opened`: only those opened in the span; `counted`: what counts in it too.")
    ] = "counted",
    state: Annotated[
        str | None, Query(max_length=20, description="`open`, `closed`, `all`, or one state.")
    ] = None,
    severity: Annotated[Severity | None, Query()] = None,
    number: Annotated[
        str | None, Query(max_length=40, pattern=_TEXT, description="How the acceptance number begins.")
    ] = None,
    given_to: Annotated[
        str | None, Query(max_length=64, pattern=_TEXT, description="The organisation that has the case.")
    ] = None,
) -> Narrowed:
    """The filters of the ledger alone.

    Raises:
        Problem: invalid.
    """
    states = None if state in (None, "all") else tuple(states_named(state or "all"))
    rank = None if severity is None else RANK[severity]
    return Narrowed(cases, states, rank, number, given_to)


AlsoAsked = Annotated[Narrowed, Depends(narrowed)]


class LedgerRow(BaseModel):
    """A case in the ledger."""

    id: UUID
    number: str
    event_class: ClassRef
    source: Source
    severity: Severity
    level: Level
    grid: AreaRef | None
    community: AreaRef | None
    point: str | None
    state: State
    organisation: str | None
    handler: str | None
    opened_at: datetime
    updated_at: datetime
    closed_at: datetime | None


class LedgerPage(BaseModel):
    """A page of the ledger, newest first."""

    items: list[LedgerRow]
    count: int
    """Of all pages; counting ends at 10,000."""
    more: bool
    """There are more than were counted."""
    next: str | None


@router.get(
    "/ledger",
    operation_id="listLedger",
    summary="The ledger, page by page",
    description="The cases in your scope that were opened in the span and fit all filters, newest first. Its "
    "files (`/ledger.csv`, `/ledger.xlsx`) have the same cases with `cases=opened`.",
    responses=problems("unauthenticated", "forbidden", "invalid"),
)
async def list_ledger(
    context: InContext,
    _: Viewer,
    scope: InScope,
    wanted: Asked,
    also: AlsoAsked,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
    cursor: Annotated[str | None, Query(max_length=400)] = None,
) -> LedgerPage:
    """One page; `organisation` and `person` of figures say nothing here."""
    registry = context.registry
    after = listing.decode(cursor) if cursor is not None else None
    fit = listing.conditions(wanted, also, scope, registry)
    async with context.engine.connect() as connection:
        rows, following = await listing.page(connection, fit, limit, after)
        count = await listing.count(connection, fit)
    items = [
        LedgerRow.model_validate(
            row._asdict()
            | {
                "event_class": class_ref(row.event_class, registry),
                "severity": SEVERITIES[row.severity],
                "grid": area_ref(row.grid, registry),
                "community": area_ref(row.community, registry),
            }
        )
        for row in rows
    ]
    return LedgerPage(items=items, count=min(count, COUNTED), more=count > COUNTED, next=following)
