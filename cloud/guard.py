"""The outermost layer: body limits, security headers, and how long each answer took."""

from __future__ import annotations

import time

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from cloud.errors import Problem
from cloud.metrics import Metrics
from cloud.people.wall import unwalled
from cloud.problems import answer

CSP = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:; "
    "media-src 'self' blob:; connect-src 'self'; font-src 'self'; manifest-src 'self'; worker-src 'self'; "
    "base-uri 'none'; frame-ancestors 'none'; form-action 'self'"
)
HEADERS = {
    "Content-Security-Policy": CSP,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(self), microphone=(), geolocation=(self)",
}
LIMITS = {
    "/api/v1/media/": 16 * 1024 * 1024,
    "/api/v1/ingest": 1024 * 1024,
    "/api/v1/photos/": 8 * 1024 * 1024,
    "/api/v1/reports/photos/": 8 * 1024 * 1024,
    "/report": 34 * 1024 * 1024,
    "/api/v1/hotline": 16 * 1024 * 1024,
    "/api/v1/assets": 16 * 1024 * 1024,
    "/api/v1/policies/": 1024 * 1024,
    "/api/v1/site": 2 * 1024 * 1024,
    "/api/v1/areas": 8 * 1024 * 1024,
}
"""Bytes of a request's body, by the start of its path."""
LIMIT = 64 * 1024


def limit_of(path: str) -> int:
    """The longest body that `path` takes, in bytes."""
    return next((limit for start, limit in LIMITS.items() if path.startswith(start)), LIMIT)


class Guard:
    """ASGI middleware."""

    def __init__(self, app: ASGIApp, metrics: Metrics) -> None:
        self.app = app
        self.metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        began = time.perf_counter()
        status = 0

        async def dressed(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers.setdefault(name, value)
            await send(message)

        limit = limit_of(scope["path"])
        if _announced(scope) > limit:
            refusal = answer(Request(scope), "too_large", f"at most {limit} bytes", {"Connection": "close"})
            await refusal(scope, receive, dressed)
        else:
            with unwalled():
                await self.app(scope, _limited(receive, limit), dressed)
        route = scope.get("route")
        if status and not getattr(route, "path", "").endswith("/stream"):
            self.metrics.requests.labels(
                scope["method"], getattr(route, "path", "other"), str(status)
            ).observe(time.perf_counter() - began)


def _announced(scope: Scope) -> int:
    text = Headers(scope=scope).get("content-length", "0")
    return int(text) if text.isascii() and text.isdigit() else 0


def _limited(receive: Receive, limit: int) -> Receive:
    """`receive` that refuses a body that turns out too long (chunked, so not announced)."""
    total = 0

    async def counted() -> Message:
        nonlocal total
        message = await receive()
        total += len(message.get("body", b""))
        if total > limit:
            raise Problem("too_large", f"at most {limit} bytes", headers={"Connection": "close"})
        return message

    return counted
