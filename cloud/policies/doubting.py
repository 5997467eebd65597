"""What is probably not meant so in the policies: told at start, and to whoever reads or writes one."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import replace
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
from devices.site.source import Finding, shown

log = logging.getLogger(__name__)
FILE = Actor("system", "gridwatch")


async def sight(connection: AsyncConnection, current: Current, now: datetime) -> Sight:
    """What documents are held against, as of now."""
    people = frozenset((await connection.scalars(select(person.c.username))).all())
    registry = current.registry
    return Sight(registry, current.policies, now.astimezone(registry.timezone).date(), people)


def misfits(kind: Kind[Any], document: BaseModel, seen: Sight) -> list[Finding]:
    """Of one document, as if it were in force: why it is not taken from a person."""
    return list(kind.misfits(document, _with(kind, document, seen)))


def doubts(kind: Kind[Any], document: BaseModel, seen: Sight) -> list[str]:
    """Of one document, as if it were in force: misfits, too, for one that is."""
    view = _with(kind, document, seen)
    told = [f"{kind.name}: {shown(one.trail)}: {one.what}; {one.fix}" for one in kind.misfits(document, view)]
    return told + list(kind.doubts(document, view))


def _with(kind: Kind[Any], document: BaseModel, seen: Sight) -> Sight:
    documents = {**seen.policies.documents, kind.name: document}
    return replace(seen, policies=Policies(documents, seen.policies.versions))


async def start(engine: AsyncEngine, files: Mapping[str, Any], current: Current, now: datetime) -> None:
    """Take over what the files hold, load what is in force, and say in the log what is doubtful in it."""
    async with engine.begin() as connection:
        for name, body in files.items():
            if await store.take_file(connection, name, body, FILE, now):
                log.info("took over the file of %s", name)
    await current.load()
    async with engine.connect() as connection:
        seen = await sight(connection, current, now)
    for kind in KINDS:
        document = seen.policies.of(kind)
        for doubt in doubts(kind, document, seen) if document is not None else ():
            log.warning("%s", doubt)
