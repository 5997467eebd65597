"""Ten-shop joint-defence groups (十户联防): who is on duty, and whose group looks after a place. Pure.

A market lies in several grids, each with a security office. Its shops form groups of about ten; one shop of a
group is its centre, and the duty goes round among all of them.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Annotated, Self
from zoneinfo import ZoneInfo

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from devices.messages import Identifier
from devices.site.areas import EARTH_RADIUS
from devices.site.model import Area, Lat, Lon, Names
from devices.site.planar import contains


def _clock(value: object) -> object:
    """YAML takes an unquoted 20:00 for a number to the base of sixty."""
    return f"{value // 60:02d}:{value % 60:02d}" if isinstance(value, int) else value


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Rotation(_Part):
    """How the duty goes round."""

    begins: date
    """On this day the first shop of each group has its first turn."""
    days: int = Field(default=1, ge=1, le=31)
    """Of one turn."""
    change_at: Annotated[time, BeforeValidator(_clock)] = time(8)
    """Local time at which the next shop takes over."""


class Sizes(_Part):
    """How many shops a group may have."""

    least: int = Field(default=5, ge=1)
    most: int = Field(default=15, ge=1)

    @model_validator(mode="after")
    def _least_is_not_above_most(self) -> Self:
        if self.least > self.most:
            raise ValueError(f"`least` {self.least} is above `most` {self.most}; exchange them")
        return self


class Office(_Part):
    """A security office: one a grid."""

    id: Identifier
    grid: Identifier
    name: Names


class Shop(_Part):
    """A shop of a group."""

    id: Identifier
    name: Names
    lon: Lon
    lat: Lat


class Group(_Part):
    """About ten shops; their order is the order of duty."""

    id: Identifier
    name: Names
    office: Identifier
    centre: Identifier
    shops: tuple[Shop, ...] = Field(min_length=1)


class Market(_Part):
    """A market with its offices and groups."""

    id: Identifier
    name: Names
    rotation: Rotation
    sizes: Sizes = Sizes()
    reach: float = Field(default=60, gt=0, le=1000)
    """Metres from a shop within which its group looks after a place."""
    offices: tuple[Office, ...] = Field(min_length=1)
    groups: tuple[Group, ...] = Field(min_length=1)


@dataclass(frozen=True, slots=True)
class Duty:
    """Whose turn it is."""

    shop: Shop
    since: datetime
    until: datetime
    """The next shop takes over."""


def on_duty(group: Group, rotation: Rotation, at: datetime, zone: ZoneInfo) -> Duty:
    """The shop of `group` whose turn it is at `at` (aware); turns change at the market's local time.

    Before `begins` the round is counted back, so that somebody is always on duty.
    """
    local = at.astimezone(zone)
    day = local.date() if local.time() >= rotation.change_at else local.date() - timedelta(days=1)
    turn = (day - rotation.begins).days // rotation.days
    first = rotation.begins + timedelta(days=turn * rotation.days)
    since, until = (
        datetime.combine(edge, rotation.change_at, zone)
        for edge in (first, first + timedelta(days=rotation.days))
    )
    return Duty(group.shops[turn % len(group.shops)], since, until)


def strays(market: Market, areas: Iterable[Area]) -> Iterator[tuple[Shop, Group, Office]]:
    """Shops that do not stand in the grid of their group's office, with group and office."""
    rings = {area.id: area.rings for area in areas if area.level == "grid"}
    offices = {office.id: office for office in market.offices}
    for group in market.groups:
        office = offices[group.office]
        for shop in group.shops:
            if not contains(rings.get(office.grid, ()), (shop.lon, shop.lat)):
                yield shop, group, office


@dataclass(frozen=True, slots=True)
class Found:
    """A group, with what it belongs to."""

    market: Market
    group: Group
    office: Office


class Directory:
    """All groups, found by shop or by place in a time that does not grow with their number."""

    def __init__(self, markets: Iterable[Market] = ()) -> None:
        self.markets = tuple(markets)
        self._of_shop: dict[str, Found] = {}
        self._maps: list[_Map] = []
        for market in self.markets:
            offices = {office.id: office for office in market.offices}
            spots = []
            for group in market.groups:
                found = Found(market, group, offices[group.office])
                for shop in group.shops:
                    self._of_shop[shop.id] = found
                    spots.append((shop, found))
            self._maps.append(_Map(market.reach, spots))

    def of_shop(self, shop: str) -> Found | None:
        """The group of a shop."""
        return self._of_shop.get(shop)

    def of_place(self, lon: float, lat: float, grid: str | None = None) -> Found | None:
        """The group of the nearest shop within its market's reach; with `grid` only of shops there."""
        found = [near for each in self._maps if (near := each.nearest(lon, lat, grid)) is not None]
        return min(found, key=lambda near: near[0])[1] if found else None


class _Map:
    """Shops in squares as wide as the reach: what is near lies in the nine about a place."""

    def __init__(self, reach: float, spots: Iterable[tuple[Shop, Found]]) -> None:
        spots = list(spots)
        self._reach = reach
        self._lon, self._lat = spots[0][0].lon, spots[0][0].lat
        self._across = EARTH_RADIUS * math.cos(math.radians(self._lat))
        squares: dict[tuple[int, int], list[tuple[float, float, Found]]] = defaultdict(list)
        for shop, found in spots:
            x, y = self._metres(shop.lon, shop.lat)
            squares[self._square(x, y)].append((x, y, found))
        self._squares: Mapping[tuple[int, int], list[tuple[float, float, Found]]] = dict(squares)

    def nearest(self, lon: float, lat: float, grid: str | None) -> tuple[float, Found] | None:
        x, y = self._metres(lon, lat)
        column, row = self._square(x, y)
        near = [
            (math.hypot(x - x0, y - y0), found)
            for dx in (-1, 0, 1)
            for dy in (-1, 0, 1)
            for x0, y0, found in self._squares.get((column + dx, row + dy), ())
            if grid is None or found.office.grid == grid
        ]
        best = min(near, key=lambda one: one[0], default=None)
        return best if best is not None and best[0] <= self._reach else None

    def _metres(self, lon: float, lat: float) -> tuple[float, float]:
        return math.radians(lon - self._lon) * self._across, math.radians(lat - self._lat) * EARTH_RADIUS

    def _square(self, x: float, y: float) -> tuple[int, int]:
        return math.floor(x / self._reach), math.floor(y / self._reach)
