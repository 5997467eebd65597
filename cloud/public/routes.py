"""What anybody may ask without an account: report something, and look up where it stands."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated

from fastapi import APIRouter, Depends, Path, Request, Response

from cloud.context import InContext
from cloud.errors import Problem
from cloud.media.routes import Hash, Stored
from cloud.people.identity import check_origin
from cloud.problems import problems
from cloud.public import track
from cloud.public.codes import LONGEST
from cloud.public.limits import Limiter
from cloud.public.telling import CITIZEN, tell
from cloud.sources import idempotency, photos
from cloud.sources.models import CitizenReport, Receipt
from cloud.sources.photo_routes import JPEG
from cloud.sources.report_routes import placed
from cloud.sources.show import active_class

router = APIRouter(tags=["public"])
_LOOKS = "gridwatch_looks"
_TELLS = "gridwatch_tells"
_ASKS = "gridwatch_asks"


def limiters() -> dict[str, Limiter]:
    """How often an address may look up and may report, kept with the app."""
    return {
        _LOOKS: Limiter(burst=20, every=timedelta(seconds=6)),
        _ASKS: Limiter(burst=120, every=timedelta(seconds=1)),
        _TELLS: Limiter(burst=10, every=timedelta(minutes=1)),
    }


def _take(request: Request, context: InContext, name: str) -> None:
    kept = request.app.state.limiters[name]
    kept.take(request.client.host if request.client else "", context.now())


def looks(request: Request, context: InContext) -> None:
    """Count a look-up of this address.

    Raises:
        Problem: too_many_requests.
    """
    _take(request, context, _LOOKS)


def asks(request: Request, context: InContext) -> None:
    """Count a request to an interface for programs.

    Raises:
        Problem: too_many_requests.
    """
    _take(request, context, _ASKS)


def tells(request: Request, context: InContext) -> None:
    """Count a report, or a photo for one, of this address.

    Raises:
        Problem: too_many_requests; csrf, it came from another site's page.
    """
    check_origin(request)
    _take(request, context, _TELLS)


PublicNumber = Annotated[str, Path(max_length=LONGEST, examples=["20261122-00042-5-K7QX-4M2P"])]


@router.get(
    "/track/{number}",
    operation_id="trackReport",
    summary="Look up where a report stands",
    description="By the public number that its reporter was given: a status and dates, nothing else. What "
    "does not exist and what is mistyped are answered alike.",
    responses=problems("not_found", "invalid", "too_many_requests"),
    dependencies=[Depends(looks)],
)
async def track_report(context: InContext, number: PublicNumber, response: Response) -> track.Tracked:
    """Status and dates."""
    response.headers["Cache-Control"] = "no-store"
    async with context.engine.begin() as connection:
        found = await track.find(connection, number)
    if found is None:
        raise Problem("not_found", "no report has this number; compare every character with your receipt")
    return found


@router.post(
    "/reports",
    operation_id="tellReport",
    summary="Report something (anybody)",
    description="Words and a place; photos are sent ahead. A person looks at it before it becomes a case.",
    status_code=201,
    responses=problems("csrf", "invalid", "key_reused", "too_many_requests"),
    dependencies=[Depends(tells)],
)
async def tell_report(
    context: InContext, new: CitizenReport, response: Response, key: idempotency.Key = None
) -> Receipt:
    """Keep it for triage; the receipt is all that leads back to it."""
    event_class = active_class(new.event_class, context.registry) if new.event_class else None
    where = placed(context, None, new.lon, new.lat)
    response.headers["Cache-Control"] = "no-store"
    asked = (key, new.model_dump(mode="json"))
    return await tell(context, where, new.words, new.address, event_class, new.photos, asked)


@router.put(
    "/reports/photos/{sha256}",
    operation_id="tellPhoto",
    summary="Send a photo ahead of a report (anybody)",
    description="The raw JPEG, at most 8 MiB. What is named by no report within an hour is thrown away.",
    status_code=201,
    responses={
        200: {"description": "It was here already", "model": Stored},
        **problems("csrf", "too_large", "invalid", "hash_mismatch", "too_many_requests"),
    },
    dependencies=[Depends(tells)],
    openapi_extra=JPEG,
)
async def tell_photo(context: InContext, sha256: Hash, request: Request, response: Response) -> Stored:
    """Keep it; 201 when it is new."""
    body = await request.body()
    if not await photos.take(context.engine, context.media, CITIZEN, sha256, body, context.now()):
        response.status_code = 200
    return Stored(sha256=sha256, size=len(body))
