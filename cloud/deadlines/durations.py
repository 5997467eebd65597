"""The three durations of a case: detected → known → resolved → answered (早知道、早化解、早回复). Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Durations:
    """Whole seconds; None: not there yet. Once answered the three add up to `total`."""

    to_know: int | None
    """From what was detected until somebody took it up."""
    to_resolve: int | None
    """From then until it was reported or seen done, the last time."""
    to_answer: int | None
    """From then until it was closed."""
    total: int | None
    """From detected to answered."""


def durations(
    detected: datetime, known: datetime | None, resolved: datetime | None, answered: datetime | None
) -> Durations:
    """The durations between these instants.

    Each instant is cut to its second *before* differences are taken, so that they add up. One that is missing
    or out of order (seen gone before anybody looked; a clock that was set) lasts no time: it is the one after
    it that is known, and none is earlier than the one before it.
    """
    given = [detected, known, resolved, answered]
    later: datetime | None = None
    for at in (3, 2, 1):
        given[at] = later = given[at] or later
    marks: list[int | None] = []
    last = _whole(detected)
    for instant in given:
        last = last if instant is None else max(last, _whole(instant))
        marks.append(None if instant is None else last)
    parts = [_between(marks[at], marks[at + 1]) for at in range(3)]
    return Durations(parts[0], parts[1], parts[2], _between(marks[0], marks[3]))


def _whole(instant: datetime) -> int:
    return int(instant.timestamp() // 1)


def _between(begin: int | None, end: int | None) -> int | None:
    return None if begin is None or end is None else end - begin
