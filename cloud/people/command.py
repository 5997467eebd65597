"""`gridwatch cloud user`: look after people from the command line."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from datetime import datetime
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from cloud.errors import SettingsError
from cloud.people import accounts, directory
from cloud.people.passwords import random_password
from cloud.people.roles import Role
from devices.site.model import Names

ACTOR = "gridwatch cloud user"


def configure(user: ArgumentParser, own: ArgumentParser) -> None:
    """Options of `gridwatch cloud user`; `own` has those of every helper."""
    words = user.add_subparsers(dest="user_helper", required=True, metavar="WHAT")
    add = words.add_parser("add", parents=[own], help="add a user and print the password")
    words.add_parser("list", parents=[own], help="print every user, a line each")
    change = words.add_parser("change", parents=[own], help="change a user; what is not given stays")
    remove = words.add_parser("remove", parents=[own], help="forget a user; cases keep the name")
    for parser in (add, change, remove):
        parser.add_argument("name")
    for parser in (add, change):
        parser.add_argument(
            "--role", choices=[str(role) for role in Role], action="append", required=parser is add
        )
        parser.add_argument(
            "--area",
            action="append",
            metavar="ID",
            help="a grid or community that is theirs; may be repeated",
        )
        parser.add_argument("--organisation", metavar="ID", help="the department or company they act for")
        parser.add_argument("--zh", help="the name to show in Chinese")
        parser.add_argument("--en", help="the name to show in English")
    state = change.add_mutually_exclusive_group()
    state.add_argument("--lock", action="store_true", help="shut out from the next request on")
    state.add_argument("--unlock", action="store_true", help="let in again")
    change.add_argument("--new-password", action="store_true", help="make a new password and print it")


async def run(connection: AsyncConnection, options: Namespace, now: datetime) -> str:
    """Do what was asked; what to print.

    Raises:
        SettingsError: it cannot be done; the text says why.
    """
    if options.user_helper == "list":
        return "\n".join(_line(row) for row in await directory.everybody(connection))
    name = options.name.lower()
    if options.user_helper == "add":
        return await _add(connection, name, options, now)
    row = await directory.one(connection, name)
    if row is None:
        raise SettingsError(f"there is no user {name!r}; `gridwatch cloud user list` names them")
    if options.user_helper == "remove":
        await directory.remove(connection, name, ACTOR, now)
        return f"{name} is gone"
    return await _change(connection, row, options, now)


async def _add(connection: AsyncConnection, name: str, options: Namespace, now: datetime) -> str:
    password, roles = random_password(), [Role(role) for role in options.role]
    areas = options.area or []
    await directory.check(connection, roles, areas, options.organisation)
    shown = Names(zh=options.zh or options.name, en=options.en or options.name)
    await accounts.add_user(
        connection, name, shown, roles, password, now, areas=areas, organisation=options.organisation
    )
    told = {"roles": sorted(roles), "areas": sorted(areas), "organisation": options.organisation}
    await directory.note(connection, name, "added", ACTOR, told, now)
    return password


async def _change(connection: AsyncConnection, row: Any, options: Namespace, now: datetime) -> str:
    values: dict[str, Any] = {}
    if options.role:
        values["roles"] = sorted(options.role)
    if options.area is not None:
        values["areas"] = sorted(filter(None, options.area))
    if options.organisation is not None:
        values["organisation"] = options.organisation or None
    if options.zh or options.en:
        values["name"] = {"zh": options.zh or row.name["zh"], "en": options.en or row.name["en"]}
    if options.lock or options.unlock:
        values["locked_at"] = (row.locked_at or now) if options.lock else None
    then = {name: values.get(name, getattr(row, name)) for name in ("roles", "areas", "organisation")}
    await directory.check(
        connection, [Role(role) for role in then["roles"]], then["areas"], then["organisation"]
    )
    if values:
        await directory.change(connection, row.username, row.version, values, ACTOR, now)
    if not options.new_password:
        return f"{row.username} is changed" if values else f"{row.username} stays as it is"
    password = random_password()
    version = row.version + bool(values)
    await directory.set_password(connection, row.username, version, password, ACTOR, now)
    return password


def _line(row: Any) -> str:
    words = [row.username, ",".join(row.roles), ",".join(row.areas) or "-", row.organisation or "-"]
    return " ".join(words + (["locked"] if row.locked_at else []))
