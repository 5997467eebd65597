"""People whose sessions are written down, not logged in to: hashing a password takes longer than a test."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import httpx
from sqlalchemy import insert, select

from cloud.database.schema import person, session
from cloud.people.identity import COOKIE
from cloud.people.passwords import csrf_of, hash_token, random_token
from cloud.people.roles import Role
from devices.ids import uuid7

BASE = "http://gridwatch.test"


async def client(s: Any, username: str, role: Role) -> httpx.AsyncClient:
    """Somebody with a session in the app of a `street`; added unless there already."""
    token, now = random_token(), s.app.state.context.now()
    row = {
        "id": uuid7(), "username": username, "name": {"zh": username, "en": username}, "roles": [role],
        "password_hash": "none", "created_at": now,
    }  # fmt: skip
    async with s.app.state.context.engine.begin() as connection:
        there = await connection.scalar(select(person.c.id).where(person.c.username == username))
        if there is None:
            await connection.execute(insert(person), row)
        begun = {
            "token_hash": hash_token(token), "person_id": there or row["id"], "created_at": now,
            "expires_at": now + timedelta(hours=1),
        }  # fmt: skip
        await connection.execute(insert(session), begun)
    found = httpx.AsyncClient(transport=httpx.ASGITransport(s.app), base_url=BASE)
    found.cookies.set(COOKIE, token)
    found.headers["X-CSRF-Token"] = csrf_of(token)
    return found
