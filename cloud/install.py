"""Bring an install up to date before it serves: tables, site, node tokens, first users."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import URL

from cloud.areas.importer import import_site
from cloud.database import migrate
from cloud.database.engine import make_engine
from cloud.nodes import credentials
from cloud.link import sites
from cloud.people import accounts
from cloud.settings import Settings
from devices.site.model import Site


async def prepare(
    url: URL,
    settings: Settings,
    now: datetime,
    *,
    site: Site | None = None,
    tokens: Mapping[str, str] | None = None,
) -> None:
    """Migrate the database at `url`; take over `site` and `tokens`; make the first users.

    Raises:
        SettingsError: the site is older than the database's, or a token is of a node that it has not.
    """
    engine = make_engine(url, pool_size=1)
    try:
        await migrate.upgrade(engine)
        async with engine.begin() as connection:
            if site is not None:
                await import_site(connection, site, now)
                await sites.keep(connection, site)
            await credentials.take_file(connection, tokens or {}, now)
        await accounts.add_first_users(engine, settings.state / "users.txt", now)
    finally:
        await engine.dispose()
