"""`/session`: log in, who am I, log out."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import select

from cloud.context import Context, InContext
from cloud.database.schema import session
from cloud.errors import Problem
from cloud.people import accounts
from cloud.people.identity import COOKIE, Doer, Person, Viewer, check_origin, find_person
from cloud.people.passwords import csrf_of
from cloud.people.roles import Role
from cloud.problems import problems
from devices.site.model import Names

router = APIRouter(prefix="/session", tags=["session"])


class Credentials(BaseModel):
    """What a person logs in with."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)

    username: str = Field(min_length=1, max_length=64, examples=["leader"])
    password: str = Field(min_length=1, max_length=200)


class User(BaseModel):
    """A person."""

    id: UUID
    username: str
    name: Names
    roles: list[Role]
    organisation: str | None
    """Id of the department or company they work for."""
    areas: list[str]
    """Ids of grids, communities or the street that they work in; none: see the roles."""


class Session(BaseModel):
    """A session: who it is, and what unsafe requests must repeat."""

    user: User
    csrf: str
    """Send it as `X-CSRF-Token` with every POST and DELETE."""
    expires_at: datetime


def _show(who: Person, token: str, ends: datetime) -> Session:
    user = User(
        id=who.id,
        username=who.username,
        name=who.name,
        roles=list(who.roles),
        organisation=who.organisation,
        areas=list(who.areas),
    )
    return Session(user=user, csrf=csrf_of(token), expires_at=ends)


@router.post(
    "",
    operation_id="logIn",
    summary="Log in",
    description="Sets the cookie `gridwatch_session`. After five wrong passwords within five minutes: 429.",
    responses=problems("bad_credentials", "csrf", "invalid", "too_many_attempts"),
)
async def log_in(
    credentials: Credentials, context: InContext, request: Request, response: Response
) -> Session:
    """Check the password, begin a session."""
    check_origin(request)
    address = request.client.host if request.client else ""
    settings = context.settings
    token, ends = await accounts.log_in(
        context.engine,
        credentials.username,
        credentials.password,
        address,
        context.now(),
        settings.session_lifetime,
    )
    who = await find_person(context, token)
    assert who is not None
    response.set_cookie(
        COOKIE,
        token,
        max_age=int(settings.session_lifetime.total_seconds()),
        httponly=True,
        samesite="strict",
        secure=settings.secure_cookies,
    )
    response.headers["Cache-Control"] = "no-store"
    return _show(who, token, ends)


@router.get(
    "",
    operation_id="getSession",
    summary="Who am I",
    description="Of a session; an API token has none.",
    responses=problems("unauthenticated", "forbidden"),
)
async def get_session(context: InContext, who: Viewer, request: Request, response: Response) -> Session:
    """The session of the cookie."""
    if who.token is not None:
        raise Problem("forbidden", "an API token has no session")
    response.headers["Cache-Control"] = "no-store"
    return _show(who, request.cookies[COOKIE], await _ends(context, who))


async def _ends(context: Context, who: Person) -> datetime:
    statement = select(session.c.expires_at).where(session.c.token_hash == who.token_hash)
    async with context.engine.connect() as connection:
        ends = await connection.scalar(statement)
    return ends or context.now()


@router.delete(
    "",
    operation_id="logOut",
    summary="Log out",
    status_code=204,
    responses=problems("unauthenticated", "csrf"),
)
async def log_out(context: InContext, who: Doer, response: Response) -> None:
    """End the session."""
    await accounts.log_out(context.engine, who.token_hash)
    response.delete_cookie(COOKIE, httponly=True, samesite="strict", secure=context.settings.secure_cookies)
