"""What is probably not meant so in the policies: told at start, and to whoever reads or writes one."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from pydantic import BaseModel
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from cloud.areas.current import Current
from cloud.database.schema import person
from cloud.incidents.store import Actor
from cloud.policies import store
from cloud.policies.kind import Kind, Policies, Sight
from cloud.policies.kinds import KINDS

log = logging.getLogger(__name__)
FILE = Actor("system", "gridwatch")


async def sight(connection: AsyncConnection, current: Current, now: datetime) -> Sight:
    """What documents are held against, as of now."""
    people = frozenset((await connection.scalars(select(person.c.username))).all())
    registry = current.registry
    return Sight(registry, current.policies, now.astimezone(registry.timezone).date(), people)


def doubts(kind: Kind[Any], document: BaseModel, seen: Sight) -> list[str]:
    """Of one document, as if it were in force."""
    policies = seen.policies
    with_it = Policies({**policies.documents, kind.name: document}, policies.versions)
    return list(kind.doubts(document, Sight(seen.registry, with_it, seen.today, seen.people)))


def all_doubts(seen: Sight) -> Iterator[str]:
    """Of every policy in force."""
    for kind in KINDS:
        document = seen.policies.of(kind)
        if document is not None:
            yield from kind.doubts(document, seen)


async def start(engine: AsyncEngine, files: Mapping[str, Any], current: Current, now: datetime) -> None:
    """Take over what the files hold, load what is in force, and say in the log what is doubtful in it."""
    async with engine.begin() as connection:
        for kind, body in files.items():
            if await store.take_file(connection, kind, body, FILE, now):
                log.info("took over the file of %s", kind)
    await current.load()
    async with engine.connect() as connection:
        for doubt in all_doubts(await sight(connection, current, now)):
            log.warning("%s", doubt)
