"""`gridwatch areas import | market`: new boundaries, and the groups of a market, for an install."""

from __future__ import annotations

import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Iterator
from pathlib import Path

from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncEngine

from cloud import cli
from cloud.app import utc_now
from cloud.areas import group_store, versions
from cloud.areas.group_file import MarketRefused, read_market
from cloud.areas.imports import AreasRefused, Proposal, propose, take
from cloud.errors import CloudError
from cloud.incidents.store import Actor
from cloud.settings import settings_from

_ACTOR = Actor("user", "gridwatch areas")
"""A person at the machine: a restart with an older site file then leaves what was brought in force."""


def configure(parser: ArgumentParser) -> None:
    """Options of `gridwatch areas`."""
    helpers = parser.add_subparsers(dest="helper", required=True, metavar="WHAT")
    bring = helpers.add_parser("import", help="check a GeoJSON file and put it in force")
    bring.add_argument("file", type=Path, help="a FeatureCollection with the whole tree")
    market = helpers.add_parser("market", help="check a market's joint-defence groups and take them over")
    market.add_argument("file", type=Path, help="a YAML file, with CSV files of groups and shops beside it")
    for each in (bring, market):
        each.add_argument("--dry-run", action="store_true", help="only check, and say what it would change")
        each.add_argument(
            "--state", type=Path, default=cli.DEFAULT_STATE, help="the install's own directory (%(default)s)"
        )


def run(options: Namespace) -> int:
    """Do it; faults are one line each, exit code 1."""
    try:
        body, dry = options.file.read_bytes(), options.dry_run
        settings = settings_from(options.state)
        if options.helper == "market":
            print(cli.in_database(settings, lambda engine: _market(engine, options.file, dry_run=dry)))
        else:
            print(cli.in_database(settings, lambda engine: _import(engine, body, dry_run=dry)))
    except AreasRefused as error:
        for fault in error.faults:
            print(f"gridwatch areas: {options.file}: {fault}", file=sys.stderr)
        return 1
    except MarketRefused as error:
        print(error, file=sys.stderr)
        return 1
    except CloudError as error:
        print(f"gridwatch areas: {error}", file=sys.stderr)
        return 1
    except (SQLAlchemyError, OSError) as error:
        first = (str(error).splitlines() or [""])[0]
        print(f"gridwatch areas: {type(error).__name__}: {first}", file=sys.stderr)
        return 1
    return 0


async def _import(engine: AsyncEngine, body: bytes, *, dry_run: bool) -> str:
    async with engine.connect() as connection:
        proposal = await propose(connection, body)
    version: int | None = proposal.version
    if not dry_run:
        async with engine.begin() as connection:
            version = await take(connection, proposal, _ACTOR, utc_now())
    if version is None:
        raise CloudError("site or areas were changed meanwhile; run it again")
    return "\n".join(_lines(proposal, version, dry_run=dry_run))


async def _market(engine: AsyncEngine, file: Path, *, dry_run: bool) -> str:
    async with engine.begin() as connection:
        tree = await versions.tree_at(connection)
        market = read_market(file, tree.areas if tree else ())
        if not dry_run:
            await group_store.keep(connection, market, _ACTOR, utc_now())
    shops = sum(len(group.shops) for group in market.groups)
    done = "would be taken over" if dry_run else "taken over"
    offices = len(market.offices)
    return f"market {market.id} {done}: {offices} offices, {len(market.groups)} groups, {shops} shops"


def _lines(proposal: Proposal, version: int, *, dry_run: bool) -> Iterator[str]:
    grids = sum(area.level == "grid" for area in proposal.site.areas)
    if not proposal.is_new:
        yield f"version {version} with {grids} grids is in force already"
        return
    yield f"{grids} grids " + ("would be put in force" if dry_run else f"in force as version {version}")
    for change in proposal.changes:
        yield f"{change.kind}: {', '.join(change.before) or '-'} -> {', '.join(change.after) or '-'}"
    for moved in proposal.moved:
        yield f"point {moved.point}: {moved.before} -> {moved.after}"
    for name in proposal.stale_people:
        yield f"user {name}: works in an area that is no more; `gridwatch cloud user change {name} --area ID`"
    for market in proposal.stale_markets:
        yield f"market {market}: shops stand in another grid than their office; import it again"
