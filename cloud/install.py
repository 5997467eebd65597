"""Bring an install up to date before it serves: tables, site, node tokens, first users."""

from __future__ import annotations

import logging
from collections.abc import Collection, Mapping
from datetime import datetime

from sqlalchemy import URL
from sqlalchemy.ext.asyncio import AsyncConnection

from cloud.areas.importer import GRIDWATCH, import_site
from cloud.database import migrate
from cloud.database.engine import make_engine
from cloud.link import sites
from cloud.nodes import credentials
from cloud.people import accounts
from cloud.people.sheet import FIRST, Newcomer
from cloud.settings import Settings
from cloud.telemetry.partitions import Pieces
from devices.site.edit import site_digest
from devices.site.model import Site

log = logging.getLogger(__name__)


async def prepare(
    url: URL,
    settings: Settings,
    now: datetime,
    *,
    site: Site | None = None,
    tokens: Mapping[str, str] | None = None,
    people: Collection[Newcomer] = FIRST,
) -> None:
    """Migrate the database at `url`; take over `site` and `tokens`; make the first users.

    Raises:
        SettingsError: the site is older than the database's, a token is of a node that it has not, or a user
            of an area.
    """
    engine = make_engine(url, pool_size=1)
    try:
        await migrate.upgrade(engine)
        async with engine.begin() as connection:
            if site is not None and not await _overtaken(connection, site):
                await import_site(connection, site, now)
                await sites.keep(connection, site, GRIDWATCH, now)
            await credentials.take_file(connection, tokens or {}, now)
        await accounts.add_first_users(engine, settings.state / "users.txt", now, people)
        await Pieces(engine).ahead(now)
    finally:
        await engine.dispose()


async def _overtaken(connection: AsyncConnection, site: Site) -> bool:
    """Somebody sent the cloud a newer site since this file was written: a restart must not fail for that."""
    there = await sites.noticed(connection)
    if there is None or site.version > there.version or site_digest(site) == there.digest:
        return False
    if not await sites.sent_by_hand(connection):
        return False
    log.warning(
        "the site file (version %d) is not taken over: version %d was sent to this cloud and is in force; "
        "GET /api/v1/site gives it",
        site.version,
        there.version,
    )
    return True
