"""Whom and what a step names must be there: a person, an organisation, one's own photos."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from cloud.database.schema import person
from cloud.errors import Problem
from cloud.incidents.asking import Request
from cloud.incidents.transitions import HANDLE
from cloud.organisations.reading import in_force
from cloud.sources import photos


async def check(connection: AsyncConnection, request: Request) -> None:
    """Refuse what nobody knows; photos belong to the step from here on.

    Raises:
        Problem: invalid.
    """
    fields = request.fields
    if "handler" in fields and not await _is_handler(connection, fields["handler"]):
        raise _unknown("handler", "nobody who handles cases has this user name")
    if "organisation" in fields and not await _is_organisation(connection, fields["organisation"]):
        raise _unknown("organisation", "the policy `organisations` has none of this id")
    if fields.get("photos"):
        sender = await connection.scalar(select(person.c.id).where(person.c.username == request.username))
        await photos.claim(connection, f"person:{sender}", fields["photos"], "/body/photos")


async def _is_handler(connection: AsyncConnection, username: str) -> bool:
    """Whether somebody is called so who handles cases and is still here."""
    mine = (person.c.username == username, person.c.locked_at.is_(None))
    found = select(person.c.id).where(*mine, person.c.roles.overlap(sorted(HANDLE)))
    return await connection.scalar(found) is not None


async def _is_organisation(connection: AsyncConnection, identifier: str) -> bool:
    """Any will do while the site has no list of them."""
    there = await in_force(connection)
    return there is None or there.of(identifier) is not None


def _unknown(name: str, detail: str) -> Problem:
    errors = [{"pointer": f"/body/{name}", "detail": detail}]
    return Problem("invalid", f"{name}: {detail}", errors=errors)
