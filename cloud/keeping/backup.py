"""Taking a backup while the cloud serves: one moment of the database, and the media that it names.

The list of media is made while the snapshot of the database is held. A photo is on the disk before the answer
to its upload, and never changes, so whatever the snapshot names and has is in the list.
"""

from __future__ import annotations

import asyncio
import re
import shutil
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

from sqlalchemy import URL, func, select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from cloud.database import migrate
from cloud.database.engine import make_engine
from cloud.database.schema import evidence, incident
from cloud.errors import BackupError
from cloud.keeping import ledger, tools
from cloud.keeping.vault import DUMP, Manifest, Medium, Vault, hash_of

_NAME = re.compile(r"([0-9a-f]{64})\.\w+")


async def take(url: URL, media: Path, vault: Vault, now: datetime) -> tuple[Path, Manifest]:
    """Make a backup; its folder and what is in it.

    Raises:
        BackupError: it could not be made; what was begun is deleted.
        DatabaseUnavailable: the database does not answer.
    """
    engine = make_engine(url, pool_size=1)
    folder = vault.begin(now)
    try:
        async with engine.connect() as connection:
            await connection.execute(text("SET idle_in_transaction_session_timeout = 0"))
            await connection.commit()
            await connection.execution_options(isolation_level="REPEATABLE READ")
            snapshot = str(await connection.scalar(text("SELECT pg_export_snapshot()")))
            facts = await _facts(connection)
            listed = await asyncio.to_thread(listing, media)
            named = set(await connection.scalars(select(evidence.c.sha256).distinct()))
            file = folder / DUMP
            await asyncio.to_thread(tools.dump, url, file, snapshot)
        file.chmod(0o600)
        kept, gone = await asyncio.to_thread(_copy, vault, media, listed)
        there = {one.sha256 for one in kept}
        manifest = Manifest(
            made_at=now,
            revision=facts.revision,
            server=facts.server,
            ledger=facts.ledger,
            dump_sha256=await asyncio.to_thread(hash_of, file),
            dump_size=file.stat().st_size,
            incidents=facts.incidents,
            media=tuple(kept),
            absent=tuple(sorted((named - there) | (gone & named))),
        )
        await asyncio.to_thread(vault.finish, folder, manifest)
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    finally:
        await engine.dispose()
    return folder, manifest


def listing(media: Path) -> list[Medium]:
    """Every finished photo and clip of an install."""
    found = []
    for path in sorted(media.glob("[0-9a-f][0-9a-f]/*")):
        name = _NAME.fullmatch(path.name)
        if name:
            relative = str(path.relative_to(media))
            found.append(Medium(path=relative, sha256=name[1], size=path.stat().st_size))
    return found


def _copy(vault: Vault, media: Path, listed: list[Medium]) -> tuple[list[Medium], set[str]]:
    kept, gone = [], set()
    for medium in listed:
        try:
            vault.keep(medium, media / medium.path)
        except FileNotFoundError:
            gone.add(medium.sha256)
        else:
            kept.append(medium)
    return kept, gone


class _Facts(NamedTuple):
    revision: str
    server: str
    ledger: str
    incidents: int


async def _facts(connection: AsyncConnection) -> _Facts:
    revision = await connection.scalar(text("SELECT version_num FROM alembic_version"))
    if revision != migrate.head():
        raise BackupError(
            f"the database is at revision {revision}, this program's is {migrate.head()}; "
            "start the cloud once with this program, or back up with the one that runs"
        )
    return _Facts(
        revision,
        str(await connection.scalar(text("SHOW server_version"))),
        str(await ledger.name(connection)),
        int(await connection.scalar(select(func.count()).select_from(incident)) or 0),
    )
