"""The built pages and the plain addresses: `/`, `/wall`, `/phone`, `/healthz`, `/readyz`, `/metrics`."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from pathlib import Path

from fastapi import APIRouter, Request, Response
from fastapi.responses import HTMLResponse, PlainTextResponse
from starlette.exceptions import HTTPException

from cloud import page_files
from cloud.addresses import allowed
from cloud.alarms.figures_routes import series
from cloud.context import Context, InContext
from cloud.database import migrate
from cloud.errors import Problem
from cloud.metrics import CONTENT_TYPE
from cloud.stream.tail import LOST

router = APIRouter(include_in_schema=False)

_HASHED = "public, max-age=31536000, immutable"
_FRESH = "no-cache"
_MISSING = """<!doctype html><html lang="en"><meta charset="utf-8"><title>Gridwatch 网格哨</title>
<h1>The page is not built · 页面尚未构建</h1><p><code>make setup</code> builds it; then load this page again.
<p>运行 <code>make setup</code> 构建页面，然后刷新。</html>"""


@router.get("/healthz", response_class=PlainTextResponse)
async def healthz() -> str:
    """The process lives."""
    return "ok\n"


@router.get("/readyz", response_class=PlainTextResponse)
async def readyz(context: InContext, response: Response) -> str:
    """The database answers, its tables are current, and the stream reads."""
    try:
        revision = await migrate.current(context.engine)
    except LOST:
        response.status_code = 503
        return "the database does not answer\n"
    if revision != migrate.head():
        response.status_code = 503
        return f"the tables are at {revision}, this program wants {migrate.head()}\n"
    if not context.tail.alive:
        response.status_code = 503
        return "the event stream does not read\n"
    return "ok\n"


@router.get("/metrics")
async def metrics(context: InContext) -> Response:
    """For Prometheus."""
    text = context.metrics.text()
    with suppress(*LOST):
        text += await series(context)
    return Response(text, media_type=CONTENT_TYPE)


@router.get("/")
@router.get("/wall")
async def wall(request: Request, context: InContext) -> Response:
    """The wall."""
    return await _page(request, context, "index.html")


@router.get("/phone")
async def phone(request: Request, context: InContext) -> Response:
    """The grid worker's page."""
    return await _page(request, context, "phone.html")


async def _page(request: Request, context: Context, name: str) -> Response:
    index = context.settings.page / name
    if not await asyncio.to_thread(index.is_file):
        return HTMLResponse(_MISSING, 503)
    return await page_files.answer(request, index, _FRESH)


@router.get("/{path:path}")
async def asset(request: Request, context: InContext, path: str) -> Response:
    """A file of the built page; those under `assets/` carry a hash of their content in their name."""
    if taken := allowed(request):
        raise HTTPException(405, headers={"Allow": ", ".join(taken)})
    file = await asyncio.to_thread(_inside, context.settings.page, path)
    if file is None:
        raise Problem("not_found", f"nothing is at /{path}")
    kept = _HASHED if path.startswith("assets/") else _FRESH
    return await page_files.answer(request, file, kept)


def _inside(directory: Path, path: str) -> Path | None:
    """The file that `path` names under `directory`; None when it is none, or lies elsewhere."""
    if "\0" in path:
        return None
    root = directory.resolve()
    file = (root / path).resolve()
    return file if file.is_relative_to(root) and file.is_file() else None
