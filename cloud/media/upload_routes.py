"""`HEAD` and `PATCH /media/{sha256}`: an upload in pieces, which goes on where a cut left it."""

from __future__ import annotations

import asyncio
import os
from typing import Annotated, Any

from fastapi import APIRouter, Header, Request, Response
from pydantic import BaseModel
from starlette.requests import ClientDisconnect

from cloud.context import Context, InContext
from cloud.errors import Problem
from cloud.media.room import Room
from cloud.media.routes import Hash
from cloud.people.identity import Sender
from cloud.problems import problems

router = APIRouter(prefix="/media", tags=["media"])

_PIECE: dict[str, Any] = {
    "requestBody": {
        "required": False,
        "content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}},
    }
}
_OFFSET = {"Upload-Offset": {"description": "Bytes that are here.", "schema": {"type": "integer"}}}


class Received(BaseModel):
    """How far an upload has come."""

    sha256: str
    offset: int
    """Bytes that are here: send the rest from there on."""
    complete: bool


@router.head(
    "/{sha256}",
    operation_id="mediaOffset",
    summary="How much of an upload is here (nodes)",
    response_class=Response,
    responses={
        200: {"description": "`Upload-Complete: ?1` when all is here", "headers": _OFFSET},
        **problems("bad_token", "invalid"),
    },
)
async def media_offset(context: InContext, node: Sender, sha256: Hash) -> Response:
    """Where to go on; 0 for what was never begun."""
    whole = await asyncio.to_thread(context.media.find, sha256)
    offset = (
        whole[0].stat().st_size
        if whole
        else await asyncio.to_thread(context.media.parts.offset, node.id, sha256)
    )
    return Response(headers=_said(offset, whole is not None))


def _said(offset: int, complete: bool) -> dict[str, str]:
    return {"Upload-Offset": str(offset), "Upload-Complete": "?1" if complete else "?0"}


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
    openapi_extra=_PIECE,
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
    received = await _receive(context, node.id, sha256, request, upload_offset, upload_length)
    response.headers.update(_said(received.offset, received.complete))
    return received


async def _receive(
    context: Context, node: str, sha256: str, request: Request, upload_offset: int, upload_length: int
) -> Received:
    whole = await asyncio.to_thread(context.media.find, sha256)
    if whole is not None:
        return Received(sha256=sha256, offset=whole[0].stat().st_size, complete=True)
    parts = context.media.parts
    file = await asyncio.to_thread(parts.begin, node, sha256, upload_offset, upload_length)
    try:
        offset = await _write(request, file, upload_offset, upload_length, context.media.room)
    finally:
        os.close(file)
    if offset < upload_length:
        return Received(sha256=sha256, offset=offset, complete=False)
    body = await asyncio.to_thread(parts.take, node, sha256)
    await asyncio.to_thread(context.media.put, sha256, body)
    return Received(sha256=sha256, offset=offset, complete=True)


async def _write(request: Request, file: int, offset: int, length: int, room: Room) -> int:
    """Write what arrives as it arrives, each byte at its own place; returns the offset behind it.

    A piece sent again while the first connection still hangs writes the same bytes at the same places.
    """
    try:
        async for piece in request.stream():
            if offset + len(piece) > length:
                raise Problem("invalid", "the body is longer than Upload-Length says")
            with room.full_is_said():
                await asyncio.to_thread(os.pwrite, file, piece, offset)
            offset += len(piece)
    except ClientDisconnect:
        raise Problem("bad_request", "the body broke off; what arrived is kept") from None
    return offset
