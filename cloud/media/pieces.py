"""An upload in pieces: what arrives is kept as it arrives, and goes on where a cut left it."""

from __future__ import annotations

import asyncio
import os
from typing import Any

from fastapi import Request
from pydantic import BaseModel
from starlette.requests import ClientDisconnect

from cloud.errors import Problem
from cloud.media.room import Room
from cloud.media.store import MediaStore

PIECE: dict[str, Any] = {
    "requestBody": {
        "required": False,
        "content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}},
    }
}
OFFSET = {"Upload-Offset": {"description": "Bytes that are here.", "schema": {"type": "integer"}}}


class Received(BaseModel):
    """How far an upload has come."""

    sha256: str
    offset: int
    """Bytes that are here: send the rest from there on."""
    complete: bool

    @property
    def headers(self) -> dict[str, str]:
        """The same as headers."""
        return {"Upload-Offset": str(self.offset), "Upload-Complete": "?1" if self.complete else "?0"}


async def take_piece(
    media: MediaStore, sender: str, sha256: str, request: Request, offset: int, length: int
) -> tuple[int, bytes | None]:
    """Keep what arrives of a piece; the offset behind it, and with the last byte the whole.

    Raises:
        Problem: too_large, offset_differs, storage_full, invalid; bad_request, the body broke off.
    """
    file = await asyncio.to_thread(media.parts.begin, sender, sha256, offset, length)
    try:
        offset = await _write(request, file, offset, length, media.room)
    finally:
        os.close(file)
    if offset < length:
        return offset, None
    return offset, await asyncio.to_thread(media.parts.take, sender, sha256)


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
