"""Somebody who is logged in, and finding them by what they came with: a session's token or an API token."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from cloud.database.schema import person, session
from cloud.people.roles import Role
from cloud.people.tables import api_token
from devices.site.model import Names

USED = timedelta(minutes=1)
"""An API token's last use is written down at most so often."""
TOKEN = "gwt_"  # noqa: S105
"""How every API token begins, so that it is told from a node's, and found when it leaks."""


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
    token: UUID | None = None
    """The API token that they came by; None: a session."""
    narrowed: tuple[str, ...] = ()
    """Areas that this API token is limited to, within those of its person; none: no further limit."""


async def by_session(connection: AsyncConnection, token_hash: bytes, now: datetime) -> Person | None:
    """The person of a session that has not ended."""
    statement = (
        select(person)
        .join(session, session.c.person_id == person.c.id)
        .where(session.c.token_hash == token_hash, session.c.expires_at > now, person.c.locked_at.is_(None))
    )
    row = (await connection.execute(statement)).one_or_none()
    return None if row is None else _person(row, token_hash)


async def by_token(connection: AsyncConnection, token_hash: bytes, now: datetime) -> Person | None:
    """Whom an API token stands for, if it is not expired or revoked, nor its person locked."""
    valid = (api_token.c.expires_at > now, api_token.c.revoked_at.is_(None))
    found = await connection.execute(select(api_token).where(api_token.c.token_hash == token_hash, *valid))
    token = found.one_or_none()
    if token is None:
        return None
    await _used(connection, token, now)
    given = tuple(map(Role, token.roles))
    if token.person_id is None:
        name = f"{token.organisation}/{token.name}"
        return Person(
            token.id, name, Names(zh=name, en=name), given, token_hash,
            organisation=token.organisation, token=token.id,
        )  # fmt: skip
    statement = select(person).where(person.c.id == token.person_id, person.c.locked_at.is_(None))
    row = (await connection.execute(statement)).one_or_none()
    return None if row is None else _person(row, token_hash, token)


def _person(row: Any, token_hash: bytes, token: Any = None) -> Person:
    """An API token gives no role that its person has lost since."""
    roles = [Role(role) for role in row.roles if token is None or role in token.roles]
    return Person(
        row.id, row.username, Names(**row.name), tuple(roles), token_hash, tuple(row.areas), row.organisation,
        None if token is None else token.id, () if token is None else tuple(token.areas),
    )  # fmt: skip


async def _used(connection: AsyncConnection, token: Any, now: datetime) -> None:
    before = or_(api_token.c.used_at.is_(None), api_token.c.used_at < now - USED)
    if token.used_at is None or token.used_at < now - USED:
        await connection.execute(
            update(api_token).where(api_token.c.id == token.id, before).values(used_at=now)
        )
