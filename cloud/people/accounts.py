"""Users, sessions and failed log-ins in the database; the file of node tokens."""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from pathlib import Path
from uuid import UUID

from sqlalchemy import delete, func, insert, select, text, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from cloud.database.schema import login_failure, person, session
from cloud.errors import Problem, SettingsError
from cloud.people import directory
from cloud.people.passwords import (
    hash_password,
    hash_token,
    random_password,
    random_token,
    renewed,
    verify_password,
)
from cloud.people.roles import Role
from cloud.people.sheet import FIRST, Newcomer
from devices.ids import uuid7
from devices.site.model import Names

log = logging.getLogger(__name__)

WINDOW = timedelta(minutes=5)
FAILURES_PER_USER = 5
"""Failed log-ins of one user name from one address within the window, before the next must wait."""
FAILURES_PER_ADDRESS = 30
_FIRST_LOCK = 0x6772_6964_7573_6572
"""Key of the advisory lock under which the first users are made ("griduser")."""


async def add_user(
    connection: AsyncConnection,
    username: str,
    name: Names,
    roles: Collection[Role],
    password: str | None,
    now: datetime,
    *,
    areas: Collection[str] = (),
    organisation: str | None = None,
) -> None:
    """Add a user; without a password they cannot log in here.

    Raises:
        SettingsError: the name is taken.
    """
    row = {
        "id": uuid7(), "username": username.lower(), "name": name.model_dump(),
        "roles": sorted(roles), "created_at": now, "version": 1,
        "areas": sorted(areas), "organisation": organisation,
        "password_hash": None if password is None else await asyncio.to_thread(hash_password, password),
    }  # fmt: skip
    try:
        await connection.execute(insert(person), row)
    except IntegrityError as error:
        raise SettingsError(f"user {username!r} is there already; take another name") from error


async def add_first_users(
    engine: AsyncEngine, file: Path, now: datetime, people: Collection[Newcomer] = FIRST
) -> bool:
    """When there is no user at all: these, with random passwords that stand only in `file` (0600).

    Raises:
        SettingsError: an area or organisation of theirs does not fit.
    """
    async with engine.begin() as connection:
        await connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _FIRST_LOCK})
        if await connection.scalar(select(func.count()).select_from(person)):
            return False
        lines = ["# user password role: made for this install only"]
        for one in people:
            for field, fix in (
                await directory.faults(connection, one.roles, one.areas, one.organisation)
            ).items():
                raise SettingsError(f"{one.username}: {field}: {fix}")
            password = random_password() if one.login else None
            await add_user(
                connection, one.username, one.name, one.roles, password, now,
                areas=one.areas, organisation=one.organisation,
            )  # fmt: skip
            if password is not None:
                lines.append(f"{one.username} {password} {','.join(one.roles)}")
        write_private(file, "\n".join(lines) + "\n")
    log.info("made the first %d users; their passwords are in %s", len(people), file)
    return True


async def log_in(
    engine: AsyncEngine, username: str, password: str, address: str, now: datetime, lifetime: timedelta
) -> tuple[str, datetime]:
    """A new session: its token, and when it ends.

    Raises:
        Problem: `bad_credentials`, or `too_many_attempts`.
    """
    username = username.lower()
    async with engine.connect() as connection:
        await throttle(connection, username, address, now)
        stored = await connection.execute(
            select(person.c.id, person.c.password_hash).where(
                person.c.username == username, person.c.locked_at.is_(None)
            )
        )
        row = stored.one_or_none()
    stored_hash = row.password_hash if row else None
    right = await asyncio.to_thread(verify_password, stored_hash, password)
    better = await asyncio.to_thread(renewed, stored_hash, password) if right and stored_hash else None
    async with engine.begin() as connection:
        if row is None or not right:
            await failed(connection, username, address, now)
        else:
            if better is not None:
                mine = (person.c.id == row.id, person.c.password_hash == stored_hash)
                await connection.execute(update(person).where(*mine).values(password_hash=better))
            await connection.execute(delete(login_failure).where(login_failure.c.username == username))
            return await begin_session(connection, row.id, now, lifetime)
    raise Problem("bad_credentials", "user name or password is wrong")


async def begin_session(
    connection: AsyncConnection, person_id: UUID, now: datetime, lifetime: timedelta
) -> tuple[str, datetime]:
    """A new session: its token, and when it ends."""
    token, ends = random_token(), now + lifetime
    row = {"token_hash": hash_token(token), "person_id": person_id, "created_at": now, "expires_at": ends}
    await connection.execute(insert(session), row)
    return token, ends


async def failed(connection: AsyncConnection, username: str, address: str, now: datetime) -> None:
    """Remember a failed try."""
    await connection.execute(insert(login_failure), {"username": username, "address": address, "at": now})


async def throttle(connection: AsyncConnection, username: str, address: str, now: datetime) -> None:
    """Let nobody guess quickly.

    Raises:
        Problem: `too_many_attempts`.
    """
    here = (login_failure.c.address == address) & (login_failure.c.at > now - WINDOW)
    counts = await connection.execute(
        select(
            func.count().filter(login_failure.c.username == username).label("user"),
            func.count().label("address"),
        ).where(here)
    )
    row = counts.one()
    if row.user >= FAILURES_PER_USER or row.address >= FAILURES_PER_ADDRESS:
        seconds = int(WINDOW.total_seconds())
        raise Problem(
            "too_many_attempts",
            f"try again in {seconds // 60} minutes",
            headers={"Retry-After": str(seconds)},
        )


async def log_out(engine: AsyncEngine, token_hash: bytes) -> None:
    """End a session."""
    async with engine.begin() as connection:
        await connection.execute(delete(session).where(session.c.token_hash == token_hash))


def token_file(file: Path, nodes: Collection[str]) -> Mapping[str, str]:
    """The tokens in `file` (lines `node token`); made with random ones when it is not there.

    Raises:
        SettingsError: it cannot be read or written, or a line is not `node token`.
    """
    if not file.exists():
        made = {name: random_token() for name in nodes}
        write_private(file, "".join(f"{name} {token}\n" for name, token in made.items()))
        return made
    try:
        lines = file.read_text(encoding="utf-8").splitlines()
    except OSError as error:
        raise SettingsError(f"{file}: cannot be read: {error.strerror}") from error
    found: dict[str, str] = {}
    for number, line in enumerate(lines, 1):
        words = line.split()
        if not words or words[0].startswith("#"):
            continue
        if len(words) != 2 or words[0] in found or len(words[1]) < 20:
            raise SettingsError(
                f"{file}:{number}: write `node token`, each node once, tokens of 20 letters or more"
            )
        found[words[0]] = words[1]
    for name in sorted(set(nodes) - set(found)):
        log.warning("%s has no token for node %s; it cannot send", file, name)
    return found


def write_private(file: Path, content: str) -> None:
    """Write a file that only its owner may read.

    Raises:
        SettingsError: it cannot be written.
    """
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(handle, "w", encoding="utf-8") as out:
            os.fchmod(out.fileno(), 0o600)
            out.write(content)
    except OSError as error:
        raise SettingsError(f"{file}: cannot be written: {error.strerror}") from error
