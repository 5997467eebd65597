"""The first people of an install, as a sheet (CSV) that an office keeps anyhow."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from cloud.errors import SettingsError
from cloud.people.roles import Role
from devices.site.model import Names

COLUMNS = ("username", "zh", "en", "roles", "areas", "organisation", "login")


@dataclass(frozen=True, slots=True)
class Newcomer:
    """Somebody who gets an account."""

    username: str
    name: Names
    roles: tuple[Role, ...]
    areas: tuple[str, ...] = ()
    organisation: str | None = None
    login: bool = True
    """Whether a random password is made; without one they log in elsewhere, or are given one later."""


FIRST = (
    Newcomer("operator", Names(zh="值班员", en="Operator"), (Role.OPERATOR,)),
    Newcomer("leader", Names(zh="值班长", en="Shift leader"), (Role.LEADER,)),
)
"""Whom an install begins with that was given no sheet."""


def read_people(file: Path) -> tuple[Newcomer, ...]:
    """Everybody in the sheet: UTF-8, a header of `COLUMNS`, several roles or areas with spaces between.

    Raises:
        SettingsError: it cannot be read, or a line is wrong; the text names line and column.
    """
    try:
        with file.open(encoding="utf-8-sig", newline="") as lines:
            found = tuple(_read(file, csv.DictReader(lines, strict=True)))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise SettingsError(f"{file}: cannot be read: {error}") from error
    return found


def _read(file: Path, rows: csv.DictReader[str]) -> Iterator[Newcomer]:
    if tuple(rows.fieldnames or ()) != COLUMNS:
        raise SettingsError(f"{file}:1: the header must be {','.join(COLUMNS)}")
    seen: set[str] = set()
    for row in rows:
        at = f"{file}:{rows.line_num}"
        if None in row or None in row.values():
            raise SettingsError(f"{at}: must have {len(COLUMNS)} columns")
        username = row["username"].strip().lower()
        if not username or " " in username or username in seen:
            raise SettingsError(f"{at}: username: {username!r}: write one word, each name once")
        seen.add(username)
        unknown = [one for one in row["roles"].split() if one not in list(Role)]
        if unknown or not row["roles"].strip():
            raise SettingsError(f"{at}: roles: {row['roles']!r}: write of {', '.join(Role)}")
        if row["login"] not in ("yes", "no"):
            raise SettingsError(f"{at}: login: {row['login']!r}: write yes (a password is made) or no")
        yield Newcomer(
            username,
            Names(zh=row["zh"] or username, en=row["en"] or username),
            tuple(Role(one) for one in row["roles"].split()),
            tuple(row["areas"].split()),
            row["organisation"].strip() or None,
            row["login"] == "yes",
        )
