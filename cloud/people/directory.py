"""Looking after people: add, change, lock, a new password; each is a line of their log."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import delete, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from cloud.database.schema import area, person, session
from cloud.errors import SettingsError
from cloud.people.passwords import hash_password
from cloud.people.roles import OF_AREAS, Role
from cloud.people.tables import person_event
from devices.site.model import Names

SHORTEST = 12
"""Characters of a password that somebody chooses; guessing is slowed down besides (`accounts.throttle`)."""


async def everybody(connection: AsyncConnection) -> list[Any]:
    """Rows of `person`, by user name."""
    return list((await connection.execute(select(person).order_by(person.c.username))).all())


async def one(connection: AsyncConnection, username: str) -> Any | None:
    """The row of `person`; None: there is nobody of this name."""
    return (await connection.execute(select(person).where(person.c.username == username))).one_or_none()


async def faults(
    connection: AsyncConnection, roles: Collection[Role], areas: Collection[str], organisation: str | None
) -> dict[str, str]:
    """What of a person does not fit together: field -> what to do."""
    found: dict[str, str] = {}
    if not roles:
        found["roles"] = "give at least one"
    if OF_AREAS.intersection(roles) and not areas:
        bound = ", ".join(sorted(OF_AREAS.intersection(roles)))
        found["areas"] = f"{bound}: name the grids or communities that are theirs"
    known = set((await connection.scalars(select(area.c.id))).all())
    if unknown := sorted(set(areas) - known):
        found["areas"] = f"the site has no {', '.join(unknown)}"
    if Role.DEPARTMENT in roles and not organisation:
        found["organisation"] = "a department needs one"
    return found


async def check(
    connection: AsyncConnection, roles: Collection[Role], areas: Collection[str], organisation: str | None
) -> None:
    """Check what a command says of a person.

    Raises:
        SettingsError: something does not fit; the text names the field and the fix.
    """
    for field, fix in (await faults(connection, roles, areas, organisation)).items():
        raise SettingsError(f"{field}: {fix}")


async def change(
    connection: AsyncConnection,
    username: str,
    version: int,
    values: Mapping[str, Any],
    actor: str,
    now: datetime,
) -> bool:
    """Change columns of the person at `version`, and write it down; False: it is at another.

    Locking and a new password end all sessions.
    """
    mine = (person.c.username == username, person.c.version == version)
    statement = update(person).where(*mine).values(**values, version=version + 1).returning(person.c.id)
    found = await connection.scalar(statement)
    if found is None:
        return False
    if values.get("locked_at") or "password_hash" in values:
        await connection.execute(delete(session).where(session.c.person_id == found))
    told = {name: value for name, value in values.items() if name not in ("password_hash", "locked_at")}
    action = "locked" if values.get("locked_at") else "password" if "password_hash" in values else "changed"
    await note(connection, username, action, actor, told, now)
    return True


async def set_password(
    connection: AsyncConnection, username: str, version: int, password: str, actor: str, now: datetime
) -> bool:
    """Give a new password; all sessions end. False: the person is at another version."""
    hashed = await asyncio.to_thread(hash_password, password)
    return await change(connection, username, version, {"password_hash": hashed}, actor, now)


async def remove(connection: AsyncConnection, username: str, actor: str, now: datetime) -> bool:
    """Forget somebody; cases keep the user name. False: there is nobody of this name."""
    gone = await connection.execute(delete(person).where(person.c.username == username))
    if gone.rowcount:
        await note(connection, username, "removed", actor, {}, now)
    return bool(gone.rowcount)


async def names_of(connection: AsyncConnection, usernames: Collection[str]) -> dict[str, Names]:
    """What they are called, by user name; whoever has no account is left out."""
    asked = select(person.c.username, person.c.name).where(person.c.username.in_(usernames))
    return {row.username: Names.model_validate(row.name) for row in await connection.execute(asked)}


async def note(
    connection: AsyncConnection,
    username: str,
    action: str,
    actor: str,
    detail: Mapping[str, Any],
    now: datetime,
) -> None:
    """A line of the log of people, which nobody can change."""
    row = {"at": now, "username": username, "action": action, "actor": actor, "detail": dict(detail)}
    await connection.execute(insert(person_event), row)
