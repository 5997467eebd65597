"""`/track`: the look-up as a page of plain HTML, in both languages, without any script."""

from __future__ import annotations

import html
from datetime import datetime
from typing import Annotated
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Depends, Query, Response

from cloud.context import Context, InContext
from cloud.incidents.numbers import is_incident_number
from cloud.public import codes, track
from cloud.public.codes import LONGEST
from cloud.public.pages import PageRoute, alert, both, shown
from cloud.public.routes import PublicNumber, looks

router = APIRouter(include_in_schema=False, route_class=PageRoute)
TITLE = ("受理进度查询", "Where a report stands")
STATUS = {
    "received": ("已收到", "Received"),
    "accepted": ("已受理", "Accepted"),
    "in_hand": ("处置中", "In hand"),
    "done": ("已处置，正在核查", "Done, being checked"),
    "closed": ("已结案", "Closed"),
    "refused": ("不予受理", "Not taken up"),
}
STEPS = ("received", "accepted", "in_hand", "closed")
"""The way of a report, as far as its reporter is told; `done` lies within `in_hand`."""
_DATES = (
    ("received_at", "收到", "Received"),
    ("updated_at", "更新", "Updated"),
    ("closed_at", "结案", "Closed"),
)
_FORM = """<form method="get" action="/track">
<label><b>公开编号 <span lang="en">Public number</span></b>
<input name="number" maxlength="{longest}" autocomplete="off" autocapitalize="characters" spellcheck="false"
 required placeholder="20261122-00042-5-K7QX-4M2P" value="{number}"></label>
<p class="hint">在回执上；大小写不限，横线可省略。
<span lang="en">On your receipt; small letters and missing dashes do not matter.</span></p>
<button class="primary">查询 <span lang="en">Look up</span></button></form>
"""
_UNKNOWN = (
    "没有查到。请与回执逐字核对编号。",
    "Nothing has this number. Compare every character with your receipt.",
)
_MISTYPED = (
    "编号有误：有一位抄错、漏掉或颠倒了。请与回执逐字核对。",
    "A character is wrong, missing or swapped. Compare it with your receipt.",
)
_SHORT = (
    "这是案卷号。查询要用回执上的公开编号：后面还有 8 位字母和数字。",
    "This is the case's number. The public number on your receipt has eight more characters.",
)


@router.get("/track", dependencies=[Depends(looks)])
async def track_page(context: InContext, number: Annotated[str, Query(max_length=LONGEST)] = "") -> Response:
    """The form; below it what the number leads to."""
    return await _page(context, number)


@router.get("/track/{number}", dependencies=[Depends(looks)])
async def track_page_of(context: InContext, number: PublicNumber) -> Response:
    """The same, as a receipt's link leads there."""
    return await _page(context, number)


async def _page(context: Context, number: str) -> Response:
    """What cannot be a number is said at once: its check character is no secret, and nobody need be asked."""
    found, fault = None, None
    if is_incident_number(number.strip()):
        fault = _SHORT
    elif number and codes.parse(number) is None:
        fault = _MISTYPED
    elif number:
        async with context.engine.begin() as connection:
            found = await track.find(connection, number)
        fault = _UNKNOWN if found is None else None
    told = alert(*fault) if fault else _told(found, context.registry.timezone) if found else ""
    form = _FORM.format(longest=LONGEST, number=html.escape(number))
    return shown("/track", TITLE, told + form, 404 if fault else 200)


def _told(found: track.Tracked, zone: ZoneInfo) -> str:
    zh, en = STATUS[found.status]
    number = html.escape(found.public_number)
    lines = [("状态", "Status", both(zh, en)), ("公开编号", "Public number", number)]
    for name, *called in _DATES:
        at: datetime | None = getattr(found, name)
        if at is not None:
            local = at.astimezone(zone)
            stamp = f'<time datetime="{local.isoformat()}">{local:%Y-%m-%d %H:%M}</time>'
            lines.append((called[0], called[1], stamp))
    items = (f"<dt>{both(zh, en)}</dt><dd>{text}</dd>" for zh, en, text in lines)
    return f"{_steps(found.status)}<dl>{''.join(items)}</dl>"


def _steps(status: str) -> str:
    """How far it has come; what was refused has no way to go."""
    if status == "refused":
        return ""
    at = STEPS.index("in_hand" if status == "done" else status)
    items = []
    for nth, one in enumerate(STEPS):
        marks = (" class=done" if nth <= at else "") + (" aria-current=step" if nth == at else "")
        items.append(f"<li{marks}>{both(*STATUS[one])}</li>")
    return f'<ol class="steps">{"".join(items)}</ol>'
