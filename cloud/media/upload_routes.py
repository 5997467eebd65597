"""`HEAD` and `PATCH /media/{sha256}`: a node's upload in pieces, which goes on where a cut left it."""

from __future__ import annotations

import asyncio
from typing import Annotated

from fastapi import APIRouter, Header, Request, Response

from cloud.context import Context, InContext
from cloud.media.pieces import OFFSET, PIECE, Received, take_piece
from cloud.media.routes import Hash
from cloud.people.identity import Sender
from cloud.problems import problems

router = APIRouter(prefix="/media", tags=["media"])


@router.head(
    "/{sha256}",
    operation_id="mediaOffset",
    summary="How much of an upload is here (nodes)",
    response_class=Response,
    responses={
        200: {"description": "`Upload-Complete: ?1` when all is here", "headers": OFFSET},
        **problems("bad_token", "invalid"),
    },
)
async def media_offset(context: InContext, node: Sender, sha256: Hash) -> Response:
    """Where to go on; 0 for what was never begun."""
    here = await _whole(context, sha256)
    if here is None:
        offset = await asyncio.to_thread(context.media.parts.offset, node.id, sha256)
        here = Received(sha256=sha256, offset=offset, complete=False)
    return Response(headers=here.headers)


@router.patch(
    "/{sha256}",
    operation_id="patchMedia",
    summary="Send a piece of a photo or clip (nodes)",
    description="The bytes from `Upload-Offset` on, of `Upload-Length` in all. What arrived of a piece that "
    "broke off is kept, for a day. When the last byte is here the SHA-256 is checked: `hash_mismatch` throws "
    "all of it away, send it again from 0.",
    responses=problems(
        "bad_token", "offset_differs", "too_large", "invalid", "hash_mismatch", "storage_full"
    ),
    openapi_extra=PIECE,
)
async def patch_media(
    context: InContext,
    node: Sender,
    sha256: Hash,
    request: Request,
    response: Response,
    upload_offset: Annotated[int, Header(ge=0)],
    upload_length: Annotated[int, Header(gt=0)],
) -> Received:
    """Keep a piece; the last one makes the photo or clip whole. The headers say what the body says."""
    received = await _whole(context, sha256)
    if received is None:
        offset, body = await take_piece(context.media, node.id, sha256, request, upload_offset, upload_length)
        if body is not None:
            await asyncio.to_thread(context.media.put, sha256, body)
        received = Received(sha256=sha256, offset=offset, complete=body is not None)
    response.headers.update(received.headers)
    return received


async def _whole(context: Context, sha256: str) -> Received | None:
    """What is here already, whoever sent it."""
    found = await asyncio.to_thread(context.media.find, sha256)
    return found and Received(sha256=sha256, offset=found[0].stat().st_size, complete=True)
