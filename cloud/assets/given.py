"""An asset as somebody gave it: a row of a sheet, a feature of a map. Pure.

What is wrong is named by the column, as the sheet's own header calls it, and the row is not taken.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from cloud.areas.registry import Place
from cloud.assets.laying import Layer
from cloud.assets.policy import STATES, AssetsPolicy, Column, State
from cloud.sources.words import without_numbers

CODE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,39}")
LONGEST = 200


@dataclass(frozen=True, slots=True)
class Given:
    """What an asset is. Positions are WGS-84 degrees."""

    code: str
    asset_class: str
    lon: float
    lat: float
    grid: str | None
    community: str | None
    area_version: int | None
    name: str | None = None
    point: str | None = None
    state: State = "intact"
    keeper: str | None = None
    """An organisation of organisations.yaml."""
    address: str | None = None


@dataclass(frozen=True, slots=True)
class Sight:
    """What a row is held against."""

    policy: AssetsPolicy
    layer: Layer
    points: Mapping[str, Place]
    """The monitored points of the present site."""
    organisations: Collection[str] | None
    """Their ids; None: the site has no organisations yet, and any name is taken."""


class Refused(ValueError):
    """A row that is not taken: `column` of it is wrong, empty for the whole row."""

    def __init__(self, column: Column | None, what: str) -> None:
        super().__init__(what)
        self.column = column
        self.what = what


def given_of(cells: Mapping[Column, str], sight: Sight) -> Given:
    """The asset that these cells describe; an absent one is empty.

    Raises:
        Refused: the first cell that is wrong.
    """
    for column, text in cells.items():
        if len(text) > LONGEST or "\0" in text or any("\ud800" <= one <= "\udfff" for one in text):
            raise Refused(column, f"is no text of at most {LONGEST} characters")
    code, asset_class = cells.get("code", ""), cells.get("class", "")
    if not CODE.fullmatch(code):
        raise Refused("code", f"{code!r} is no code; write 1 to 40 of A-Z a-z 0-9 . _ -")
    if asset_class not in sight.policy.classes:
        raise Refused("class", f"{asset_class!r} is no class; add it to the policy `assets`, or mend it")
    state = STATES.get(cells.get("state", "") or "intact")
    if state is None:
        raise Refused("state", f"{cells['state']!r} is no state; write {', '.join(STATES)}")
    keeper = cells.get("keeper") or None
    if keeper and sight.organisations is not None and keeper not in sight.organisations:
        raise Refused("keeper", f"{keeper!r} is no organisation; write an id of the policy `organisations`")
    point = cells.get("point") or None
    lon, lat = _position(cells, point, sight)
    grid = sight.layer.grid_at(lon, lat)
    if grid is None:
        raise Refused("lon", f"{lon}, {lat} lies in no grid of this site; write WGS-84 degrees")
    return Given(
        code=code, asset_class=asset_class, lon=lon, lat=lat, grid=grid.id, community=grid.parent,
        area_version=sight.layer.version, name=cells.get("name") or None, point=point, state=state,
        keeper=keeper, address=without_numbers(cells.get("address", "")) or None,
    )  # fmt: skip


def _position(cells: Mapping[Column, str], point: str | None, sight: Sight) -> tuple[float, float]:
    if point is not None and point not in sight.points:
        raise Refused("point", f"{point!r} is no point of this site")
    lon, lat = cells.get("lon", ""), cells.get("lat", "")
    if not lon and not lat:
        if point is None:
            raise Refused("lon", "is empty; write lon and lat, or a point")
        return sight.points[point].lon, sight.points[point].lat
    found = []
    for column, text, most in (("lon", lon, 180.0), ("lat", lat, 90.0)):
        try:
            number = float(text)
        except ValueError:
            number = most + 1
        if not -most <= number <= most:
            named: Column = "lon" if column == "lon" else "lat"
            raise Refused(named, f"{text!r} is no {column}; write WGS-84 degrees, such as 120.155070")
        found.append(number)
    return found[0], found[1]
