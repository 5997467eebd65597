"""`POST /hotline`: a sheet of the hotline."""

from __future__ import annotations

import tempfile
from typing import Any

from fastapi import APIRouter, Request
from pydantic import BaseModel

from cloud.context import InContext
from cloud.errors import Problem
from cloud.incidents.store import Actor
from cloud.people.identity import Doer
from cloud.people.wall import unwalled
from cloud.problems import problems
from cloud.sources import hotline
from cloud.sources.models import Nearby
from cloud.sources.report_routes import policy_of
from cloud.sources.sheet import SheetRefused
from cloud.sources.show import show_candidates

router = APIRouter(prefix="/hotline", tags=["sources"])
_IN_MEMORY = 1024 * 1024
_CSV: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {"text/csv": {"schema": {"type": "string", "format": "binary"}}},
    }
}


class SheetFault(BaseModel):
    """A row that was not taken."""

    line: int
    """Of the file, from 1."""
    column: str
    """As the sheet calls it; empty: the whole row."""
    what: str


class SheetNear(BaseModel):
    """A row that may tell of cases that were open already."""

    line: int
    external: str
    candidates: list[Nearby]


class SheetTaken(BaseModel):
    """What became of a sheet."""

    taken: int
    repeated: int
    """Rows whose number was imported before, now or earlier."""
    refused: int
    faults: list[SheetFault]
    """Of the refused, the first 200."""
    doubtful: int
    """Taken rows that may be duplicates."""
    near: list[SheetNear]
    """Of the doubtful, the first 200."""


@router.post(
    "",
    operation_id="importHotline",
    summary="Import a sheet of the hotline",
    description="CSV, UTF-8 or GBK, at most 16 MiB; its columns stand in the policy `sources`. A row with a "
    "fault is named, the others are taken. A number that was imported before is not taken again.",
    responses=problems("unauthenticated", "forbidden", "csrf", "invalid", "too_large"),
    openapi_extra=_CSV,
)
async def import_hotline(context: InContext, who: Doer, request: Request) -> SheetTaken:
    """Every row by itself."""
    with tempfile.SpooledTemporaryFile(_IN_MEMORY) as file:
        async for piece in request.stream():
            file.write(piece)
        file.seek(0)
        actor, registry = Actor("user", who.username), context.registry
        try:
            with unwalled():
                outcome = await hotline.bring(
                    context.engine, file, policy_of(context), registry, actor, context.now()
                )
        except SheetRefused as error:
            fault = [{"pointer": "/body", "detail": str(error)}]
            raise Problem("invalid", f"the sheet: {error}", errors=fault) from None
    context.tail.changed()
    return SheetTaken(
        taken=outcome.taken,
        repeated=outcome.repeated,
        refused=outcome.refused,
        faults=[SheetFault(line=one.line, column=one.column, what=one.what) for one in outcome.faults],
        doubtful=outcome.doubtful,
        near=[
            SheetNear(
                line=one.line, external=one.external, candidates=show_candidates(one.candidates, registry)
            )
            for one in outcome.near
        ],
    )
