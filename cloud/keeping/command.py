"""`gridwatch backup`, `gridwatch restore` and `gridwatch upgrade`."""

from __future__ import annotations

import asyncio
import sys
from argparse import ArgumentParser, ArgumentTypeError, Namespace
from collections.abc import Callable
from pathlib import Path

from sqlalchemy import URL
from sqlalchemy.exc import SQLAlchemyError

from cloud.app import utc_now
from cloud.cli import DEFAULT_STATE, database
from cloud.database import migrate
from cloud.database.engine import make_engine
from cloud.errors import CloudError
from cloud.keeping.backup import take
from cloud.keeping.restore import bring_back
from cloud.keeping.upgrade import change_server
from cloud.keeping.vault import Manifest, Vault
from cloud.settings import Settings, settings_from


def configure_backup(parser: ArgumentParser) -> None:
    """Options of `gridwatch backup`."""
    _common(parser)
    parser.add_argument("vault", type=Path, help="the folder of backups, on another disk; made when missing")
    parser.add_argument("--keep", type=_count, metavar="N", help="delete all but the newest N backups")


def configure_restore(parser: ArgumentParser) -> None:
    """Options of `gridwatch restore`."""
    _common(parser)
    parser.add_argument("vault", type=Path, help="the folder of backups")
    parser.add_argument("--backup", metavar="NAME", help="which one, 20261122T203000Z (the newest)")


def configure_upgrade(parser: ArgumentParser) -> None:
    """Options of `gridwatch upgrade`."""
    _common(parser)
    parser.add_argument(
        "--programs", type=Path, metavar="DIR", help="the older PostgreSQL's programs (looked for)"
    )


def _common(parser: ArgumentParser) -> None:
    parser.add_argument(
        "--state", type=Path, default=DEFAULT_STATE, help="the install's own directory (%(default)s)"
    )


def run_backup(options: Namespace) -> int:
    """Take one, while the cloud serves or not."""

    def work(settings: Settings) -> str:
        vault = Vault(options.vault.resolve())
        with database(settings) as url:
            folder, manifest = asyncio.run(take(url, settings.state / "media", vault, utc_now()))
        gone = vault.prune(options.keep) if options.keep else []
        told = f"{folder}: {_sizes(manifest)}"
        return told + (f"; {len(gone)} older deleted" if gone else "")

    return _told("backup", options, work)


def run_restore(options: Namespace) -> int:
    """Bring one back into an empty install."""

    def work(settings: Settings) -> str:
        vault = Vault(options.vault.resolve())
        manifest = asyncio.run(
            bring_back(vault, options.backup, settings.state, settings.database_url, utc_now())
        )
        return (
            f"{settings.state}: as of {manifest.made_at:%Y-%m-%d %H:%M:%S} UTC: {_sizes(manifest)}; "
            "everybody logs in anew, nodes send again what they keep"
        )

    return _told("restore", options, work)


def run_upgrade(options: Namespace) -> int:
    """Bring the server's data and the tables up to this program's."""

    def work(settings: Settings) -> str:
        old = None
        if settings.database_url is None:
            old = asyncio.run(change_server(settings.state, options.programs))
        with database(settings) as url:
            asyncio.run(_migrate(url))
        told = f"{settings.state}: the tables are at revision {migrate.head()}"
        return (
            told
            if old is None
            else f"{told}; the data of PostgreSQL {old} are in pg.{old}, delete them later"
        )

    return _told("upgrade", options, work)


async def _migrate(url: URL) -> None:
    engine = make_engine(url, pool_size=1)
    try:
        await migrate.upgrade(engine)
    finally:
        await engine.dispose()


def _sizes(manifest: Manifest) -> str:
    size = sum(one.size for one in manifest.media)
    return (
        f"{manifest.incidents} incidents, database {manifest.dump_size / 1e6:.1f} MB, "
        f"{len(manifest.media)} photos and clips {size / 1e6:.1f} MB, {len(manifest.absent)} named but absent"
    )


def _told(name: str, options: Namespace, work: Callable[[Settings], str]) -> int:
    try:
        print(work(settings_from(options.state)))
    except CloudError as error:
        print(f"gridwatch {name}: {error}", file=sys.stderr)
        return 1
    except (SQLAlchemyError, OSError) as error:
        print(f"gridwatch {name}: {type(error).__name__}: {str(error).splitlines()[0]}", file=sys.stderr)
        return 1
    return 0


def _count(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= 10_000:
        raise ArgumentTypeError(f"{text!r} is no number from 1 on")
    return int(text)
