"""The engine: one pool of connections whose sessions never hang and never stall the event stream."""

from __future__ import annotations

import json
from functools import partial
from typing import Any

import asyncpg
from sqlalchemy import URL, event
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, DisconnectionError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from cloud.errors import DatabaseUnavailable, SettingsError

SESSION = {
    "application_name": "gridwatch",
    "jit": "off",
    "timezone": "UTC",
    "statement_timeout": "15s",
    "lock_timeout": "5s",
    "idle_in_transaction_session_timeout": "5s",
}
"""`jit=off`: compiling costs more than it saves on short queries (4x in one published load test). The
time-outs bound how long a stuck writer can hold back the commit horizon that the stream reads behind."""

STATEMENTS = 400
"""Prepared a connection: all that ingest, timers and walls say again and again. With 100, what one of them
had prepared the next one threw out."""


def make_engine(url: URL, *, pool_size: int = 8, within: float | None = 20) -> AsyncEngine:
    """An engine for `url`; errors of its statements never show parameters.

    `within`: seconds that a statement may take before it is given up here, whatever the server says; None: as
    long as it takes.

    Where it cannot connect, `DatabaseUnavailable` is raised.
    """
    engine = create_async_engine(
        url,
        pool_size=pool_size,
        max_overflow=4,
        pool_timeout=10,
        hide_parameters=True,
        json_serializer=partial(json.dumps, ensure_ascii=False, separators=(",", ":")),
        connect_args={
            "timeout": 10,
            "command_timeout": within,
            "server_settings": SESSION,
            "prepared_statement_cache_size": STATEMENTS,
        },
    )
    event.listen(engine.sync_engine, "do_connect", _connect)
    event.listen(engine.sync_engine, "checkout", _still_there)
    return engine


def _connect(dialect: Any, _: Any, words: Any, options: Any) -> Any:
    """Connect; whatever the driver says of a server that is not there is one error of ours."""
    driver = (asyncpg.PostgresError, asyncpg.InterfaceError, dialect.loaded_dbapi.Error)
    try:
        return dialect.connect(*words, **options)
    except (OSError, TimeoutError, *driver) as error:
        raise DatabaseUnavailable(f"PostgreSQL does not take the connection: {error}") from error


def _still_there(connection: Any, *_: Any) -> None:
    """Replace a pooled connection that the server has closed; asyncpg knows without asking the server."""
    if connection.driver_connection.is_closed():
        raise DisconnectionError


def parse_url(text: str) -> URL:
    """`GRIDWATCH_DATABASE_URL` as SQLAlchemy wants it.

    Raises:
        SettingsError: not a PostgreSQL address; the text does not repeat it, for it holds a password.
    """
    try:
        url = make_url(text)
    except ArgumentError:
        raise SettingsError(
            "GRIDWATCH_DATABASE_URL: not an address; write postgresql://USER:PASSWORD@HOST:PORT/DATABASE"
        ) from None
    if url.get_backend_name() not in ("postgresql", "postgres"):
        raise SettingsError("GRIDWATCH_DATABASE_URL: only PostgreSQL is spoken; write postgresql://...")
    return url.set(drivername="postgresql+asyncpg")
