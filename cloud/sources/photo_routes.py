"""`/photos/{sha256}`: photos sent ahead of what they belong to, at once or in pieces, by people."""

from __future__ import annotations

import asyncio
from typing import Annotated, Any

from fastapi import APIRouter, Header, Request, Response

from cloud.context import InContext
from cloud.errors import Problem
from cloud.media.pieces import OFFSET, PIECE, Received, take_piece
from cloud.media.routes import Hash, Stored
from cloud.media.store import LARGEST_JPEG
from cloud.people.identity import Doer, Viewer
from cloud.problems import problems
from cloud.sources import photos

router = APIRouter(prefix="/photos", tags=["sources"])
JPEG: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {"image/jpeg": {"schema": {"type": "string", "format": "binary"}}},
    }
}
_WHO = ("unauthenticated", "forbidden", "csrf")
_REFUSED = (*_WHO, "too_large", "invalid", "hash_mismatch", "too_many_requests")


@router.put(
    "/{sha256}",
    operation_id="putPhoto",
    summary="Send a photo ahead of a case or note",
    description="The raw JPEG, at most 8 MiB. Repeat it as often as you like: the address is its content. "
    "What is named by nothing within a day is thrown away.",
    status_code=201,
    responses={200: {"description": "It was here already", "model": Stored}, **problems(*_REFUSED)},
    openapi_extra=JPEG,
)
async def put_photo(
    context: InContext, who: Doer, sha256: Hash, request: Request, response: Response
) -> Stored:
    """Keep it; 201 when it is new."""
    body = await request.body()
    sender, now = f"person:{who.id}", context.now()
    if not await photos.take(context.engine, context.media, sender, sha256, body, now):
        response.status_code = 200
    return Stored(sha256=sha256, size=len(body))


@router.head(
    "/{sha256}",
    operation_id="photoOffset",
    summary="How much of a photo of yours is here",
    response_class=Response,
    responses={
        200: {"description": "`Upload-Complete: ?1` when all is here", "headers": OFFSET},
        **problems("unauthenticated", "forbidden", "invalid"),
    },
)
async def photo_offset(context: InContext, who: Viewer, sha256: Hash) -> Response:
    """Where to go on; 0 for what was never begun, also where somebody else sent the same."""
    sender = f"person:{who.id}"
    size = await photos.size_of(context.engine, sender, sha256)
    offset = await asyncio.to_thread(context.media.parts.offset, sender, sha256) if size is None else size
    return Response(headers=Received(sha256=sha256, offset=offset, complete=size is not None).headers)


@router.patch(
    "/{sha256}",
    operation_id="patchPhoto",
    summary="Send a piece of a photo ahead of a case or note",
    description="The bytes from `Upload-Offset` on, of `Upload-Length` in all. What arrived of a piece that "
    "broke off is kept, for a day: a telephone in a lift goes on where it was. The last byte does what a PUT "
    "of the whole does.",
    responses=problems(*_REFUSED, "offset_differs", "storage_full"),
    openapi_extra=PIECE,
)
async def patch_photo(
    context: InContext,
    who: Doer,
    sha256: Hash,
    request: Request,
    response: Response,
    upload_offset: Annotated[int, Header(ge=0)],
    upload_length: Annotated[int, Header(gt=0)],
) -> Received:
    """Keep a piece; the last one makes the photo whole."""
    if upload_length > LARGEST_JPEG:
        raise Problem("too_large", f"Upload-Length: at most {LARGEST_JPEG} bytes for a photo")
    sender = f"person:{who.id}"
    offset, body = await take_piece(context.media, sender, sha256, request, upload_offset, upload_length)
    if body is not None:
        await photos.take(context.engine, context.media, sender, sha256, body, context.now())
    received = Received(sha256=sha256, offset=offset, complete=body is not None)
    response.headers.update(received.headers)
    return received
