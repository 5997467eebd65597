"""Areas of a file into the site that is in force: checked first, then taken over as one version of each."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from pydantic import BaseModel
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from cloud.areas import group_store, versions
from cloud.areas.groups import strays
from cloud.areas.importer import import_site, lock
from cloud.areas.succession import Change, succession
from cloud.database.schema import person
from cloud.errors import CloudError
from cloud.incidents.store import Actor
from cloud.link import sites
from devices.link import LARGEST_FRAME
from devices.site.area_file import with_areas
from devices.site.edit import dump_site
from devices.site.load import Report, inspect_site
from devices.site.model import Area, Site
from devices.site.source import Fault

MOST = LARGEST_FRAME // 2
"""Bytes of a site as it travels to nodes, with room for what the frame adds to it."""


class AreasRefused(CloudError):
    """The areas cannot be taken over; the text has one line a fault."""

    def __init__(self, faults: Sequence[str]) -> None:
        super().__init__("\n".join(faults))
        self.faults = list(faults)


class MovedPoint(BaseModel):
    """A point that lies in another grid than before."""

    point: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Proposal:
    """Areas that may be taken over, against what was in force when they were looked at."""

    site: Site
    """One version later, with the new areas."""
    version: int
    """Of the areas that they would replace; 0: there are none."""
    changes: list[Change]
    moved: list[MovedPoint]
    stale_people: list[str]
    """User names of those who work in an area that would be no more: they would see nothing new there."""
    stale_markets: list[str]
    """Markets with shops that would stand in another grid than their office; import these again."""
    is_new: bool
    """They differ from those in force."""


async def propose(connection: AsyncConnection, body: bytes) -> Proposal:
    """What the GeoJSON in `body` would change.

    Raises:
        AreasRefused: it has faults, or the cloud has no site yet.
    """
    there, tree = await sites.present(connection), await versions.tree_at(connection)
    if there is None:
        raise AreasRefused(["the cloud was never given a site; start it with one first"])
    before, report = await asyncio.to_thread(_inspect, there.text, body)
    if before is None or report.site is None:
        raise AreasRefused([said(fault) for fault in report.errors])
    site = report.site
    size = len(dump_site(site).encode())
    if size > MOST:
        raise AreasRefused([f"with these areas the site has {size} bytes as it travels, at most {MOST}"])
    stood: tuple[Area, ...] = tree.areas if tree else ()
    return Proposal(
        site=site,
        version=tree.version.version if tree else 0,
        changes=succession(stood, site.areas),
        moved=[
            MovedPoint(point=now.id, before=was.grid, after=now.grid)
            for was, now in zip(before.points, site.points, strict=True)
            if was.grid != now.grid
        ],
        stale_people=await _astray(connection, {one.id for one in stood} - {one.id for one in site.areas}),
        stale_markets=[
            market.id
            for market in (await group_store.load(connection)).markets
            if any(strays(market, site.areas))
        ],
        is_new=site.areas != stood,
    )


async def _astray(connection: AsyncConnection, gone: Collection[str]) -> list[str]:
    mine = (person.c.areas.overlap(sorted(gone)), person.c.locked_at.is_(None))
    people = select(person.c.username).where(*mine).order_by(person.c.username)
    return list((await connection.scalars(people)).all())


async def take(connection: AsyncConnection, proposal: Proposal, who: Actor, now: datetime) -> int | None:
    """Take the areas over; their version, or None when site or areas are others meanwhile.

    Areas that are in force already change nothing.
    """
    await lock(connection)
    there, number = await sites.noticed(connection), await versions.number_in_force(connection)
    if there is None or there.version != proposal.site.version - 1 or (number or 0) != proposal.version:
        return None
    if not proposal.is_new:
        return proposal.version
    await import_site(connection, proposal.site, now, who)
    await sites.keep(connection, proposal.site, who, now)
    return await versions.number_in_force(connection)


def said(fault: Fault) -> str:
    """A fault without the name of the file, which nobody chose."""
    place = f"line {fault.line}: " if fault.line else ""
    path = f"{fault.path}: " if fault.path else ""
    return f"{place}{path}{fault.what}; {fault.fix}"


def _inspect(text: str, body: bytes) -> tuple[Site | None, Report]:
    """The site of `text`, and what it would be with the areas in `body`; a folder of its own for both."""
    with tempfile.TemporaryDirectory(prefix="gridwatch-areas-") as folder:
        there, file = Path(folder) / "site.yaml", Path(folder) / "areas.geojson"
        there.write_text(text, encoding="utf-8")
        file.write_bytes(body)
        before = inspect_site(there)
        return (None, before) if before.site is None else (before.site, with_areas(before.site, file))
