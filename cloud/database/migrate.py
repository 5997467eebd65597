"""Bring the database's tables to the newest version, by one process at a time."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from cloud.database.engine import make_engine

_LOCK = 0x6772_6964_7761_7463
"""Key of the advisory lock that serialises migrations ("gridwatc")."""

_PATIENT = text(
    "SELECT set_config(name, '0', false) FROM unnest(ARRAY['statement_timeout', 'lock_timeout',"
    " 'idle_in_transaction_session_timeout']) AS name"
)
"""A migration of a year's cases may take minutes."""


def alembic_config(connection: Connection | None = None) -> Config:
    """Alembic's configuration, without a file; `connection` is the one it migrates over."""
    config = Config()
    config.set_main_option("script_location", "cloud:migrations")
    config.attributes["connection"] = connection
    return config


async def upgrade(engine: AsyncEngine, revision: str = "head") -> None:
    """Run the migrations that are missing; waits while another process does."""
    async with _patient(engine) as connection:
        await connection.execute(text("SELECT pg_advisory_lock(:key)"), {"key": _LOCK})
        await connection.commit()
        try:
            await connection.run_sync(lambda sync: command.upgrade(alembic_config(sync), revision))
            await connection.commit()
        finally:
            await connection.rollback()
            await connection.execute(text("SELECT pg_advisory_unlock(:key)"), {"key": _LOCK})
            await connection.commit()


async def downgrade(engine: AsyncEngine, revision: str) -> None:
    """Undo migrations down to `revision` (`base`: all of them)."""
    async with _patient(engine) as connection:
        await connection.run_sync(lambda sync: command.downgrade(alembic_config(sync), revision))
        await connection.commit()


@asynccontextmanager
async def _patient(engine: AsyncEngine) -> AsyncIterator[AsyncConnection]:
    """A connection of its own to the same database, whose statements neither side gives up."""
    own = make_engine(engine.url, pool_size=1, within=None)
    try:
        async with own.connect() as connection:
            await connection.execute(_PATIENT)
            yield connection
    finally:
        await own.dispose()


def head() -> str:
    """The newest revision this program knows."""
    newest = ScriptDirectory.from_config(alembic_config()).get_current_head()
    assert newest is not None
    return newest


async def current(engine: AsyncEngine) -> str | None:
    """The revision the database is at; None when it is empty."""
    async with engine.connect() as connection:
        return await connection.run_sync(lambda sync: MigrationContext.configure(sync).get_current_revision())
