"""A site that somebody sent is put in force if it is newer than the one they saw; everybody is told."""

from __future__ import annotations

from cloud.areas.importer import import_site, lock
from cloud.context import Context
from cloud.errors import Problem
from cloud.etag import etag
from cloud.incidents.store import Actor
from cloud.link import sites
from devices.site.model import Site


async def put_in_force(context: Context, username: str, site: Site, seen: int) -> None:
    """Take over what `username` sent, who saw version `seen`.

    Raises:
        Problem: `version_changed`: another one is in force; `invalid`: its version is not higher.
    """
    now = context.now()
    async with context.engine.begin() as connection:
        await lock(connection)
        there = await sites.noticed(connection)
        version = 0 if there is None else there.version
        if version != seen:
            raise changed(version)
        if site.version <= version:
            fault = f"version: must be higher than {version}, which is in force; it is {site.version}"
            raise Problem("invalid", fault, errors=[{"pointer": "/body/version", "detail": fault}])
        actor = Actor("user", username)
        await import_site(connection, site, now, actor)
        await sites.keep(connection, site, actor, now)
    await context.current.load()
    await context.hub.site_taken()


def changed(version: int) -> Problem:
    """Another version is in force than the one that was seen."""
    return Problem("version_changed", f"version {version} is in force", headers={"ETag": etag(version)})
