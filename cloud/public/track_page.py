"""`/track`: the look-up as a page of plain HTML, in both languages, without any script."""

from __future__ import annotations

import html
from datetime import datetime
from typing import Annotated
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Depends, Query, Response
from fastapi.responses import HTMLResponse, PlainTextResponse

from cloud.context import Context, InContext
from cloud.public import track
from cloud.public.codes import LONGEST
from cloud.public.routes import PublicNumber, looks

router = APIRouter(include_in_schema=False)
STATUS = {
    "received": ("已收到", "Received"),
    "accepted": ("已受理", "Accepted"),
    "in_hand": ("处置中", "In hand"),
    "done": ("已处置，正在核查", "Done, being checked"),
    "closed": ("已结案", "Closed"),
    "refused": ("不予受理", "Not taken up"),
}
_DATES = (
    ("received_at", "收到", "Received"),
    ("updated_at", "更新", "Updated"),
    ("closed_at", "结案", "Closed"),
)
_STYLE = """:root{color-scheme:light dark;font:1rem/1.5 system-ui,sans-serif}
body{max-width:34rem;margin:2rem auto;padding:0 1rem}
form{display:flex;gap:.5rem;flex-wrap:wrap}
input{flex:1 1 18rem;font:inherit;padding:.5rem;letter-spacing:.05em}
button{font:inherit;padding:.5rem 1rem}
dt{opacity:.75}dd{margin:0 0 .75rem;font-size:1.15rem}
[role=alert]{border-left:.3rem solid #b3261e;padding-left:.75rem}
"""
_PAGE = """<!doctype html>
<html lang="zh-CN"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width,initial-scale=1">
<title>受理进度查询 · Where a report stands</title><link rel="stylesheet" href="/track.css"></head>
<body><main><h1>受理进度查询 <span lang="en">Where a report stands</span></h1>
<form method="get" action="/track">
<input name="number" aria-label="受理编号 Public number" maxlength="{longest}"
 autocomplete="off" autocapitalize="characters" spellcheck="false" required
 placeholder="20261122-00042-5-K7QX-4M2P" value="{number}">
<button>查询 <span lang="en">Look up</span></button></form>
{answer}</main></body></html>
"""
_UNKNOWN = """<p role="alert">没有查到。请与回执逐字核对编号。<br>
<span lang="en">Nothing has this number. Compare every character with your receipt.</span></p>"""


@router.get("/track", dependencies=[Depends(looks)])
async def track_page(
    context: InContext, number: Annotated[str, Query(max_length=LONGEST)] = ""
) -> HTMLResponse:
    """The form; below it what the number leads to."""
    return await _page(context, number)


@router.get("/track/{number}", dependencies=[Depends(looks)])
async def track_page_of(context: InContext, number: PublicNumber) -> HTMLResponse:
    """The same, as a receipt's link leads there."""
    return await _page(context, number)


async def _page(context: Context, number: str) -> HTMLResponse:
    found = None
    if number:
        async with context.engine.begin() as connection:
            found = await track.find(connection, number)
    answer = "" if not number else _UNKNOWN if found is None else _shown(found, context.registry.timezone)
    page = _PAGE.format(longest=LONGEST, number=html.escape(number), answer=answer)
    status = 404 if number and found is None else 200
    return HTMLResponse(page, status, {"Cache-Control": "no-store"})


@router.get("/track.css")
async def track_style() -> Response:
    """The page's style: the policy of content allows none within the page."""
    return PlainTextResponse(_STYLE, media_type="text/css", headers={"Cache-Control": "max-age=3600"})


def _shown(found: track.Tracked, zone: ZoneInfo) -> str:
    zh, en = STATUS[found.status]
    lines = [("受理编号", "Public number", html.escape(found.public_number))]
    lines.append(("状态", "Status", f'{zh} <span lang="en">{en}</span>'))
    for name, *called in _DATES:
        at: datetime | None = getattr(found, name)
        if at is not None:
            local = at.astimezone(zone)
            shown = f'<time datetime="{local.isoformat()}">{local:%Y-%m-%d %H:%M}</time>'
            lines.append((called[0], called[1], shown))
    items = (f'<dt>{zh} <span lang="en">{en}</span></dt><dd>{text}</dd>' for zh, en, text in lines)
    return f"<dl>{''.join(items)}</dl>"
