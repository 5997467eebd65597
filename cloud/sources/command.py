"""`gridwatch hotline import FILE`: a sheet of the hotline into an install."""

from __future__ import annotations

import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Iterator
from pathlib import Path

from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncEngine

from cloud import cli
from cloud.app import utc_now
from cloud.areas.current import Current
from cloud.errors import CloudError
from cloud.incidents.store import Actor
from cloud.settings import settings_from
from cloud.sources import hotline
from cloud.sources.policy import DEFAULT, SOURCES
from cloud.sources.sheet import SheetRefused

_ACTOR = Actor("user", "gridwatch hotline")


def configure(parser: ArgumentParser) -> None:
    """Options of `gridwatch hotline`."""
    helpers = parser.add_subparsers(dest="helper", required=True, metavar="WHAT")
    bring = helpers.add_parser("import", help="open a case for each row of a CSV file (UTF-8 or GBK)")
    bring.add_argument("file", type=Path, help="its columns stand in the policy `sources`")
    bring.add_argument(
        "--state", type=Path, default=cli.DEFAULT_STATE, help="the install's own directory (%(default)s)"
    )


def run(options: Namespace) -> int:
    """Do it; exit code 1 when the sheet cannot be read at all."""
    try:
        settings = settings_from(options.state)
        print(cli.in_database(settings, lambda engine: _bring(engine, options.file)))
    except (CloudError, SheetRefused) as error:
        print(f"gridwatch hotline: {options.file}: {error}", file=sys.stderr)
        return 1
    except (SQLAlchemyError, OSError) as error:
        first = (str(error).splitlines() or [""])[0]
        print(f"gridwatch hotline: {type(error).__name__}: {first}", file=sys.stderr)
        return 1
    return 0


async def _bring(engine: AsyncEngine, path: Path) -> str:
    current = Current(engine)
    await current.load()
    policy = current.policies.of(SOURCES) or DEFAULT
    with path.open("rb") as file:
        outcome = await hotline.bring(engine, file, policy, current.registry, _ACTOR, utc_now())
    return "\n".join(_lines(outcome))


def _lines(outcome: hotline.Outcome) -> Iterator[str]:
    for fault in outcome.faults:
        column = f"{fault.column}: " if fault.column else ""
        yield f"line {fault.line}: {column}{fault.what}"
    for one in outcome.near:
        cases = ", ".join(found.case.number for found in one.candidates)
        yield f"line {one.line}: {one.external} may be a duplicate of {cases}"
    yield f"{outcome.taken} taken, {outcome.repeated} imported before, {outcome.refused} refused"
