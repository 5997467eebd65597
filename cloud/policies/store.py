"""Policies in the database: the versions of each kind, and which file was seen last.

A file is taken over when it is another one than the file seen last. It never takes the place of what a person
wrote: then it waits, is shown beside that, and is settled by the next document that a person puts.
"""

from __future__ import annotations

import hashlib
import json
import logging
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel
from sqlalchemy import func, insert, select, text, update
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncConnection

from cloud.incidents.store import Actor
from cloud.policies.kind import Policies
from cloud.policies.kinds import BY_NAME
from cloud.policies.reading import Tree, check
from cloud.policies.tables import policy, policy_file

log = logging.getLogger(__name__)

Source = Literal["file", "person"]
_LOCK = 0x6772_6964_706F_6C69
"""Key of the advisory lock that lets one process write policies at a time ("gridpoli")."""


@dataclass(frozen=True, slots=True)
class Version:
    """One version of one kind."""

    kind: str
    version: int
    at: datetime
    source: Source
    actor: Actor
    body: Tree


@dataclass(frozen=True, slots=True)
class Waiting:
    """A file that differs from what a person wrote."""

    digest: str
    seen_at: datetime
    body: Tree


async def lock(connection: AsyncConnection) -> None:
    """Keep other writers away until the transaction ends."""
    await connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})


async def put(
    connection: AsyncConnection, kind: str, body: Tree, source: Source, who: Actor, now: datetime
) -> int:
    """`body` is in force from now on; its version. The caller holds the lock."""
    last = await connection.scalar(select(func.max(policy.c.version)).where(policy.c.kind == kind))
    row = {
        "kind": kind, "version": (last or 0) + 1, "at": now, "source": source,
        "actor_kind": who.kind, "actor_name": who.name, "body": body,
    }  # fmt: skip
    await connection.execute(insert(policy), row)
    settled = update(policy_file).where(policy_file.c.kind == kind, policy_file.c.waiting)
    await connection.execute(settled.values(waiting=False))
    return (last or 0) + 1


async def take_file(connection: AsyncConnection, kind: str, body: Tree, who: Actor, now: datetime) -> bool:
    """Take over what a file holds, if it is another than the one seen last; whether it is in force now."""
    await lock(connection)
    digest = digest_of(body)
    seen = await connection.scalar(select(policy_file.c.digest).where(policy_file.c.kind == kind))
    if seen == digest:
        return False
    there = await present(connection, kind)
    same = there is not None and there.body == body
    waits = not same and there is not None and there.source == "person"
    if not same and not waits:
        await put(connection, kind, body, "file", who, now)
    row = {"kind": kind, "digest": digest, "seen_at": now, "body": body, "waiting": waits}
    await connection.execute(
        upsert(policy_file).values(row).on_conflict_do_update(index_elements=["kind"], set_=row)
    )
    if waits and there is not None:
        log.warning(
            "%s: the file is another one, and is not taken over: version %d was written by %s; "
            "GET /api/v1/policies/%s shows both, put the one that is meant",
            kind, there.version, there.actor.name, kind,
        )  # fmt: skip
    return not same and not waits


def digest_of(body: Tree) -> str:
    """Of a document, whatever the order of its fields."""
    return hashlib.sha256(json.dumps(body, sort_keys=True).encode()).hexdigest()


async def present(connection: AsyncConnection, kind: str) -> Version | None:
    """The version in force; None: there never was one."""
    statement = select(policy).where(policy.c.kind == kind).order_by(policy.c.version.desc()).limit(1)
    row = (await connection.execute(statement)).one_or_none()
    return None if row is None else _version(row)


async def all_present(connection: AsyncConnection) -> dict[str, Version]:
    """The version in force of each kind that has one."""
    statement = select(policy).ext(distinct_on(policy.c.kind))
    statement = statement.order_by(policy.c.kind, policy.c.version.desc())
    return {row.kind: _version(row) for row in await connection.execute(statement)}


async def version(connection: AsyncConnection, kind: str, number: int) -> Version | None:
    """One version; None: there is no such."""
    statement = select(policy).where(policy.c.kind == kind, policy.c.version == number)
    row = (await connection.execute(statement)).one_or_none()
    return None if row is None else _version(row)


async def history(connection: AsyncConnection, kind: str, limit: int) -> list[Version]:
    """Newest first."""
    statement = select(policy).where(policy.c.kind == kind).order_by(policy.c.version.desc()).limit(limit)
    return [_version(row) for row in await connection.execute(statement)]


async def waiting(connection: AsyncConnection) -> dict[str, Waiting]:
    """By kind, the files that were not taken over."""
    statement = select(policy_file).where(policy_file.c.waiting)
    return {
        row.kind: Waiting(row.digest, row.seen_at, row.body) for row in await connection.execute(statement)
    }


async def numbers(connection: AsyncConnection) -> dict[str, int]:
    """The version in force of each kind, and nothing else."""
    statement = select(policy.c.kind, func.max(policy.c.version).label("version")).group_by(policy.c.kind)
    return {row.kind: row.version for row in await connection.execute(statement)}


async def load(connection: AsyncConnection, before: Policies) -> Policies:
    """All policies in force; what is the same version as `before` stays the same object."""
    found = await all_present(connection)
    documents: dict[str, BaseModel] = {}
    for name, one in found.items():
        if name in before.documents and before.versions[name] == one.version:
            documents[name] = before.documents[name]
            continue
        document, faults = check(BY_NAME[name], one.body) if name in BY_NAME else (None, [])
        if document is None or faults:  # another version of ours may have written it
            log.error("%s: version %d of the policy is not understood; it is not in force", name, one.version)
        else:
            documents[name] = document
    return Policies(documents, {name: one.version for name, one in found.items()})


def _version(row: Any) -> Version:
    actor = Actor(row.actor_kind, row.actor_name)
    return Version(row.kind, row.version, row.at, row.source, actor, row.body)
