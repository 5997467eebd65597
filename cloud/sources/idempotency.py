"""`Idempotency-Key`: what an offline phone sends again has the answer of the first time.

The key, a hash of what was asked and the answer stand in one row, written in the transaction of the work
itself: work without its row, or a row without its work, cannot be. Kept 48 h.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated, Any

from fastapi import Header
from sqlalchemy import delete, insert, select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from cloud.errors import Problem
from cloud.sources.tables import request_key

KEPT = timedelta(hours=48)
_LOCK = text("SELECT pg_advisory_xact_lock(:number)")
Key = Annotated[
    str | None,
    Header(
        alias="Idempotency-Key",
        min_length=8,
        max_length=100,
        pattern=r"^[!-~]+$",
        description="Made once by the client, a UUID say. Within 48 h the same request with the same key is "
        "answered as the first was, and done once.",
    ),
]


@dataclass(frozen=True, slots=True)
class Asked:
    """A request that may come again."""

    who: str
    """`person:<id>`, `key:<id>`: nobody is answered what another asked."""
    key: str | None
    """None: it does not come again."""
    content: Any
    """JSON of all that makes it another request; not what a repeat may change, such as when it was sent."""


async def once(
    connection: AsyncConnection, asked: Asked, now: datetime, work: Callable[[], Awaitable[Any]]
) -> tuple[Any, bool]:
    """What `work` answers (JSON), or answered the first time; and whether it was done now.

    Raises:
        Problem: `key_reused`, the key was for another request.
    """
    if asked.key is None:
        return await work(), True
    name = hashlib.sha256(f"{asked.who}\0{asked.key}".encode()).digest()
    content = json.dumps(asked.content, sort_keys=True, ensure_ascii=False).encode()
    digest = hashlib.sha256(content).digest()
    # A repeat while the first is under way waits for it here.
    await connection.execute(_LOCK, {"number": int.from_bytes(name[:8], "big", signed=True)})
    statement = select(request_key.c.digest, request_key.c.answer)
    known = (
        await connection.execute(statement.where(request_key.c.name == name, request_key.c.at > now - KEPT))
    ).one_or_none()
    if known is not None:
        if known.digest != digest:
            fault = {"pointer": "/header/Idempotency-Key", "detail": "make a new one for a new request"}
            raise Problem("key_reused", "Idempotency-Key: was used for another request", errors=[fault])
        return known.answer, False
    answer = await work()
    await connection.execute(delete(request_key).where(request_key.c.name == name))
    await connection.execute(
        insert(request_key), {"name": name, "digest": digest, "answer": answer, "at": now}
    )
    return answer, True


async def forget(connection: AsyncConnection, now: datetime) -> None:
    """Delete what is older than 48 h."""
    await connection.execute(delete(request_key).where(request_key.c.at <= now - KEPT))
