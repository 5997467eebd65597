"""`/api-tokens`: what programs come with that speak for a person or an organisation."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

from fastapi import APIRouter, Response
from sqlalchemy import insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from cloud.context import InContext
from cloud.database.schema import person
from cloud.errors import Problem
from cloud.people import directory
from cloud.people.identity import Doer, Person, Viewer
from cloud.people.models import TokenGiven, TokenNew, TokenOut, Tokens
from cloud.people.passwords import hash_token, random_token
from cloud.people.person import TOKEN
from cloud.people.roles import Role
from cloud.people.tables import api_token
from cloud.problems import problems
from devices.ids import uuid7

router = APIRouter(
    prefix="/api-tokens", tags=["people"], responses=problems("unauthenticated", "forbidden", "invalid")
)


@router.get("", operation_id="listTokens", summary="The own API tokens; the administrator's: all")
async def list_tokens(context: InContext, who: Viewer) -> Tokens:
    """Newest first; what they are nobody can read."""
    statement = _tokens().order_by(api_token.c.created_at.desc(), api_token.c.id.desc()).limit(500)
    if Role.ADMINISTRATOR not in who.roles:
        statement = statement.where(api_token.c.person_id == who.id)
    async with context.engine.connect() as connection:
        return Tokens(items=[_shown(row) for row in await connection.execute(statement)])


@router.post(
    "",
    operation_id="makeToken",
    summary="Make an API token",
    description="For yourself; for others and for organisations the administrator does. Told this once. It "
    "never gives more than its person has at the moment of its use. Send it as `Authorization: Bearer`.",
    status_code=201,
    responses=problems("csrf", "not_found"),
)
async def make_token(context: InContext, who: Doer, new: TokenNew, response: Response) -> TokenGiven:
    """Make one."""
    if who.token is not None:
        raise Problem("forbidden", "an API token makes no others")
    own = new.organisation is None and new.username in (None, who.username)
    if not own and Role.ADMINISTRATOR not in who.roles:
        raise Problem("forbidden", "tokens of others and of organisations are the administrator's")
    token, now = TOKEN + random_token(), context.now()
    row = {
        "id": uuid7(), "token_hash": hash_token(token), "name": new.name, "roles": sorted(new.roles),
        "areas": sorted(new.areas), "created_at": now, "created_by": who.username,
        "expires_at": now + timedelta(days=new.days), "organisation": new.organisation,
    }  # fmt: skip
    async with context.engine.begin() as connection:
        row["person_id"] = await _for(connection, new, who)
        await connection.execute(insert(api_token), row)
        about = {"token": str(row["id"]), "roles": row["roles"], "areas": row["areas"]}
        subject = new.organisation or new.username or who.username
        await directory.note(connection, subject, "token made", who.username, about, now)
        shown = (await connection.execute(_tokens().where(api_token.c.id == row["id"]))).one()
    response.headers["Cache-Control"] = "no-store"
    return TokenGiven(token=token, about=_shown(shown))


@router.delete(
    "/{token_id}",
    operation_id="revokeToken",
    summary="Revoke an API token",
    status_code=204,
    responses=problems("csrf", "not_found"),
)
async def revoke_token(context: InContext, who: Doer, token_id: UUID) -> None:
    """It is void from its next request on; again changes nothing."""
    mine = [api_token.c.id == token_id]
    if Role.ADMINISTRATOR not in who.roles:
        mine.append(api_token.c.person_id == who.id)
    async with context.engine.begin() as connection:
        there = (await connection.execute(select(api_token.c.revoked_at).where(*mine))).one_or_none()
        if there is None:
            raise Problem("not_found", f"no token of yours has the id {token_id}")
        if there.revoked_at is None:
            await connection.execute(update(api_token).where(*mine).values(revoked_at=context.now()))
            about = {"token": str(token_id)}
            await directory.note(
                connection, who.username, "token revoked", who.username, about, context.now()
            )


async def _for(connection: AsyncConnection, new: TokenNew, who: Person) -> UUID | None:
    """The id of the person that the token is for; None: it is for an organisation.

    Raises:
        Problem: not_found; invalid, it would give what they do not have.
    """
    if new.organisation is not None:
        if new.username is not None:
            raise _invalid("organisation", "name either a person or an organisation")
        if set(new.roles) != {Role.DEPARTMENT} or new.areas:
            raise _invalid("roles", "an organisation's token has the role department, and no areas")
        return None
    row = await directory.one(connection, new.username or who.username)
    if row is None:
        raise Problem("not_found", f"there is no user {new.username!r}")
    if more := sorted(set(new.roles) - set(row.roles)):
        raise _invalid("roles", f"{row.username} has not {', '.join(more)}")
    found = await directory.faults(connection, [Role(one) for one in row.roles], new.areas or row.areas, "x")
    if "areas" in found:
        raise _invalid("areas", found["areas"])
    person_id: UUID = row.id
    return person_id


def _tokens() -> Any:
    return select(api_token, person.c.username).outerjoin(person, person.c.id == api_token.c.person_id)


def _shown(row: Any) -> TokenOut:
    return TokenOut.model_validate(row, from_attributes=True)


def _invalid(field: str, fix: str) -> Problem:
    return Problem("invalid", f"{field}: {fix}", errors=[{"pointer": f"/body/{field}", "detail": fix}])
