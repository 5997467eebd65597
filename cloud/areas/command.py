"""`gridwatch areas import`: new boundaries for the install on this machine."""

from __future__ import annotations

import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Iterator
from pathlib import Path

from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncEngine

from cloud import cli
from cloud.app import utc_now
from cloud.areas.imports import AreasRefused, Proposal, propose, take
from cloud.errors import CloudError
from cloud.incidents.store import Actor
from cloud.settings import settings_from

_ACTOR = Actor("system", "gridwatch areas import")


def configure(parser: ArgumentParser) -> None:
    """Options of `gridwatch areas`."""
    helpers = parser.add_subparsers(dest="helper", required=True, metavar="WHAT")
    bring = helpers.add_parser("import", help="check a GeoJSON file and put it in force")
    bring.add_argument("file", type=Path, help="a FeatureCollection with the whole tree")
    bring.add_argument("--dry-run", action="store_true", help="only say what it would change")
    bring.add_argument(
        "--state", type=Path, default=cli.DEFAULT_STATE, help="the install's own directory (%(default)s)"
    )


def run(options: Namespace) -> int:
    """Do it; faults are one line each, exit code 1."""
    try:
        body = options.file.read_bytes()
        settings = settings_from(options.state)
        print(cli.in_database(settings, lambda engine: _import(engine, body, dry_run=options.dry_run)))
    except AreasRefused as error:
        for fault in error.faults:
            print(f"gridwatch areas: {options.file}: {fault}", file=sys.stderr)
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
