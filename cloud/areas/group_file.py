"""A market's file: YAML, with `groups` and `shops` in CSV files beside it; every fault with its line."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from cloud.areas.groups import Group, Market, Shop, strays
from cloud.errors import CloudError
from devices.site.model import Area
from devices.site.planar import contains
from devices.site.source import Fault, Source, UnreadableError, read_text, read_yaml

GROUPS = ("group", "name_zh", "name_en", "office", "centre")
SHOPS = ("shop", "name_zh", "name_en", "group", "lon", "lat")
"""Columns of the two files. The order of a group's shops is the order of their duty."""


class MarketRefused(CloudError):
    """A market's file has faults; the text has one line each."""


@dataclass(frozen=True, slots=True)
class _Row:
    file: str
    line: int
    values: Mapping[str, str]

    def fault(self, column: str, what: str, fix: str) -> Fault:
        return Fault(self.file, self.line, column, what, fix)


def read_market(path: Path, areas: Sequence[Area]) -> Market:
    """The market whose YAML file is at `path`; its offices and shops lie in the grids of `areas`.

    Raises:
        MarketRefused: each fault as `file:line: place: what is wrong; fix`.
    """
    try:
        source = read_yaml(path)
        tree = source.tree if isinstance(source.tree, dict) else {}
        groups = _table(path, tree.get("groups"), "groups", GROUPS)
        shops = _table(path, tree.get("shops"), "shops", SHOPS)
    except UnreadableError as error:
        raise MarketRefused(str(error.fault)) from None
    faults = [
        Fault(place.file, place.line, place.path, one.what, one.fix)
        for one in source.findings
        for place in [source.place(one.trail)]
    ]
    faults += [*_doubles(groups, "group"), *_doubles(shops, "shop")]
    faults += _strangers(groups, shops)
    market = None
    if not faults:
        found, bad = _groups(groups, shops)
        faults += bad
        if not faults:
            own = {name: value for name, value in tree.items() if name != "shops"}
            market, bad = _market(source, own | {"groups": found})
            faults += bad
    if market is not None:
        faults += _sizes(market, groups)
        faults += _offices(source, market, groups, areas)
        faults += _ground(market, shops, areas) if not faults else ()
    if faults or market is None:
        raise MarketRefused("\n".join(map(str, sorted(faults, key=lambda one: (one.file, one.line)))))
    return market


def _table(path: Path, name: Any, field: str, columns: Sequence[str]) -> list[_Row]:
    """The rows of the CSV file that `field` of the YAML names."""
    if not isinstance(name, str) or Path(name).is_absolute() or ".." in Path(name).parts:
        raise UnreadableError(path, 1, f"`{field}` names no file", f"write `{field}: {field}.csv`, beside it")
    file = path.parent / name
    reader = csv.reader(io.StringIO(read_text(file), newline=""), strict=True)
    rows: list[_Row] = []
    try:
        head = [cell.strip() for cell in next(reader)]
        if sorted(head) != sorted(columns):
            what = f"the columns are {', '.join(head)}"
            raise UnreadableError(file, 1, what, f"they must be {', '.join(columns)}")
        for cells in reader:
            if not any(cell.strip() for cell in cells):
                continue
            if len(cells) != len(head):
                what = f"has {len(cells)} cells, the first line {len(head)}"
                raise UnreadableError(file, reader.line_num, what, "look for a missing or unquoted comma")
            values = dict(zip(head, (cell.strip() for cell in cells), strict=True))
            rows.append(_Row(str(file), reader.line_num, values))
    except csv.Error as error:
        raise UnreadableError(file, reader.line_num, f"not CSV: {error}", "look at its quotes") from None
    return rows


def _doubles(rows: Sequence[_Row], key: str) -> Iterator[Fault]:
    first: dict[str, int] = {}
    for row in rows:
        name = row.values[key]
        if name in first:
            yield row.fault(key, f"{name!r} stands on line {first[name]} already", "give one another id")
        first.setdefault(name, row.line)


def _strangers(groups: Sequence[_Row], shops: Sequence[_Row]) -> Iterator[Fault]:
    """Shops of no group, groups without shops, centres that are no shop of their group."""
    members: dict[str, set[str]] = {row.values["group"]: set() for row in groups}
    for row in shops:
        name = row.values["group"]
        if name in members:
            members[name].add(row.values["shop"])
        else:
            yield row.fault("group", f"there is no group {name!r}", "add it to the groups, or mend it here")
    for row in groups:
        centre, name = row.values["centre"], row.values["group"]
        if not members[name]:
            yield row.fault("group", f"{name!r} has no shops", "add them, or drop the group")
        elif centre not in members[name]:
            yield row.fault("centre", f"{centre!r} is no shop of {name!r}", "name one of its shops")


def _groups(groups: Sequence[_Row], shops: Sequence[_Row]) -> tuple[list[Group], list[Fault]]:
    faults: list[Fault] = []
    members: dict[str, list[Shop]] = {row.values["group"]: [] for row in groups}

    def build(model: Any, row: _Row, **given: Any) -> Any:
        name = {"zh": row.values["name_zh"], "en": row.values["name_en"]}
        try:
            return model.model_validate({"name": name} | given)
        except ValidationError as error:
            for one in error.errors(include_url=False):
                column = "_".join(map(str, one["loc"]))
                column = next(iter(row.values)) if column == "id" else column
                faults.append(
                    row.fault(column, f"{row.values.get(column)!r}: {one['msg']}", "mend this cell")
                )
            return None

    for row in shops:
        values = row.values
        shop = build(Shop, row, id=values["shop"], lon=values["lon"], lat=values["lat"])
        if shop is not None:
            members[values["group"]].append(shop)
    found = []
    for row in groups if not faults else ():
        values = row.values
        given = {"id": values["group"], "office": values["office"], "centre": values["centre"]}
        found.append(build(Group, row, **given, shops=members[values["group"]]))
    return found, faults


def _market(source: Source, tree: Mapping[str, Any]) -> tuple[Market | None, list[Fault]]:
    try:
        return Market.model_validate(tree), []
    except ValidationError as error:
        faults = []
        for one in error.errors(include_url=False):
            place = source.place(tuple(one["loc"]))
            faults.append(Fault(place.file, place.line, place.path, one["msg"], "mend it"))
        return None, faults


def _sizes(market: Market, rows: Sequence[_Row]) -> Iterator[Fault]:
    least, most = market.sizes.least, market.sizes.most
    for group, row in zip(market.groups, rows, strict=True):
        if not least <= len(group.shops) <= most:
            what = f"{group.id!r} has {len(group.shops)} shops, `sizes` says {least} to {most}"
            yield row.fault("group", what, "move shops, or change `sizes`")


def _offices(source: Source, market: Market, rows: Sequence[_Row], areas: Sequence[Area]) -> Iterator[Fault]:
    """Each grid has one office at most; each office a grid that there is; each group an office."""
    grids = {area.id for area in areas if area.level == "grid"}
    taken: dict[str, str] = {}
    ids: set[str] = set()
    for at, office in enumerate(market.offices):
        place = source.place(("offices", at))
        if office.grid not in grids:
            yield Fault(place.file, place.line, place.path, f"there is no grid {office.grid!r}", "name one")
        if office.grid in taken:
            what = f"{office.grid} has the office {taken[office.grid]} already"
            yield Fault(place.file, place.line, place.path, what, "one office a grid")
        if office.id in ids:
            yield Fault(place.file, place.line, place.path, f"{office.id!r} stands twice", "rename one")
        taken[office.grid] = office.id
        ids.add(office.id)
    for row in rows:
        if row.values["office"] not in ids:
            yield row.fault("office", f"there is no office {row.values['office']!r}", "name one of `offices`")


def _ground(market: Market, rows: Sequence[_Row], areas: Sequence[Area]) -> Iterator[Fault]:
    """Each shop stands in the grid of its group's office."""
    row_of = {row.values["shop"]: row for row in rows}
    for shop, group, office in strays(market, areas):
        spot = (shop.lon, shop.lat)
        holders = (one.id for one in areas if one.level == "grid" and contains(one.rings, spot))
        what = f"{shop.id} lies in {next(holders, 'no grid')}, its group {group.id} belongs to {office.id}"
        yield row_of[shop.id].fault("lon", f"{what} in {office.grid}", "mend the place or the group")
