"""Who asks: the person behind a session cookie, the node behind a bearer token."""

from __future__ import annotations

import hmac
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Annotated
from urllib.parse import urlsplit

from fastapi import Depends, Request, Security
from fastapi.security import APIKeyCookie, HTTPAuthorizationCredentials, HTTPBearer
from sqlalchemy.ext.asyncio import AsyncConnection
from starlette.requests import HTTPConnection

from cloud.context import Context, InContext
from cloud.errors import Problem
from cloud.nodes.credentials import Holder, holder
from cloud.people.limits import address_of, limiter_of
from cloud.people.matrix import DOOR
from cloud.people.passwords import csrf_of, hash_token
from cloud.people.person import TOKEN, Person, by_session, by_token
from cloud.people.roles import Role
from cloud.people.scope import Scope, scope_of
from cloud.people.wall import stand, unwalled

__all__ = ["Administrator", "AdministratorViewer", "Doer", "InScope", "Person", "Sender", "Viewer"]

COOKIE = "gridwatch_session"
CSRF_HEADER = "X-CSRF-Token"

_cookie = APIKeyCookie(name=COOKIE, scheme_name="session", auto_error=False)
_bearer = HTTPBearer(scheme_name="node", description="A node's token.", auto_error=False)
_token = HTTPBearer(
    scheme_name="token", description="A person's or organisation's API token.", auto_error=False
)
Look = Callable[[AsyncConnection, bytes, datetime], Awaitable[Person | None]]


async def find_person(context: Context, token: str) -> Person | None:
    """The person of a session that has not ended."""
    return await _find(context, hash_token(token), by_session)


async def still_logged_in(context: Context, who: Person) -> bool:
    """Whether what `who` came by still stands, for the same roles, areas and organisation."""
    return who == await _find(context, who.token_hash, by_session if who.token is None else by_token)


async def _find(context: Context, token_hash: bytes, look: Look) -> Person | None:
    with unwalled():
        async with context.engine.connect() as connection:
            # each statement is its own transaction: one way to the server and back instead of three
            await connection.execution_options(isolation_level="AUTOCOMMIT")
            return await look(connection, token_hash, context.now())


async def viewer(
    request: Request,
    context: InContext,
    cookie: Annotated[str | None, Security(_cookie)],
    token: Annotated[HTTPAuthorizationCredentials | None, Security(_token)],
) -> Person:
    """Whoever is logged in and has a role for this route; for requests that change nothing.

    From here on the request sees what is in their scope only.
    """
    who = await identify(request, context, cookie, None if token is None else token.credentials)
    check_role(request, who)
    stand(scope_of(who, context.registry))
    return who


async def identify(
    request: HTTPConnection, context: Context, cookie: str | None, token: str | None
) -> Person:
    """Whose session or API token it came with.

    Raises:
        Problem: `unauthenticated`, `too_many_requests`.
    """
    limiter = limiter_of(request)
    limiter.address(address_of(request))
    if token is not None and token.startswith(TOKEN):
        who = await _find(context, hash_token(token), by_token)
    else:
        who = await find_person(context, cookie) if cookie else None
    if who is None:
        raise Problem("unauthenticated", "no session or API token, or it has ended")
    request.state.person = who
    limiter.person(who.username, request.scope.get("method", "GET"))
    return who


async def in_scope(who: Annotated[Person, Depends(viewer)], context: InContext) -> Scope:
    """Where whoever asks may look: what every query over cases takes (`visible`)."""
    return scope_of(who, context.registry)


def check_role(request: Request, who: Person) -> None:
    """Refuse whom the matrix does not let in.

    Raises:
        Problem: `forbidden`.
        LookupError: the route has no row.
    """
    route = request.scope["route"]
    operation = route.operation_id or route.name
    if operation not in DOOR:
        raise LookupError(f"{operation}: no row in cloud/people/matrix.py; add one line that says who may")
    if not DOOR[operation].intersection(who.roles):
        raise Problem("forbidden", f"this is not for {', '.join(who.roles) or 'you'}")


async def doer(request: Request, who: Annotated[Person, Depends(viewer)]) -> Person:
    """Whoever is logged in, and meant this request: it came from our page, with the session's CSRF token."""
    if who.token is not None:
        return who  # no browser adds an API token by itself
    check_origin(request)
    given = request.headers.get(CSRF_HEADER, "")
    expected = csrf_of(request.cookies[COOKIE])
    if not hmac.compare_digest(given.encode(), expected.encode()):
        raise Problem("csrf", f"{CSRF_HEADER}: must be `csrf` of GET /api/v1/session")
    return who


def check_origin(request: HTTPConnection) -> None:
    """Refuse what a browser sends from another site's page.

    Raises:
        Problem: `csrf`.
    """
    origin = request.headers.get("Origin")
    if origin is not None and urlsplit(origin).netloc != request.headers.get("Host"):
        raise Problem("csrf", "Origin: this request came from another site's page")
    if request.headers.get("Sec-Fetch-Site", "same-origin") not in ("same-origin", "none"):
        raise Problem("csrf", "Sec-Fetch-Site: this request came from another site's page")


async def sender(
    context: InContext, credentials: Annotated[HTTPAuthorizationCredentials | None, Security(_bearer)]
) -> Holder:
    """The node whose token came."""
    async with context.engine.connect() as connection:
        await connection.execution_options(isolation_level="AUTOCOMMIT")
        return await holder(connection, credentials.credentials if credentials else "", context.now())


def _administrator(who: Person) -> Person:
    if Role.ADMINISTRATOR not in who.roles:
        raise Problem("forbidden", "this is the administrator's")
    return who


async def administrator(who: Annotated[Person, Depends(doer)]) -> Person:
    """A `doer` who looks after nodes."""
    return _administrator(who)


async def administrator_viewer(who: Annotated[Person, Depends(viewer)]) -> Person:
    """A `viewer` who looks after nodes."""
    return _administrator(who)


Viewer = Annotated[Person, Depends(viewer)]
Doer = Annotated[Person, Depends(doer)]
InScope = Annotated[Scope, Depends(in_scope)]
Sender = Annotated[Holder, Depends(sender)]
Administrator = Annotated[Person, Depends(administrator)]
AdministratorViewer = Annotated[Person, Depends(administrator_viewer)]
