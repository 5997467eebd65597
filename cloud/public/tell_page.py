"""`/report` (随手拍): anybody tells of something, by a form that works without a script."""

from __future__ import annotations

import hashlib
import html
from collections.abc import Mapping, Sequence
from typing import Annotated, Any
from uuid import uuid4

from fastapi import APIRouter, Depends, Request, Response
from pydantic import Field, TypeAdapter, ValidationError
from starlette.datastructures import UploadFile

from cloud.areas.registry import Registry
from cloud.context import Context, InContext
from cloud.errors import Problem
from cloud.public.pages import PageRoute, alert, both, shown
from cloud.public.routes import tells
from cloud.public.telling import CITIZEN, tell
from cloud.sources import photos
from cloud.sources.models import Address, Receipt, Words
from cloud.sources.place import UnknownPlace, Where, at_position, in_area
from cloud.sources.policy import SourcesPolicy, offered
from cloud.sources.report_routes import policy_of
from cloud.sources.show import active_class
from cloud.stamps import Latitude, Longitude

router = APIRouter(include_in_schema=False, route_class=PageRoute)
TITLE = ("随手拍", "Report something")
MOST = 4
"""Photos of one report."""
_FIELDS = ("words", "address", "event_class", "grid", "lon", "lat", "key")
_KEY = TypeAdapter(Annotated[str, Field(min_length=8, max_length=100, pattern=r"^[!-~]+$")])
_SAYS: Mapping[str, tuple[str, str]] = {
    "words": ("请写明看到了什么（2000 字以内）。", "Say what you saw, in at most 2000 characters."),
    "address": ("地点说明太长（200 字以内）。", "The place is too long: at most 200 characters."),
    "place": ("请选择所在网格，或使用定位。", "Choose the grid, or use your position."),
    "outside": (
        "该位置不在本街道范围内，请选择所在网格。",
        "That position is not in this street: choose the grid.",
    ),
    "photos": (
        "照片须为 JPEG 格式，每张不超过 8 MB，最多 4 张。",
        "Photos must be JPEG, at most 8 MB each, four of them.",
    ),
    "class": ("请重新选择类别。", "Choose the kind again."),
    "key": ("页面已过期，请重新提交。", "This page is out of date: send it again."),
}
_FORM = """<p class="hint">{intro}</p>
<form method="post" action="/report" enctype="multipart/form-data" data-tell>
<input type="hidden" name="key" value="{key}">
<label><b>{words_label}</b>
<textarea name="words" rows="4" maxlength="2000" required>{words}</textarea></label>
<label><b>{photo_label}</b>
<input type="file" name="photos" accept="image/jpeg,image/*" multiple data-most="{most}"></label>
<fieldset><legend><b>{place_label}</b></legend>
<input type="hidden" name="lon" value="{lon}"><input type="hidden" name="lat" value="{lat}">
<button type="button" data-here hidden>{here}</button>
<p class="hint" role="status" data-said data-found="已定位，误差约 {{}} 米 · Found, within {{}} m"
 data-failed="无法定位，请选择网格 · No position: choose the grid"></p>
<select name="grid" aria-label="网格 Grid"{required}>
<option value="">选择所在网格 · Choose the grid</option>{grids}</select>
<input name="address" maxlength="200" value="{address}" aria-label="地点说明 Place in words"
 placeholder="如：菜场西门口 · In words"></fieldset>
<label><b>{class_label}</b>
<select name="event_class"><option value="">不确定 · Not sure</option>{classes}</select></label>
<button class="primary">{send}</button></form>
"""
_RECEIPT = """<p>{thanks}</p><dl><dt>{label}</dt><dd class="number">{number}</dd></dl>
<p class="hint">{keep}</p><p><a class="button" href="/track/{number}">{follow}</a></p>
"""


@router.get("/report")
async def report_page(context: InContext) -> Response:
    """The empty form."""
    return _form(context, {})


@router.post("/report", dependencies=[Depends(tells)])
async def send_report(context: InContext, request: Request) -> Response:
    """The receipt; or the form again with what is wrong, and what was written still in it."""
    async with request.form(max_files=MOST, max_fields=len(_FIELDS) + 1) as sent:
        given = {name: value for name in _FIELDS if isinstance(value := sent.get(name), str)}
        pictures = [await one.read() for one in sent.getlist("photos") if isinstance(one, UploadFile)]
    faults = _faults(given)
    where = None if faults else _where(context.registry, given, faults)
    if where is None:
        return _form(context, given, faults)
    hashes = []
    try:
        for picture in filter(None, pictures):
            hashes.append(hashlib.sha256(picture).hexdigest())
            await photos.take(context.engine, context.media, CITIZEN, hashes[-1], picture, context.now())
    except Problem as problem:
        if problem.code not in ("invalid", "too_large"):
            raise
        return _form(context, given, ["photos"])
    try:
        event_class = active_class(code, context.registry) if (code := given.get("event_class")) else None
        asked: tuple[str, Any] = (given["key"], given | {"photos": hashes})
        receipt = await tell(
            context, where, given["words"], given.get("address") or None, event_class, hashes, asked
        )
    except Problem as problem:
        if problem.code not in ("invalid", "key_reused"):
            raise
        return _form(context, given, ["class" if problem.code == "invalid" else "key"])
    return _received(receipt)


def _faults(given: Mapping[str, str]) -> list[str]:
    """Which of `_SAYS` is wrong with what was written; no place is `_where`'s."""
    checks: tuple[tuple[str, Any], ...] = (("words", TypeAdapter(Words)), ("key", _KEY))
    if given.get("address"):
        checks += (("address", TypeAdapter(Address)),)
    found = []
    for name, check in checks:
        try:
            check.validate_python(given.get(name, "").strip())
        except ValidationError:
            found.append(name)
    return found


def _where(registry: Registry, given: Mapping[str, str], faults: list[str]) -> Where | None:
    """The place; None, and a fault more, where there is none. A grid that was chosen has no position."""
    try:
        if given.get("grid"):
            return in_area(registry, given["grid"], "grid")
        if given.get("lon") and given.get("lat"):
            lon = TypeAdapter(Longitude).validate_python(float(given["lon"]))
            return at_position(registry, lon, TypeAdapter(Latitude).validate_python(float(given["lat"])))
        faults.append("place")
    except (UnknownPlace, ValueError):  # a ValidationError is a ValueError
        faults.append("outside")
    return None


def _form(context: Context, given: Mapping[str, str], faults: Sequence[str] = ()) -> Response:
    value = {name: html.escape(given.get(name, "")) for name in _FIELDS}
    known = context.registry
    body = "".join(alert(*_SAYS[one]) for one in faults) + _FORM.format(
        **value | {"key": uuid4().hex},
        intro=both(
            "不用登录。提交后给您一个公开编号，凭它查询进度。",
            "No account. You get a number to follow it by.",
        ),
        words_label=both("看到了什么", "What you saw"),
        photo_label=both("照片（可选，最多 4 张）", "Photos (if you like, up to 4)"),
        place_label=both("在哪里", "Where"),
        here=both("使用我的位置", "Use my position"),
        class_label=both("类别", "Kind"),
        send=both("提交", "Send"),
        most=MOST,
        required="" if value["lon"] else " required",
        grids=_grids(known, given.get("grid", "")),
        classes=_classes(known, policy_of(context), given.get("event_class", "")),
    )
    return shown("/report", TITLE, body, 422 if faults else 200, script=True)


def _received(receipt: Receipt) -> Response:
    body = _RECEIPT.format(
        thanks=both(
            "已收到，谢谢。工作人员会核实后办理。", "Received, thank you. Somebody will look into it."
        ),
        label=both("公开编号", "Public number"),
        number=html.escape(receipt.public_number),
        keep=both(
            "请抄下或截图：这个编号不会再次显示。", "Write it down or keep a picture: it is shown this once."
        ),
        follow=both("查询进度", "See how it stands"),
    )
    return shown("", TITLE, body, 201)


def _classes(registry: Registry, policy: SourcesPolicy, chosen: str) -> str:
    return "".join(_option(one.code, one.name.zh, one.name.en, chosen) for one in offered(registry, policy))


def _grids(registry: Registry, chosen: str) -> str:
    """By community, those that are in force."""
    there = [one for one in registry.areas.values() if ("area", one.id) in registry.active]
    parts = []
    for community in (one for one in there if one.level == "community"):
        options = "".join(
            _option(one.id, one.name.zh, one.name.en, chosen) for one in there if one.parent == community.id
        )
        label = html.escape(f"{community.name.zh} {community.name.en}")
        parts.append(f'<optgroup label="{label}">{options}</optgroup>')
    return "".join(parts)


def _option(value: str, zh: str, en: str, chosen: str) -> str:
    on = " selected" if value == chosen else ""
    return f'<option value="{html.escape(value)}"{on}>{html.escape(zh)} · {html.escape(en)}</option>'
