"""PostgreSQL's own tools, out of the wheel: they read and write any server from version 9.2 on."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

from sqlalchemy import URL

from cloud.database.embedded import binaries
from cloud.errors import BackupError

HOURS = 6 * 3600
"""Seconds; a bound for a database of a street office over years, not an expectation."""


def dump(url: URL, file: Path, snapshot: str | None = None) -> None:
    """Write the database, as `snapshot` or this moment shows it, to `file` in pg_dump's own format.

    Raises:
        BackupError: pg_dump says why not.
    """
    words = ["--format=custom", "--no-owner", f"--file={file}"]
    _run("pg_dump", words if snapshot is None else [*words, f"--snapshot={snapshot}"], url)


def restore(url: URL, file: Path) -> None:
    """Read `file` into an empty database, all of it or nothing.

    Raises:
        BackupError: pg_restore says why not.
    """
    words = ["--no-owner", "--single-transaction", "--exit-on-error", f"--dbname={url.database}", str(file)]
    _run("pg_restore", words, url)


def version(programs: Path) -> str:
    """The version of the PostgreSQL whose programs lie there.

    Raises:
        BackupError: there is none.
    """
    try:
        done = subprocess.run(  # noqa: S603
            [str(programs / "postgres"), "--version"], check=True, capture_output=True, text=True, timeout=60
        )
    except (OSError, subprocess.SubprocessError) as error:
        raise BackupError(f"{programs}: no PostgreSQL can be run there") from error
    return done.stdout.split()[-1]


def _run(program: str, words: list[str], url: URL) -> None:
    try:
        done = subprocess.run(  # noqa: S603
            [str(binaries() / program), "--no-password", *words],
            check=False, capture_output=True, text=True, timeout=HOURS, env=_environment(url),
        )  # fmt: skip
    except (OSError, subprocess.TimeoutExpired) as error:
        raise BackupError(f"{program} cannot be run: {type(error).__name__}") from None
    if done.returncode:
        raise BackupError(f"{program}: {done.stderr.strip()[-800:]}")


def _environment(url: URL) -> dict[str, str]:
    """Where the server is, in words of libpq; a password is never an argument, which everybody may read."""
    query = {name: value if isinstance(value, str) else value[-1] for name, value in url.query.items()}
    told = {
        "PGHOST": url.host or query.get("host"),
        "PGPORT": str(url.port) if url.port else query.get("port"),
        "PGUSER": url.username,
        "PGPASSWORD": str(url.password) if url.password is not None else None,
        "PGDATABASE": url.database,
        "PGSSLMODE": query.get("ssl") or query.get("sslmode"),
        "PGOPTIONS": "-c statement_timeout=0 -c lock_timeout=0 -c idle_in_transaction_session_timeout=0",
        "PATH": os.environ.get("PATH", os.defpath),
        "LC_ALL": "C.UTF-8",
    }
    return {name: value for name, value in told.items() if value}
