"""The site that nodes take over: the whole text, and how a node's own compares with it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from cloud.database.schema import command, site_change, site_text, site_version
from cloud.incidents.store import Actor
from cloud.link.models import LIVE, SiteChange
from cloud.link.store import Wish
from devices.link import CommandKind, Hello, SiteBody, SiteNotice
from devices.site.edit import dump_site, site_digest
from devices.site.model import Site

BY_ITSELF = "gridwatch"
"""Who asks for what nobody asked for."""


@dataclass(frozen=True, slots=True)
class SiteText:
    """A version of the site as it travels."""

    version: int
    digest: str
    text: str

    @property
    def body(self) -> SiteBody:
        """The command's body as it is kept: which one; the text joins it when it is sent."""
        return SiteBody(version=self.version, digest=self.digest)


async def keep(connection: AsyncConnection, site: Site, who: Actor, now: datetime) -> None:
    """The cloud has this site from now on; `who` brought it, which is written down."""
    row = {"single": True, "version": site.version, "digest": site_digest(site), "text": dump_site(site)}
    version = insert(site_version).values({key: row[key] for key in ("version", "digest", "text")})
    newest = {"digest": row["digest"], "text": row["text"]}
    await connection.execute(version.on_conflict_do_update(index_elements=["version"], set_=newest))
    before = await noticed(connection)
    statement = insert(site_text).values(row)
    await connection.execute(statement.on_conflict_do_update(index_elements=["single"], set_=row))
    if before is None or (before.version, before.digest) != (row["version"], row["digest"]):
        note = {"at": now, "version": site.version, "digest": row["digest"]}
        await connection.execute(insert(site_change), note | {"actor_kind": who.kind, "actor_name": who.name})


async def present(connection: AsyncConnection) -> SiteText | None:
    """The site that the cloud has; None before it was given one."""
    columns = (site_text.c.version, site_text.c.digest, site_text.c.text)
    row = (await connection.execute(select(*columns))).one_or_none()
    return None if row is None else SiteText(row.version, row.digest, row.text)


async def earlier(connection: AsyncConnection, version: int) -> SiteText | None:
    """A version that was once in force; None: it never was, or it was before versions were kept."""
    columns = (site_version.c.version, site_version.c.digest, site_version.c.text)
    found = select(*columns).where(site_version.c.version == version)
    row = (await connection.execute(found)).one_or_none()
    return None if row is None else SiteText(row.version, row.digest, row.text)


async def noticed(connection: AsyncConnection) -> SiteNotice | None:
    """Which site the cloud has, without its text."""
    row = (await connection.execute(select(site_text.c.version, site_text.c.digest))).one_or_none()
    return None if row is None else SiteNotice(version=row.version, digest=row.digest)


async def sent_by_hand(connection: AsyncConnection) -> bool:
    """The site in force was sent by a person, not read from a file at a start."""
    last = select(site_change.c.actor_kind).order_by(site_change.c.id.desc()).limit(1)
    return await connection.scalar(last) == "user"


async def history(connection: AsyncConnection, limit: int) -> list[SiteChange]:
    """Who brought which version, newest first."""
    statement = select(site_change).order_by(site_change.c.id.desc()).limit(limit)
    return [
        SiteChange.model_validate(row, from_attributes=True) for row in await connection.execute(statement)
    ]


def is_behind(node: Hello, cloud: SiteNotice) -> bool:
    """The node shall be sent the cloud's site: versions only rise, and a local file insisted on stays."""
    return not node.local and node.version < cloud.version


async def wish_for(connection: AsyncConnection, node: str, cloud: SiteNotice) -> Wish | None:
    """The command that brings the node up to date; None while one waits already."""
    waiting = select(command.c.id).where(
        command.c.node == node,
        command.c.kind == CommandKind.SITE,
        command.c.state.in_(LIVE),
        command.c.body["version"].as_integer() == cloud.version,
    )
    if (await connection.execute(waiting)).first() is not None:
        return None
    body = SiteBody(version=cloud.version, digest=cloud.digest)
    return Wish(node, CommandKind.SITE, body.model_dump(exclude_none=True), BY_ITSELF)
