"""When a reading was taken, by our own monotonic clock: a backlog that arrives at once keeps its times, and a
reading that comes after a newer one is told from a device whose clock was set back.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

BACK = 1.0
"""Seconds by which a device's clock may jump back before it counts as set anew."""
LATE = 3600.0
"""Seconds by which a reading may come late whose device does not count: further back, its clock was set."""


@dataclass(frozen=True, slots=True)
class Course:
    """How a device's clock runs beside ours, learnt from its readings, and how far it has counted."""

    lead: float | None
    """Our monotonic seconds less the device's Unix seconds, by the reading that came with the least delay;
    None: it has no clock to believe."""
    taken: float = -math.inf
    """The device's time of the reading before."""
    at: float = -math.inf
    """When that was taken, by our clock."""
    boot: str = ""
    """Its run, empty where it does not count."""
    seq: int = -1
    before: str = ""
    """The run before."""


def place(course: Course | None, taken: float | None, now: float, boot: str = "", seq: int = -1) -> Course:
    """The course with one more reading, taken at the device's `taken` (Unix s) and here at `now`.

    `at` of it never lies in the future and never goes back. Of the first reading, of one without a time, and
    of one whose device set its clock back nobody knows how late it is: it counts as taken now.
    """
    if course is None:
        return Course(None if taken is None else now - taken, taken or -math.inf, now, boot, seq)
    before = course.boot if boot != course.boot else course.before
    if taken is None:
        return replace(course, at=max(course.at, now), boot=boot, seq=seq, before=before)
    if course.lead is None or taken < course.taken - BACK:
        return Course(now - taken, taken, now, boot, seq, before)
    lead = min(course.lead, now - taken)
    return Course(lead, taken, max(course.at, taken + lead), boot, seq, before)


def late(course: Course | None, taken: float | None, boot: str, seq: int, *, counts: bool) -> float | None:
    """When a reading was taken that comes after a newer one; None: it is the newest.

    Its own numbers tell (`counts`), not its time alone: that goes back with the device's clock, too. Where
    they are made of the time, it must not be further back than `LATE`.
    """
    if course is None or not boot:
        return None
    older = seq < course.seq if boot == course.boot else boot == course.before
    if not older or (taken is None and boot != course.boot):
        return None
    if taken is None or course.lead is None:
        return course.at
    if taken >= course.taken or (not counts and course.taken - taken > LATE):
        return None
    return min(course.at, taken + course.lead)
