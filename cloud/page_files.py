"""Files of the built page as they go out: what is text goes compressed, which is a third of it."""

from __future__ import annotations

import asyncio
import gzip
import re
from functools import lru_cache
from pathlib import Path

from fastapi import Request, Response
from fastapi.responses import FileResponse

_TYPES = {
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".svg": "image/svg+xml",
    ".webmanifest": "application/manifest+json",
}
"""What is compressed; pictures and typefaces are already."""


async def answer(request: Request, file: Path, kept: str) -> Response:
    """`file`, compressed where that helps and the browser takes it; `kept` says how long it may keep it."""
    headers = {"Cache-Control": kept, "Vary": "Accept-Encoding"}
    kind = _TYPES.get(file.suffix)
    if kind is None:
        return FileResponse(file, headers={"Cache-Control": kept})
    if not _takes_gzip(request.headers.get("accept-encoding", "")):
        return FileResponse(file, headers=headers, media_type=kind)
    packed = await asyncio.to_thread(_pack, file)
    return Response(packed, headers=headers | {"Content-Encoding": "gzip"}, media_type=kind)


def _takes_gzip(accepted: str) -> bool:
    """Whether the browser names gzip, and not with a weight of nought."""
    for one in accepted.lower().split(","):
        name, _, weight = one.partition(";")
        if name.strip() in ("gzip", "*"):
            return not re.fullmatch(r"\s*q=0(\.0*)?\s*", weight)
    return False


def _pack(file: Path) -> bytes:
    return _packed(file, file.stat().st_mtime_ns)


@lru_cache(maxsize=256)
def _packed(file: Path, _changed: int) -> bytes:
    """The file compressed, once for each of its contents: a page has some fifty, two megabytes in all."""
    return gzip.compress(file.read_bytes(), 9, mtime=0)
