"""A hotline's sheet (CSV, UTF-8 with or without BOM, or GBK), row by row: each taken, or its fault named.

Nothing is held in memory but the row at hand. Which column is what stands in the policy; others are not read.
"""

from __future__ import annotations

import codecs
import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import IO
from zoneinfo import ZoneInfo

from cloud.areas.registry import Registry
from cloud.sources.place import UnknownPlace, Where, at_point, at_position, in_area
from cloud.sources.policy import Column, Hotline
from cloud.sources.words import without_numbers

LONGEST_LINE = 64 * 1024
"""Characters of one line; what is longer is no row of a sheet."""
LONGEST = {"number": 64, "words": 2000, "address": 200}
_CHUNK = 64 * 1024


@dataclass(frozen=True, slots=True)
class Row:
    """One order of the hotline."""

    line: int
    number: str
    event_class: str
    words: str
    address: str | None
    where: Where
    at: datetime | None
    """When the hotline took it, where the sheet says so."""


@dataclass(frozen=True, slots=True)
class RowFault:
    """Why a row was not taken."""

    line: int
    """Of the file, from 1: where the row begins."""
    column: str
    """What the sheet's header calls it; empty: the whole row."""
    what: str


class SheetRefused(ValueError):
    """No row of the sheet can be read; the text says why."""


def read_sheet(file: IO[bytes], hotline: Hotline, registry: Registry) -> Iterator[Row | RowFault]:
    """Every row of the sheet in `file` (seekable), in its order.

    Raises:
        SheetRefused: it has no header, or the header lacks a column.
    """
    encoding = encoding_of(file)
    text = io.TextIOWrapper(file, encoding=encoding, errors="surrogateescape", newline="")
    try:
        yield from _rows(text, hotline, registry, encoding)
    finally:
        text.detach()


def encoding_of(file: IO[bytes]) -> str:
    """The encoding of all of `file`, then at its start again: UTF-8 if marked or possible, else GB18030."""
    marked = file.read(len(codecs.BOM_UTF8)) == codecs.BOM_UTF8
    file.seek(0)
    found = "utf-8-sig" if marked or _is_utf8(file) else "gb18030"
    file.seek(0)
    return found


def _is_utf8(file: IO[bytes]) -> bool:
    decoder = codecs.getincrementaldecoder("utf-8")()
    try:
        while piece := file.read(_CHUNK):
            decoder.decode(piece)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return True


def _rows(
    text: io.TextIOWrapper, hotline: Hotline, registry: Registry, encoding: str
) -> Iterator[Row | RowFault]:
    lines = csv.reader(iter(lambda: text.readline(LONGEST_LINE), ""), strict=True)
    try:
        header = next(lines, [])
    except csv.Error as error:
        raise SheetRefused(f"the first line is no header: {error}") from None
    columns = _columns(header, hotline)
    line = lines.line_num + 1
    while True:
        try:
            cells = next(lines, None)
        except csv.Error as error:
            yield RowFault(line, "", f"is no row of a CSV file, up to line {lines.line_num}: {error}")
        else:
            if cells is None:
                return
            if any(cell.strip() for cell in cells):
                yield _row(_Cells(line, cells, header, columns, encoding), hotline, registry)
        line = lines.line_num + 1


def _columns(header: list[str], hotline: Hotline) -> dict[Column, int]:
    names = [name.strip() for name in header]
    columns = {
        column: names.index(name)
        for column, known in hotline.columns.items()
        for name in [next((name for name in known if name in names), None)]
        if name is not None
    }
    for needed in ("number", "class", "words"):
        if needed not in columns:
            known = ", ".join(hotline.columns.get(needed, ())) or f"set hotline.columns.{needed}"
            raise SheetRefused(f"the header has no column for {needed}: {known}")
    if not columns.keys() & {"point", "grid", "community", "lon"}:
        raise SheetRefused("the header has no column that says where: a grid, a community, or lon and lat")
    return columns


@dataclass(frozen=True, slots=True)
class _Cells:
    line: int
    cells: list[str]
    header: list[str]
    columns: dict[Column, int]
    encoding: str

    def text(self, column: Column) -> str:
        """The cell's text, empty where there is none."""
        at = self.columns.get(column)
        return self.cells[at].strip() if at is not None and at < len(self.cells) else ""

    def fault(self, column: Column, what: str) -> RowFault:
        at = self.columns.get(column)
        return RowFault(self.line, self.header[at].strip() if at is not None else column, what)


def _row(cells: _Cells, hotline: Hotline, registry: Registry) -> Row | RowFault:
    if any(cell.strip() for cell in cells.cells[len(cells.header) :]):
        return RowFault(cells.line, "", f"has {len(cells.cells)} cells, the header {len(cells.header)}")
    for column in cells.columns:
        text = cells.text(column)
        if any("\ud800" <= letter <= "\udfff" for letter in text):
            return cells.fault(column, f"has bytes that are not {cells.encoding.removesuffix('-sig')}")
        if "\0" in text:
            return cells.fault(column, "holds the character U+0000")
        if len(text) > (most := LONGEST.get(column, 200)):
            return cells.fault(column, f"is longer than {most} characters")
    for column in ("number", "class", "words"):
        if not cells.text(column):
            return cells.fault(column, "is empty")
    classes = _classes(cells.text("class"), hotline, registry)
    if len(classes) != 1:
        what = f"is the name of {', '.join(classes)}" if classes else "is no event class"
        return cells.fault("class", f"{cells.text('class')!r} {what}; map it in hotline.classes")
    at, where = _time(cells, hotline, registry.timezone), _where(cells, registry)
    for found in (at, where):
        if isinstance(found, RowFault):
            return found
    assert isinstance(where, Where)
    assert not isinstance(at, RowFault)
    return Row(
        line=cells.line,
        number=cells.text("number"),
        event_class=classes[0],
        words=without_numbers(cells.text("words")),
        address=without_numbers(cells.text("address")) or None,
        where=where,
        at=at,
    )


def _classes(text: str, hotline: Hotline, registry: Registry) -> list[str]:
    """The class that is mapped or coded so; else all that are called so."""
    mapped = hotline.classes.get(text, text)
    if ("event_class", mapped) in registry.active:
        return [mapped]
    known = (one for one in registry.classes.values() if text in (one.name.zh, one.name.en))
    return [one.code for one in known if ("event_class", one.code) in registry.active]


def _time(cells: _Cells, hotline: Hotline, zone: ZoneInfo) -> datetime | RowFault | None:
    text = cells.text("received_at")
    if not text:
        return None
    for form in hotline.times:
        try:
            return datetime.strptime(text, form).replace(tzinfo=zone)
        except ValueError:
            continue
    return cells.fault("received_at", f"{text!r} is no time of the forms {', '.join(hotline.times)}")


def _where(cells: _Cells, registry: Registry) -> Where | RowFault:
    lon, lat = cells.text("lon"), cells.text("lat")
    try:
        if lon or lat:
            try:
                return at_position(registry, float(lon), float(lat))
            except UnknownPlace:
                raise
            except ValueError:
                return cells.fault("lon", f"{lon!r}, {lat!r} is no position; write degrees, 120.155070")
        if point := cells.text("point"):
            return at_point(registry, point)
        if grid := cells.text("grid"):
            return in_area(registry, grid, "grid", cells.text("community"))
        if community := cells.text("community"):
            return in_area(registry, community, "community")
    except UnknownPlace as error:
        column: Column = error.field  # type: ignore[assignment]
        return cells.fault(column, error.what)
    return RowFault(cells.line, "", "says nowhere where: fill in a grid, a community, or lon and lat")
