"""What was numbered in a database file that is gone."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from devices.losses import MAX_SEQ, Gap
from edge.keep import epochs
from edge.keep.book import Book
from edge.keep.files import Files


def name_losses(directory: Path, node: str, books: Sequence[Book], files: Files) -> None:
    """A file that is gone had numbered what nobody will ever send: gaps of the new one say so."""
    former = epochs.read(directory)
    for book in books:
        lost = former.get(book.shape.file, book.epoch)
        if lost == book.epoch:
            continue
        with book.writing() as sql:
            for series in book.shape.series:
                gap = Gap(node=node, series=series, epoch=lost, ranges=((1, MAX_SEQ),), cause="store_damaged")
                book.gaps.tell(sql, gap)
    found = {book.shape.file: book.epoch for book in books}
    if found != former:
        epochs.write(directory, found, files)
