"""Random keys of this install: made at the first use, the same for all its processes and after a restore."""

from __future__ import annotations

import secrets

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from cloud.sources.tables import install_secret

PUBLIC_NUMBERS = "public numbers"


async def secret(connection: AsyncConnection, name: str = PUBLIC_NUMBERS) -> bytes:
    """The 256-bit key called `name`."""
    wanted = select(install_secret.c.secret).where(install_secret.c.name == name)
    found: bytes | None = await connection.scalar(wanted)
    if found is None:
        fresh = {"name": name, "secret": secrets.token_bytes(32)}
        await connection.execute(insert(install_secret).values(fresh).on_conflict_do_nothing())
        found = await connection.scalar(wanted)
    assert found is not None
    return found
