"""Assets out of a file: CSV (UTF-8 or GBK) or GeoJSON, row by row with the place of each."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import IO, Any

from cloud.assets.given import Given, Refused, Sight, given_of
from cloud.assets.policy import COLUMNS, AssetsPolicy, Column
from cloud.sources.sheet import LONGEST_LINE, encoding_of

NEEDED: tuple[Column, ...] = ("code", "class")


@dataclass(frozen=True, slots=True)
class Row:
    """One asset of a file."""

    line: int
    """Of a CSV file, from 1, where it begins; of GeoJSON the number of the feature, from 1."""
    given: Given


@dataclass(frozen=True, slots=True)
class RowFault:
    """Why a row is not taken."""

    line: int
    column: str
    """As the file calls it; empty: the whole row."""
    what: str


class FileRefused(ValueError):
    """Nothing of the file can be read; the text says why."""


def rows_of(file: IO[bytes], geojson: bool, sight: Sight) -> Iterator[Row | RowFault]:
    """Every row of `file` (seekable), in its order; a code that came before in it is a fault.

    Raises:
        FileRefused: it is no such file.
    """
    found = _features(file, sight.policy) if geojson else _lines(file, sight.policy)
    first: dict[str, int] = {}
    for line, cells, names in found:
        if isinstance(cells, str):
            yield RowFault(line, "", cells)
            continue
        try:
            given = given_of(cells, sight)
            if given.code in first:
                raise Refused("code", f"{given.code!r} stands in row {first[given.code]} too")
        except Refused as error:
            yield RowFault(line, names.get(error.column, error.column) if error.column else "", error.what)
            continue
        first[given.code] = line
        yield Row(line, given)


Found = tuple[int, Mapping[Column, str] | str, Mapping[Column, str]]
"""Line; cells, or what is wrong with all of them; how the file calls each column."""


def _lines(file: IO[bytes], policy: AssetsPolicy) -> Iterator[Found]:
    text = io.TextIOWrapper(file, encoding=encoding_of(file), errors="surrogateescape", newline="")
    lines = csv.reader(iter(lambda: text.readline(LONGEST_LINE), ""), strict=True)
    try:
        header = [name.strip() for name in next(lines, [])]
    except csv.Error as error:
        raise FileRefused(f"the first line is no header: {error}") from None
    names = _named(header, policy)
    at = {column: header.index(name) for column, name in names.items()}
    line = lines.line_num + 1
    while True:
        try:
            cells = next(lines, None)
        except csv.Error as error:
            yield line, f"is no row of a CSV file, up to line {lines.line_num}: {error}", names
        else:
            if cells is None:
                break
            if any(cell.strip() for cell in cells[len(header) :]):
                yield line, f"has {len(cells)} cells, the header {len(header)}", names
            elif any(cell.strip() for cell in cells):
                yield line, {one: cells[n].strip() for one, n in at.items() if n < len(cells)}, names
        line = lines.line_num + 1
    text.detach()


def _features(file: IO[bytes], policy: AssetsPolicy) -> Iterator[Found]:
    try:
        tree: Any = json.loads(file.read())
    except (ValueError, RecursionError) as error:
        raise FileRefused(f"is no JSON: {error}") from None
    features = tree.get("features") if isinstance(tree, dict) else None
    if not isinstance(features, list) or tree.get("type") != "FeatureCollection":
        raise FileRefused("is no GeoJSON FeatureCollection")
    for number, feature in enumerate(features, 1):
        properties = feature.get("properties") if isinstance(feature, dict) else None
        if not isinstance(properties, dict):
            yield number, "is no feature with properties", {}
            continue
        names = _names(list(properties), policy)
        cells = {column: _text(properties[name]) for column, name in names.items()}
        yield number, cells | _point(feature.get("geometry")), names


def _point(geometry: Any) -> dict[Column, str]:
    place = geometry.get("coordinates") if isinstance(geometry, dict) else None
    if not isinstance(place, list) or len(place) < 2 or geometry.get("type") != "Point":
        return {}
    return {"lon": _text(place[0]), "lat": _text(place[1])}


def _text(value: Any) -> str:
    return "" if value is None else str(value).strip()


def _named(header: list[str], policy: AssetsPolicy) -> dict[Column, str]:
    names = _names(header, policy)
    for needed in NEEDED:
        if needed not in names:
            raise FileRefused(f"the header has no column for {needed}: {', '.join(policy.known_as(needed))}")
    if not names.keys() & {"lon", "point"}:
        raise FileRefused("the header has no column that says where: lon and lat, or point")
    return names


def _names(header: list[str], policy: AssetsPolicy) -> dict[Column, str]:
    found = {one: next((n for n in policy.known_as(one) if n in header), None) for one in COLUMNS}
    return {column: name for column, name in found.items() if name is not None}
