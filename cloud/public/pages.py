"""The pages that anybody may open: plain HTML in both languages, which needs no script; their frame."""

from __future__ import annotations

import html
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.responses import FileResponse, HTMLResponse
from fastapi.routing import APIRoute

from cloud.errors import Problem
from cloud.problems import KINDS

HERE = Path(__file__).parent
_KEPT = {"Cache-Control": "max-age=3600"}
_PAGE = """<!doctype html>
<html lang="zh-CN"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width,initial-scale=1">
<title>{zh} · {en}</title><link rel="icon" href="data:,">
<link rel="stylesheet" href="/track.css">{script}</head>
<body><header><nav aria-label="页面 Pages">{links}</nav></header>
<main><h1>{zh} <span lang="en">{en}</span></h1>
{body}</main></body></html>
"""
_LINKS = (("/report", "随手拍", "Report"), ("/track", "进度查询", "Look up"))
_TOO_MANY = (
    "查询或提交过于频繁，请 {seconds} 秒后再试。",
    "Too often from here: try again in {seconds} s.",
)
_ELSE = ("暂时无法办理，请稍后再试。", "This cannot be done just now: try again in a while.")


def both(zh: str, en: str) -> str:
    """One thing in both languages; neither is escaped."""
    return f'{zh} <span lang="en">{en}</span>'


def alert(zh: str, en: str) -> str:
    """What is wrong, read out at once; both are escaped."""
    return f'<p role="alert">{html.escape(zh)}<br><span lang="en">{html.escape(en)}</span></p>'


def shown(
    path: str, title: tuple[str, str], body: str, status: int = 200, *, script: bool = False
) -> Response:
    """A page; `path` is its own address among the links."""
    links = " ".join(
        f'<a href="{address}"{" aria-current=page" if address == path else ""}>{both(zh, en)}</a>'
        for address, zh, en in _LINKS
    )
    source = '<script src="/report.js" defer></script>' if script else ""
    page = _PAGE.format(zh=title[0], en=title[1], links=links, body=body, script=source)
    # A form that is sent says where it comes from only with this: `no-referrer` sends `Origin: null`.
    return HTMLResponse(page, status, {"Cache-Control": "no-store", "Referrer-Policy": "same-origin"})


class PageRoute(APIRoute):
    """Tells whoever wants HTML of a refusal in words; a program gets the problem as everywhere."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """The route's handler within a net."""
        handle = super().get_route_handler()

        async def caught(request: Request) -> Response:
            try:
                return await handle(request)
            except Problem as problem:
                if "text/html" not in request.headers.get("accept", ""):
                    raise
                return _refusal(request, problem)

        return caught


def _refusal(request: Request, problem: Problem) -> Response:
    path = "/report" if request.url.path.startswith("/report") else "/track"
    zh, en = _TOO_MANY if problem.code == "too_many_requests" else _ELSE
    seconds = problem.headers.get("Retry-After", "")
    body = alert(zh.format(seconds=seconds), en.format(seconds=seconds))
    answer = shown(path, ("稍后再试", "Try again"), body, KINDS[problem.code].status)
    answer.headers.update(problem.headers)
    return answer


router = APIRouter(include_in_schema=False)


@router.get("/track.css")
async def track_style() -> Response:
    """The pages' style: the policy of content allows none within a page."""
    return FileResponse(HERE / "public.css", media_type="text/css", headers=_KEPT)


@router.get("/report.js")
async def report_script() -> Response:
    """What helps with a report: the place, and smaller photos."""
    return FileResponse(HERE / "tell.js", media_type="text/javascript", headers=_KEPT)
