"""A table written row by row into a file, as XLSX or CSV, in memory that does not grow with its rows."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Protocol

import xlsxwriter

Cell = str | int | float | datetime | None
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")
"""A cell of text that begins so may be run by a spreadsheet (OWASP, CSV injection); the last are ＝＋－＠."""
_TIME = "yyyy-mm-dd hh:mm:ss"
COLUMNS, WIDTH = 63, 18.0
"""The last column, from 0, that is made so wide, in digits: a time or an acceptance number fits."""


class Sheet(Protocol):
    """Rows one after another; `page` begins another table."""

    def page(self, name: str) -> None:
        """Begin the table of this name."""

    def row(self, cells: Sequence[Cell]) -> None:
        """Write a row; instants are by the wall clock that they carry."""

    def close(self) -> None:
        """Finish the file."""


def harmless(text: str) -> str:
    """Text that no spreadsheet takes for a formula."""
    return f"'{text}" if text.startswith(_FORMULA) else text


class Xlsx:
    """Rows go to disk as they are written (constant_memory)."""

    def __init__(self, path: Path, made_at: datetime) -> None:
        options = {"constant_memory": True, "tmpdir": str(path.parent), "strings_to_formulas": False}
        self._book = xlsxwriter.Workbook(str(path), {**options, "strings_to_urls": False})
        self._book.set_properties({"created": made_at.replace(tzinfo=None)})
        self._time = self._book.add_format({"num_format": _TIME})

    def page(self, name: str) -> None:
        """Begin a work sheet."""
        self._sheet = self._book.add_worksheet(name)
        self._sheet.freeze_panes(1, 0)
        self._sheet.set_column(0, COLUMNS, WIDTH)
        self._at = 0

    def row(self, cells: Sequence[Cell]) -> None:
        """Write a row."""
        for column, cell in enumerate(cells):
            if isinstance(cell, str):
                self._sheet.write_string(self._at, column, harmless(cell))
            elif isinstance(cell, datetime):
                self._sheet.write_datetime(self._at, column, cell.replace(tzinfo=None), self._time)
            elif cell is not None:
                self._sheet.write_number(self._at, column, cell)
        self._at += 1

    def close(self) -> None:
        """Zip it."""
        self._book.close()


class Csv:
    """UTF-8 with BOM, so that spreadsheets read it; tables follow each other after an empty line."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("w", encoding="utf-8-sig", newline="")
        self._writer = csv.writer(self._file)
        self._begun = False

    def page(self, name: str) -> None:
        """An empty line before all but the first."""
        if self._begun:
            self._writer.writerows([[], [harmless(name)]])
        self._begun = True

    def row(self, cells: Sequence[Cell]) -> None:
        """Write a row."""
        self._writer.writerow([_plain(cell) for cell in cells])

    def close(self) -> None:
        """Write out what is left."""
        self._file.close()


def _plain(cell: Cell) -> str | int | float:
    if isinstance(cell, str):
        return harmless(cell)
    if isinstance(cell, datetime):
        return cell.isoformat(sep=" ", timespec="seconds")[:19]
    return "" if cell is None else cell
