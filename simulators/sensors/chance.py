"""What looks like chance in a simulated street, but is fixed by whole numbers; and the rhythm of a day."""

from __future__ import annotations

import math
from collections.abc import Sequence

DAY_S = 86400.0
UTC_OFFSET_S = 8 * 3600
"""The street keeps Beijing time, which knows no summer time."""
_YEAR_D = 365.25
_MASK = (1 << 64) - 1


def scramble(*numbers: int) -> int:
    """64 well mixed bits out of whole numbers (the finaliser of SplitMix64, applied in a chain)."""
    state = 0
    for number in numbers:
        state = (state ^ number & _MASK) + 0x9E3779B97F4A7C15 & _MASK
        state = (state ^ state >> 30) * 0xBF58476D1CE4E5B9 & _MASK
        state = (state ^ state >> 27) * 0x94D049BB133111EB & _MASK
        state ^= state >> 31
    return state


def part(*numbers: int) -> float:
    """A number in 0..1 fixed by `numbers`."""
    return scramble(*numbers) / (1 << 64)


def noise(seed: int, t: float, step: float) -> float:
    """Smooth noise in -1..1 that takes a new random value every `step` seconds."""
    at, between = divmod(t / step, 1.0)
    left, right = part(seed, int(at)), part(seed, int(at) + 1)
    blend = between * between * (3 - 2 * between)
    return 2 * (left + (right - left) * blend) - 1


def local(t: float) -> tuple[int, float]:
    """The day of the street (counted from 1970) and its hour, 0 to 24, at Unix time `t`."""
    day, second = divmod(t + UTC_OFFSET_S, DAY_S)
    return int(day), second / 3600


def day(t: float, peak_hour: float) -> float:
    """The daily rhythm, 1 at `peak_hour` local time and 0 twelve hours away."""
    return 0.5 + 0.5 * math.cos((local(t)[1] - peak_hour) * math.pi / 12)


def year(t: float, peak_day: float) -> float:
    """The yearly rhythm, 1 on day `peak_day` of the year and 0 half a year away."""
    return 0.5 + 0.5 * math.cos((t / DAY_S % _YEAR_D - peak_day) * 2 * math.pi / _YEAR_D)


def by_hour(t: float, levels: Sequence[float]) -> float:
    """Straight lines through 24 levels, one at each full hour of the street's day."""
    at, between = divmod(local(t)[1], 1.0)
    left, right = levels[int(at)], levels[(int(at) + 1) % 24]
    return left + (right - left) * between


def rush(t: float) -> float:
    """How much of the morning's (8 o'clock) and the evening's (18 o'clock) rush there is, 0 to 1."""
    hour = local(t)[1]
    return math.exp(-((hour - 8) ** 2) / 1.6) + math.exp(-((hour - 18) ** 2) / 2.4)
