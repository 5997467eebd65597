"""`/media/{sha256}`: photos and clips in from nodes, out to people."""

from __future__ import annotations

import asyncio
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Request, Response
from fastapi.responses import FileResponse
from pydantic import BaseModel

from cloud.context import InContext
from cloud.errors import Problem
from cloud.media.scope import may_see
from cloud.people.identity import InScope, Sender, Viewer
from cloud.privacy import viewing
from cloud.privacy.linked import links_of
from cloud.privacy.policy import policy_in
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
        **problems("bad_token", "too_large", "invalid", "hash_mismatch", "storage_full"),
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


_REASON = Query(min_length=3, max_length=200, description="Why you look at the original; it is written down.")


@router.get(
    "/{sha256}",
    operation_id="getMedia",
    summary="Get a photo or a clip",
    description="A copy in which nobody can be known, unless `reason` says why you look at the original. The "
    "patrol room sees originals of cases that are open or were closed lately; that is written down, too. Of "
    "a clip there is no copy.",
    response_class=FileResponse,
    responses={
        200: _MEDIA,
        **problems(
            "unauthenticated", "reason_needed", "not_found", "media_deleted", "invalid", "storage_full"
        ),
    },
)
async def get_media(
    context: InContext,
    who: Viewer,
    scope: InScope,
    sha256: Hash,
    reason: Annotated[str | None, _REASON] = None,
) -> FileResponse:
    """The photo or clip, or a copy; a part of it may be asked for."""
    policy, now = policy_in(context.policies), context.now()
    found = await asyncio.to_thread(context.media.find, sha256)
    async with context.engine.begin() as connection:
        if not await may_see(connection, sha256, who, scope, context.registry):
            raise not_found()
        if found is None:
            await viewing.refuse_deleted(connection, sha256)
            raise not_found()
        links = (await links_of(connection, [sha256])).get(sha256, [])
        why = viewing.reason_for(who, links, reason, policy, now)
        if why is not None:
            await viewing.write_down(connection, who, sha256, why, now)
    path, media_type = found
    if why is not None:
        headers = {"Cache-Control": "private, no-store", "ETag": f'"{sha256}"'}
        return FileResponse(path, media_type=media_type, headers=headers)
    copy = await viewing.copy(context.media, sha256, path, links, policy)
    headers = {"Cache-Control": "private, max-age=600", "Gridwatch-Copy": "mosaic"}
    return FileResponse(copy, media_type="image/jpeg", headers=headers)


def not_found() -> Problem:
    """It is not here, or not for whoever asks."""
    return Problem("not_found", "no photo or clip has this hash")
