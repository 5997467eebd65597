"""When a reading was taken, by our own monotonic clock: a backlog that arrives at once keeps its times."""

from __future__ import annotations

import math
from dataclasses import dataclass

BACK = 1.0
"""Seconds by which a device's clock may jump back before it counts as set anew."""


@dataclass(frozen=True, slots=True)
class Course:
    """How a device's clock runs beside ours, learnt from its readings."""

    lead: float
    """Our monotonic seconds less the device's Unix seconds, by the reading that came with the least delay."""
    taken: float = -math.inf
    """The device's time of the reading before."""
    at: float = -math.inf
    """When that was taken, by our clock."""


def place(course: Course | None, taken: float, now: float) -> Course:
    """The course with one more reading, taken at the device's `taken` (Unix s) and here at `now`.

    `at` of it never lies in the future and never goes back. Of the first reading, and of one whose device set
    its clock back, nobody knows how late it is: it counts as taken now.
    """
    if course is None or taken < course.taken - BACK:
        return Course(now - taken, taken, now)
    lead = min(course.lead, now - taken)
    return Course(lead, taken, max(course.at, taken + lead))
