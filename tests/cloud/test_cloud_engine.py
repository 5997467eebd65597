"""Connecting to a database that is there and takes nobody."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from sqlalchemy import URL

from cloud.database.engine import make_engine
from cloud.errors import DatabaseUnavailable

pytestmark = pytest.mark.anyio
STARTING = b"SFATAL\0VFATAL\0C57P03\0Mthe database system is starting up\0\0"


async def test_a_database_that_is_starting_up_counts_as_away_and_not_as_a_defect(tmp_path: Path) -> None:
    async def refuse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1000)
        writer.write(b"E" + (len(STARTING) + 4).to_bytes(4, "big") + STARTING)
        writer.close()
        await writer.wait_closed()

    server = await asyncio.start_unix_server(refuse, tmp_path / ".s.PGSQL.5432")
    engine = make_engine(URL.create("postgresql+asyncpg", "x", database="x", query={"host": str(tmp_path)}))
    try:
        with pytest.raises(DatabaseUnavailable, match="starting up"):
            async with engine.connect():
                pass
    finally:
        await engine.dispose()
        server.close()
        await server.wait_closed()
