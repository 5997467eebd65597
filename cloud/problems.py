"""Every refusal as `application/problem+json` (RFC 9457), with one table of codes."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, PlainTextResponse, Response
from pydantic import BaseModel, ConfigDict
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from starlette.exceptions import HTTPException
from starlette.requests import HTTPConnection

from cloud.addresses import allowed
from cloud.errors import DatabaseUnavailable, Problem
from cloud.people import denials

log = logging.getLogger(__name__)

MEDIA_TYPE = "application/problem+json"


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of problem: its HTTP status and a title that never changes."""

    status: int
    title: str


KINDS: dict[str, Kind] = {
    "bad_request": Kind(400, "The request cannot be read"),
    "unauthenticated": Kind(401, "Log in first"),
    "bad_credentials": Kind(401, "User name or password is wrong"),
    "bad_token": Kind(401, "The node token is missing or unknown"),
    "bad_code": Kind(401, "The enrolment code is wrong, used or expired"),
    "bad_login": Kind(401, "The log-in at the provider did not succeed"),
    "not_linked": Kind(403, "The provider's account is nobody's here"),
    "forbidden": Kind(403, "Your role does not allow this"),
    "node_revoked": Kind(403, "The node was revoked"),
    "csrf": Kind(403, "The request did not come from this page"),
    "not_found": Kind(404, "There is no such thing"),
    "node_away": Kind(409, "The node does not answer"),
    "method_not_allowed": Kind(405, "This address does not take that method"),
    "not_allowed": Kind(409, "The incident's state does not allow this action"),
    "seat_taken": Kind(409, "The seat is somebody else's"),
    "already_muted": Kind(409, "The wall is silent already"),
    "offset_differs": Kind(409, "The upload goes on elsewhere"),
    "version_changed": Kind(412, "It was changed meanwhile"),
    "media_deleted": Kind(410, "Its time was over and it was deleted"),
    "too_large": Kind(413, "The body is too large"),
    "invalid": Kind(422, "The content is not valid"),
    "key_reused": Kind(422, "The Idempotency-Key was used for another request"),
    "hash_mismatch": Kind(422, "The bytes are not those of the name"),
    "version_required": Kind(428, "Say which version you saw, in If-Match"),
    "too_many_attempts": Kind(429, "Too many failed log-ins"),
    "too_many_requests": Kind(429, "Too many requests"),
    "too_many_viewers": Kind(429, "Too many live pictures"),
    "internal": Kind(500, "The server failed"),
    "page_not_built": Kind(503, "The page is not built"),
    "provider_away": Kind(503, "The log-in provider cannot be used"),
    "unavailable": Kind(503, "The database does not answer"),
    "reason_needed": Kind(403, "Say why you look at the original"),
    "storage_full": Kind(507, "There is no room for photos and clips; keep it and send it again"),
    "store_away": Kind(503, "The store of telemetry does not answer"),
}

_BY_STATUS = {400: "bad_request", 401: "unauthenticated", 403: "forbidden", 404: "not_found"} | {
    405: "method_not_allowed",
    413: "too_large",
    422: "invalid",
}


class FieldFault(BaseModel):
    """What is wrong at one place of the request."""

    pointer: str
    """JSON Pointer into the request: `/body/...`, `/query/...`, `/path/...`, `/header/...`."""
    detail: str


class ProblemBody(BaseModel):
    """RFC 9457 problem details."""

    model_config = ConfigDict(extra="allow", json_schema_extra={"title": "Problem"})

    type: str
    """`/problems/<code>`"""
    title: str
    status: int
    detail: str
    instance: str
    """The path of the request."""
    code: str
    errors: list[FieldFault] | None = None
    """With `invalid`: each fault and its place."""
    allowed_actions: list[str] | None = None
    """With `not_allowed`: what may be done instead."""
    version: int | None = None
    """With `version_changed`: the version that stands now."""


def problems(*codes: str) -> dict[int | str, dict[str, Any]]:
    """The `responses` of a route that may answer with these problems."""
    grouped: dict[int | str, dict[str, Any]] = {}
    for code in codes:
        kind = KINDS[code]
        known = grouped.setdefault(
            kind.status, {"description": "", "content": {MEDIA_TYPE: {"schema": _SCHEMA}}}
        )
        known["description"] = "; ".join(filter(None, [known["description"], f"`{code}`: {kind.title}"]))
    return grouped


_SCHEMA = {"$ref": "#/components/schemas/Problem"}


def answer(
    request: HTTPConnection,
    code: str,
    detail: str,
    headers: Mapping[str, str] | None = None,
    members: Mapping[str, Any] | None = None,
) -> Response:
    """One problem as a response."""
    kind = KINDS[code]
    body = {
        "type": f"/problems/{code}",
        "title": kind.title,
        "status": kind.status,
        "detail": detail,
        "instance": request.url.path,
        "code": code,
        **(members or {}),
    }
    return JSONResponse(body, kind.status, dict(headers or {}), media_type=MEDIA_TYPE)


def install(app: FastAPI) -> None:
    """Make every error of `app` a problem, and document each code at `/problems/<code>`."""

    async def on_problem(request: Request, error: Exception) -> Response:
        assert isinstance(error, Problem)
        denials.note(request, error.code)
        return answer(request, error.code, error.detail, error.headers, error.members)

    async def on_invalid(request: Request, error: Exception) -> Response:
        assert isinstance(error, RequestValidationError)
        faults = [
            {"pointer": "/" + "/".join(_escaped(part) for part in fault["loc"]), "detail": fault["msg"]}
            for fault in error.errors()
        ]
        detail = f"{len(faults)} fault(s); see errors"
        return answer(request, "invalid", detail, members={"errors": faults})

    async def on_http(request: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)
        code = _BY_STATUS.get(error.status_code, "internal" if error.status_code >= 500 else "bad_request")
        headers = dict(error.headers or {})
        if error.status_code == 405 and (taken := allowed(request)):
            headers["Allow"] = ", ".join(taken)
        return answer(request, code, str(error.detail), headers)

    async def on_database(request: Request, error: Exception) -> Response:
        log.error("%s %s: the database failed: %s", request.method, request.url.path, type(error).__name__)
        return answer(request, "unavailable", "try again in a moment", {"Retry-After": "2"})

    async def on_anything(request: Request, error: Exception) -> Response:
        return answer(request, "internal", "the fault was logged; try again or tell the people who run this")

    app.add_exception_handler(Problem, on_problem)
    app.add_exception_handler(RequestValidationError, on_invalid)
    app.add_exception_handler(HTTPException, on_http)
    for gone in (DatabaseUnavailable, OperationalError, InterfaceError, PoolTimeout, TimeoutError):
        app.add_exception_handler(gone, on_database)
    app.add_exception_handler(DBAPIError, on_lost_connection(on_database))
    app.add_exception_handler(Exception, on_anything)

    @app.get("/problems/{code}", include_in_schema=False, response_class=PlainTextResponse)
    async def explain_problem(code: str) -> str:
        if code not in KINDS:
            raise Problem("not_found", f"no problem is called {code!r}; known: {', '.join(sorted(KINDS))}")
        return f"{code}: {KINDS[code].title} (HTTP {KINDS[code].status})\n"


_NO_TEXT = ("22021", "22P05")
"""SQLSTATE of character_not_in_repertoire, as a value, and untranslatable_character, within JSON."""


def on_lost_connection(gone: Any) -> Any:
    """A handler that takes driver errors of a lost connection as `gone` and lets true faults through.

    A text with U+0000, which PostgreSQL cannot keep, is a fault of the request, wherever it came in.
    """

    async def handle(request: Request, error: Exception) -> Response:
        assert isinstance(error, DBAPIError)
        if getattr(error.orig, "sqlstate", None) in _NO_TEXT:
            return answer(request, "invalid", "no text may hold U+0000")
        if not error.connection_invalidated:
            raise error
        response: Response = await gone(request, error)
        return response

    return handle


def _escaped(part: object) -> str:
    """One reference token of a JSON Pointer (RFC 6901)."""
    return str(part).replace("~", "~0").replace("/", "~1")
