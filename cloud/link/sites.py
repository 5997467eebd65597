"""The site that nodes take over: the whole text, and how a node's own compares with it."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from cloud.database.schema import command, site_text
from cloud.link.models import LIVE
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
    def notice(self) -> SiteNotice:
        """What every node is told of it."""
        return SiteNotice(version=self.version, digest=self.digest)

    @property
    def body(self) -> SiteBody:
        """The command's body as it is kept: which one; the text joins it when it is sent."""
        return SiteBody(version=self.version, digest=self.digest)


async def keep(connection: AsyncConnection, site: Site) -> None:
    """The cloud has this site now."""
    row = {"single": True, "version": site.version, "digest": site_digest(site), "text": dump_site(site)}
    statement = insert(site_text).values(row)
    await connection.execute(statement.on_conflict_do_update(index_elements=["single"], set_=row))


async def present(connection: AsyncConnection) -> SiteText | None:
    """The site that the cloud has; None before it was given one."""
    columns = (site_text.c.version, site_text.c.digest, site_text.c.text)
    row = (await connection.execute(select(*columns))).one_or_none()
    return None if row is None else SiteText(row.version, row.digest, row.text)


def is_behind(node: Hello, cloud: SiteText) -> bool:
    """The node shall be sent the cloud's site: versions only rise, and a local file insisted on stays."""
    return not node.local and node.version < cloud.version


async def wish_for(connection: AsyncConnection, node: str, cloud: SiteText) -> Wish | None:
    """The command that brings the node up to date; None while one waits already."""
    waiting = select(command.c.id).where(
        command.c.node == node,
        command.c.kind == CommandKind.SITE,
        command.c.state.in_(LIVE),
        command.c.body["version"].as_integer() == cloud.version,
    )
    if (await connection.execute(waiting)).first() is not None:
        return None
    return Wish(node, CommandKind.SITE, cloud.body.model_dump(exclude_none=True), BY_ITSELF)
