"""`/ledger.xlsx` and `/ledger.csv`: the ledger (台账) of a span of time, as a file."""

from __future__ import annotations

import asyncio
import tempfile
from pathlib import Path

from fastapi import APIRouter
from fastapi.responses import FileResponse
from starlette.background import BackgroundTask

from cloud.context import Context, InContext
from cloud.organisations.kinds import ORGANISATIONS
from cloud.people.identity import InScope, Viewer
from cloud.people.scope import Scope
from cloud.problems import problems
from cloud.reports import ledger
from cloud.reports.asking import Asked, reading, street_of
from cloud.reports.listing import Narrowed
from cloud.reports.listing_routes import AlsoAsked
from cloud.reports.marking import InMarker, Marker
from cloud.reports.querying import Wanted
from cloud.reports.sheet import Csv, Xlsx

router = APIRouter(tags=["indices"])
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_SAYS = (
    "The cases in your scope that were opened in the span or count for an index in it, numbered, with "
    "what they count for; then the totals, which are those of `GET /indices` with the same query, unless a "
    "filter of the ledger alone is given (`cases`, `state`, `severity`, `number`, `given_to`)."
)


@router.get(
    "/ledger.xlsx",
    operation_id="getLedgerXlsx",
    summary="The ledger as a spreadsheet",
    description=_SAYS,
    response_class=FileResponse,
    responses={200: {"content": {XLSX: {}}}, **problems("unauthenticated", "forbidden", "invalid")},
)
async def get_ledger_xlsx(
    context: InContext, _: Viewer, scope: InScope, marker: InMarker, wanted: Asked, also: AlsoAsked
) -> FileResponse:
    """Two sheets."""
    return await _made(context, scope, marker, wanted, also, "xlsx")


@router.get(
    "/ledger.csv",
    operation_id="getLedgerCsv",
    summary="The ledger as CSV",
    description=_SAYS,
    response_class=FileResponse,
    responses={200: {"content": {"text/csv": {}}}, **problems("unauthenticated", "forbidden", "invalid")},
)
async def get_ledger_csv(
    context: InContext, _: Viewer, scope: InScope, marker: InMarker, wanted: Asked, also: AlsoAsked
) -> FileResponse:
    """The totals follow after an empty line."""
    return await _made(context, scope, marker, wanted, also, "csv")


async def _made(
    context: Context, scope: Scope, marker: Marker, wanted: Wanted, also: Narrowed, form: str
) -> FileResponse:
    await marker.catch_up()
    registry = context.registry
    directory = tempfile.TemporaryDirectory(prefix="gridwatch-ledger-")
    try:
        path = Path(directory.name) / f"ledger.{form}"
        sheet = Xlsx(path, context.now()) if form == "xlsx" else Csv(path)
        async with reading(context, marker, wanted.ends) as (connection, then):
            street = street_of(registry)
            known = context.policies.of(ORGANISATIONS)
            await ledger.write(sheet, connection, wanted, then, scope, registry, street, also, known)
        await asyncio.to_thread(sheet.close)
    except BaseException:
        directory.cleanup()
        raise
    days = (one.astimezone(registry.timezone).strftime("%Y%m%d") for one in (wanted.begins, wanted.ends))
    return FileResponse(
        path,
        media_type=XLSX if form == "xlsx" else "text/csv; charset=utf-8",
        filename=f"ledger-{'-'.join(days)}.{form}",
        background=BackgroundTask(directory.cleanup),
        headers={"Cache-Control": "private, no-store"},
    )
