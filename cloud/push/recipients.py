"""Whom a target means, at a place and a time."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from cloud.areas import groups
from cloud.areas.current import Current
from cloud.areas.groups import Found
from cloud.areas.registry import Registry
from cloud.database.schema import person
from cloud.duty.kinds import ROSTERS
from cloud.duty.on_duty import on_duty
from cloud.push.policy import NOTICE

Rota = Callable[[str | None, datetime], Mapping[str, Collection[str]]]
"""(grid, when) -> user names of `primary`, `backup`, `grid_leader`, `shift_leader`."""


def rota_of(current: Current) -> Rota:
    """By the rosters in force."""

    def rota(grid: str | None, at: datetime) -> Mapping[str, Collection[str]]:
        rosters = current.policies.of(ROSTERS)
        return on_duty(rosters, grid, at).called() if rosters else {}

    return rota


def no_rota(_: str | None, __: datetime) -> Mapping[str, Collection[str]]:
    """Where there are no rosters nobody is on duty."""
    return {}


@dataclass(frozen=True, slots=True)
class Around:
    """Where a case lies, as far as that says who is called."""

    grid: str | None = None
    community: str | None = None
    found: Found | None = None
    """The joint-defence group that looks after the place."""

    def names(self) -> dict[str, str]:
        """What fills `{grid}`, `{community}`, `{office}` and `{group}` in a channel's address."""
        group, office = (self.found.group.id, self.found.office.id) if self.found else (None, None)
        known = {"grid": self.grid, "community": self.community, "office": office, "group": group}
        return {name: value for name, value in known.items() if value is not None}


def around(registry: Registry, row: Any) -> Around:
    """Where the case of `row` (`grid`, `community`, `point`, `lon`, `lat`) lies."""
    known = registry.points.get(row.point) if row.point else None
    lon, lat = (known.lon, known.lat) if known else (row.lon, row.lat)
    found = registry.directory.of_place(lon, lat, row.grid) if lon is not None and lat is not None else None
    return Around(row.grid, row.community, found)


@dataclass(slots=True)
class _Wanted:
    usernames: set[str] = field(default_factory=set)
    roles: set[str] = field(default_factory=set)
    organisations: set[str] = field(default_factory=set)
    others: dict[str, None] = field(default_factory=dict)


async def resolve(
    connection: AsyncConnection,
    targets: Collection[str],
    named: Collection[str],
    place: Around,
    registry: Registry,
    rota: Rota,
    at: datetime,
) -> tuple[str, ...]:
    """`person:<username>`, `shop:`, `office:`, `organisation:<id>`, each once; `named`: whom `notice` means.

    A role means those who have it and look after the place, or have no areas. A shop, office or organisation
    means also the accounts that act for it.
    """
    wanted = _Wanted()
    for target in targets:
        for one in named if target == NOTICE else (target,):
            _take(wanted, one, place, registry, rota, at)
    here = {area for area in (place.grid, place.community) if area}
    here |= {area.id for area in registry.areas.values() if area.level == "street"}
    of_role = person.c.roles.overlap(sorted(wanted.roles))
    near = or_(person.c.areas == [], person.c.areas.overlap(sorted(here)))
    statement = select(person.c.username).where(
        person.c.locked_at.is_(None),
        or_(
            person.c.username.in_(wanted.usernames),
            of_role & near,
            person.c.organisation.in_(wanted.organisations),
        ),
    )
    usernames = sorted((await connection.scalars(statement)).all())
    return (*(f"person:{one}" for one in usernames), *wanted.others)


def _take(wanted: _Wanted, target: str, place: Around, registry: Registry, rota: Rota, at: datetime) -> None:
    kind, _, name = target.partition(":")
    if kind == "person":
        wanted.usernames.add(name)
    elif kind == "role":
        wanted.roles.add(name)
    elif kind == "organisation":
        wanted.organisations.add(name)
        wanted.others[target] = None
    elif kind == "duty":
        wanted.usernames.update(rota(place.grid, at).get(name, ()))
    elif kind == "group":
        _take_group(wanted, name, place, registry, at)


def _take_group(wanted: _Wanted, name: str, place: Around, registry: Registry, at: datetime) -> None:
    """`duty` and `office` of the group that looks after the place, or the duty shop of the group named."""
    found = place.found if name in ("duty", "office") else _of_id(registry, name)
    if found is None:
        return
    if name == "office":
        identifier, kind = found.office.id, "office"
    else:
        turn = groups.on_duty(found.group, found.market.rotation, at, registry.timezone)
        identifier, kind = turn.shop.id, "shop"
    wanted.others[f"{kind}:{identifier}"] = None
    wanted.organisations.add(identifier)


def _of_id(registry: Registry, group: str) -> Found | None:
    markets = registry.directory.markets
    shops = (one.shops[0].id for market in markets for one in market.groups if one.id == group)
    first = next(shops, None)
    return registry.directory.of_shop(first) if first else None
