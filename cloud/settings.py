"""What the cloud is told at start: options, and the environment for what is secret."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

from sqlalchemy import URL

from cloud.database.engine import parse_url
from cloud.errors import SettingsError

DATABASE = "GRIDWATCH_DATABASE_URL"


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything that may differ between two installs."""

    state: Path
    """The install's own directory: database, photos, first passwords."""
    database_url: URL | None = field(default=None, repr=False)
    """None: the embedded server under `state`."""
    page: Path = Path(__file__).parent / "web" / "dist"
    """The built page."""
    secure_cookies: bool = False
    """Set behind https: the session cookie is then never sent in clear."""
    session_lifetime: timedelta = timedelta(hours=12)
    """One shift."""
    outbox_retention: timedelta = timedelta(hours=24)
    """How long a wall may have been away and still resume."""
    received_retention: timedelta = timedelta(days=30)
    """How long event ids are remembered; the ledger remembers the numbers for ever."""
    node_silent_after: timedelta = timedelta(seconds=90)
    """A node that sends nothing for this long counts as unreachable; nodes send health every minute."""
    keep_alive: float = 5.0
    """Seconds between comments on an idle event stream."""


def database_from(environment: Mapping[str, str]) -> URL | None:
    """The database named by the environment, or by the file that it names; None: the embedded one.

    Raises:
        SettingsError: both are set, the file cannot be read, or it is no PostgreSQL address.
    """
    text, file = environment.get(DATABASE), environment.get(f"{DATABASE}_FILE")
    if text and file:
        raise SettingsError(f"{DATABASE} and {DATABASE}_FILE are both set; keep one")
    if file:
        try:
            text = Path(file).read_text(encoding="utf-8").strip()
        except OSError as error:
            raise SettingsError(f"{DATABASE}_FILE: cannot read {file}: {error.strerror}") from error
    return parse_url(text) if text else None


def settings_from(state: Path, *, secure_cookies: bool = False) -> Settings:
    """Settings of the state directory `state` and this process's environment."""
    return Settings(state=state, database_url=database_from(os.environ), secure_cookies=secure_cookies)
