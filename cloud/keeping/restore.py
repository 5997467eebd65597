"""Bringing a backup back into an empty install, whole or not at all."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from pathlib import Path

from sqlalchemy import URL, delete, text
from sqlalchemy.ext.asyncio import AsyncConnection

from cloud.database import migrate
from cloud.database.embedded import EmbeddedServer
from cloud.database.engine import make_engine
from cloud.database.schema import login_failure, outbox, session
from cloud.errors import BackupError
from cloud.keeping import ledger, tools
from cloud.keeping.vault import DUMP, MEDIA, Manifest, Vault, copy, hash_of
from cloud.people.wall import ROLE

_TABLES = text("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'")
_ROLE = text(f"""
    DO $$ BEGIN
        IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = '{ROLE}') THEN CREATE ROLE {ROLE} NOLOGIN; END IF;
        IF NOT pg_has_role(current_user, '{ROLE}', 'MEMBER') THEN GRANT {ROLE} TO CURRENT_USER; END IF;
    END $$
""")
"""A role belongs to the server, not to the database: no dump brings it."""
_FLOOR = text("UPDATE outbox_floor SET xid = pg_snapshot_xmax(pg_current_snapshot()), id = 0")


async def bring_back(vault: Vault, name: str | None, state: Path, url: URL | None, now: datetime) -> Manifest:
    """Restore a backup into the empty install `state`, its database at `url` or embedded (None).

    Broken off, it leaves the install empty, and can be begun again.

    Raises:
        BackupError: the backup is damaged or of a newer program, or the install is not empty.
        DatabaseUnavailable: the database cannot be started or reached.
    """
    folder, manifest = vault.read(name)
    await asyncio.to_thread(_check, folder / DUMP, manifest)
    if (state / "pg").exists() or any((state / "media").glob("??/*")):
        raise BackupError(f"{state}: is an install already; name an empty directory with --state")
    work = state / "restoring"
    await asyncio.to_thread(shutil.rmtree, work, ignore_errors=True)
    work.mkdir(mode=0o700, parents=True)
    await asyncio.to_thread(_media, vault, manifest, work / "media")
    async with _database(work / "pg", url) as target:
        await fill(target, folder / DUMP)
        await _forget(target, now)
    shutil.rmtree(state / "media", ignore_errors=True)
    (work / "media").rename(state / "media")
    if url is None:
        (work / "pg").rename(state / "pg")
    shutil.rmtree(work)
    return manifest


def _check(dump: Path, manifest: Manifest) -> None:
    if manifest.revision > migrate.head():
        raise BackupError(
            f"the backup is of a newer program (revision {manifest.revision}, this one has {migrate.head()})"
        )
    try:
        found = hash_of(dump)
    except OSError as error:
        raise BackupError(f"{dump}: cannot be read: {error.strerror}") from error
    if found != manifest.dump_sha256:
        raise BackupError(f"{dump}: is damaged, it is not what the manifest says; take an older backup")


def _media(vault: Vault, manifest: Manifest, target: Path) -> None:
    target.mkdir(mode=0o700)
    for medium in manifest.media:
        try:
            copy(vault.directory / MEDIA / medium.path, target / medium.path, medium)
        except FileNotFoundError:
            raise BackupError(f"{medium.path}: is missing in the backups' media") from None


@asynccontextmanager
async def _database(data: Path, url: URL | None) -> AsyncIterator[URL]:
    if url is not None:
        yield url
        return
    server = EmbeddedServer(data)
    started = await asyncio.to_thread(server.start)
    try:
        yield started
    finally:
        await asyncio.to_thread(server.stop)


async def fill(url: URL, dump: Path) -> None:
    """Read a dump into an empty database, bring its tables up to date, and begin the stream anew.

    Raises:
        BackupError: it is not empty, or pg_restore says why not.
    """
    engine = make_engine(url, pool_size=1)
    try:
        async with engine.begin() as connection:
            if await connection.scalar(_TABLES):
                raise BackupError("the database is not empty; name an empty one")
            await connection.execute(_ROLE)
        await asyncio.to_thread(tools.restore, url, dump)
        await migrate.upgrade(engine)
        async with engine.begin() as connection:
            await _new_server(connection)
    finally:
        await engine.dispose()


async def _new_server(connection: AsyncConnection) -> None:
    """Transaction ids of the stream's cursors were the old server's: every wall begins anew."""
    await connection.execute(delete(outbox))
    await connection.execute(_FLOOR)


async def _forget(url: URL, now: datetime) -> None:
    """What was true at the time of the backup: a session that was ended since then must not come back."""
    engine = make_engine(url, pool_size=1)
    try:
        async with engine.begin() as connection:
            await connection.execute(delete(session))
            await connection.execute(delete(login_failure))
            await ledger.renew(connection, now)
    finally:
        await engine.dispose()
