"""`/media/{sha256}`: photos and clips in from nodes, out to people."""

from __future__ import annotations

import asyncio
from typing import Annotated, Any

from fastapi import APIRouter, Path, Request, Response
from fastapi.responses import FileResponse
from pydantic import BaseModel

from cloud.context import InContext
from cloud.errors import Problem
from cloud.media.scope import may_see
from cloud.people.identity import InScope, Sender, Viewer
from cloud.problems import problems

router = APIRouter(prefix="/media", tags=["media"])

Hash = Annotated[str, Path(pattern=r"^[0-9a-f]{64}$", description="SHA-256 of the bytes, hex.")]
_BINARY = {"schema": {"type": "string", "format": "binary"}}
_MEDIA: dict[str, Any] = {"content": {"image/jpeg": _BINARY, "video/mp4": _BINARY}}


class Stored(BaseModel):
    """The photo or clip is safe."""

    sha256: str
    size: int


@router.put(
    "/{sha256}",
    operation_id="putMedia",
    summary="Send a photo or a clip (nodes)",
    description="The raw JPEG, at most 8 MiB, or MP4, at most 16 MiB. Repeat it as often as you like: the "
    "address is its content.",
    status_code=201,
    responses={
        200: {"description": "It was here already", "model": Stored},
        **problems("bad_token", "too_large", "invalid", "hash_mismatch"),
    },
    openapi_extra={"requestBody": {"required": True, **_MEDIA}},
)
async def put_media(
    context: InContext, _: Sender, sha256: Hash, request: Request, response: Response
) -> Stored:
    """Keep a photo or clip; 201 when it is new."""
    body = await request.body()
    if not await asyncio.to_thread(context.media.put, sha256, body):
        response.status_code = 200
    return Stored(sha256=sha256, size=len(body))


@router.get(
    "/{sha256}",
    operation_id="getMedia",
    summary="Get a photo or a clip",
    response_class=FileResponse,
    responses={200: _MEDIA, **problems("unauthenticated", "not_found", "invalid")},
)
async def get_media(context: InContext, who: Viewer, scope: InScope, sha256: Hash) -> FileResponse:
    """The photo or clip; it never changes, so the browser may keep it. A part of it may be asked for."""
    async with context.engine.connect() as connection:
        seen = await may_see(connection, sha256, who, scope, context.registry)
    found = await asyncio.to_thread(context.media.find, sha256) if seen else None
    if found is None:
        raise Problem("not_found", "no photo or clip has this hash")
    path, media_type = found
    headers = {"Cache-Control": "private, max-age=31536000, immutable", "ETag": f'"{sha256}"'}
    return FileResponse(path, media_type=media_type, headers=headers)
