"""Who asks: the person behind a session cookie, the node behind a bearer token."""

from __future__ import annotations

import hmac
from dataclasses import dataclass
from typing import Annotated
from urllib.parse import urlsplit
from uuid import UUID

from fastapi import Depends, Request, Security
from fastapi.security import APIKeyCookie, HTTPAuthorizationCredentials, HTTPBearer
from sqlalchemy import select

from cloud.context import Context, InContext
from cloud.database.schema import person, session
from cloud.errors import Problem
from cloud.nodes.credentials import Holder, holder
from cloud.people.passwords import csrf_of, hash_token
from cloud.people.roles import Role
from devices.site.model import Names

COOKIE = "gridwatch_session"
CSRF_HEADER = "X-CSRF-Token"

_cookie = APIKeyCookie(name=COOKIE, scheme_name="session", auto_error=False)
_bearer = HTTPBearer(scheme_name="node", description="A node's token.", auto_error=False)


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who is logged in."""

    id: UUID
    username: str
    name: Names
    roles: tuple[Role, ...]
    token_hash: bytes
    areas: tuple[str, ...] = ()
    """Ids of areas; none: the whole street, for roles that are not bound to areas."""
    organisation: str | None = None
    """The department or operator company that they act for."""


async def find_person(context: Context, token: str) -> Person | None:
    """The person of a session that has not ended."""
    statement = (
        select(person)
        .join(session, session.c.person_id == person.c.id)
        .where(session.c.token_hash == hash_token(token), session.c.expires_at > context.now())
        .where(person.c.locked_at.is_(None))
    )
    async with context.engine.connect() as connection:
        row = (await connection.execute(statement)).one_or_none()
    if row is None:
        return None
    return Person(
        row.id, row.username, Names(**row.name), tuple(map(Role, row.roles)), hash_token(token),
        tuple(row.areas), row.organisation,
    )  # fmt: skip


async def still_logged_in(context: Context, who: Person) -> bool:
    """Whether the session that `who` came by still stands."""
    statement = select(session.c.person_id).where(
        session.c.token_hash == who.token_hash, session.c.expires_at > context.now()
    )
    async with context.engine.connect() as connection:
        return await connection.scalar(statement) is not None


async def viewer(context: InContext, token: Annotated[str | None, Security(_cookie)]) -> Person:
    """Whoever is logged in; for requests that change nothing."""
    who = await find_person(context, token) if token else None
    if who is None:
        raise Problem("unauthenticated", "no session, or it has ended")
    return who


async def doer(request: Request, who: Annotated[Person, Depends(viewer)]) -> Person:
    """Whoever is logged in, and meant this request: it came from our page, with the session's CSRF token."""
    check_origin(request)
    given = request.headers.get(CSRF_HEADER, "")
    expected = csrf_of(request.cookies[COOKIE])
    if not hmac.compare_digest(given.encode(), expected.encode()):
        raise Problem("csrf", f"{CSRF_HEADER}: must be `csrf` of GET /api/v1/session")
    return who


def check_origin(request: Request) -> None:
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
Sender = Annotated[Holder, Depends(sender)]
Administrator = Annotated[Person, Depends(administrator)]
AdministratorViewer = Annotated[Person, Depends(administrator_viewer)]
