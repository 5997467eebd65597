"""The weather that all sensors of one street share, a pure function of the street's seed and of time.

Showers come in blocks of six hours, more often and harder in summer. What they leave in a dip of the road
runs off within an hour or two, so neighbouring gauges rise and fall together, each by its own measure.
"""

from __future__ import annotations

import functools
import math

from simulators.sensors.chance import DAY_S, part, scramble, year

_BLOCK_S = DAY_S / 4
_STEP_S = 600.0
_RUNS_OFF_S = 2400.0
"""A dip loses so much of its water in this time that 1/e remains."""
_REMEMBERED = 24
"""Steps back in time that still matter: 4 h, after which e^-6 is left."""
_CM_PER_MM = 1.0
"""1 mm of rain on the catchment of a dip stands there as 1 cm."""
_SUMMER = 195.0
HARDEST = 12.0
"""mm/h; more is scripted."""


def warmth(t: float) -> float:
    """The season's share of warmth, 1 about 24 July."""
    return year(t, 205)


def rain(street: int, t: float) -> float:
    """How hard it rains, mm/h, 0 to `HARDEST`."""
    block = int(t // _BLOCK_S)
    # A shower may reach into the next block.
    return min(HARDEST, _falls(_shower(street, block), t) + _falls(_shower(street, block - 1), t))


def _falls(shower: tuple[float, float, float], t: float) -> float:
    begins, lasts, strength = shower
    through = (t - begins) / lasts
    return strength * math.sin(math.pi * through) if 0 < through < 1 else 0.0


@functools.lru_cache(maxsize=4096)
def _shower(street: int, block: int) -> tuple[float, float, float]:
    """When it begins, how long it lasts (s), how hard it is at its height (mm/h); 0 in a dry block."""
    season = year(block * _BLOCK_S, _SUMMER)
    begins = (block + part(street, block, 2)) * _BLOCK_S
    lasts = 1200 + 9000 * part(street, block, 3) ** 2
    strength = 1.5 + 4 * part(street, block, 4) + 6.5 * season * part(street, block, 5)
    return begins, lasts, strength if part(street, block, 1) < 0.08 + 0.2 * season else 0.0


def standing(street: int, t: float) -> float:
    """Water in a deep dip of the street, cm; 7 where it rains as hard as `HARDEST` for long."""
    at, between = divmod(t / _STEP_S, 1.0)
    left, right = _standing(street, int(at)), _standing(street, int(at) + 1)
    return left + (right - left) * between


@functools.lru_cache(maxsize=4096)
def _standing(street: int, step: int) -> float:
    kept = sum(
        rain(street, (step - back) * _STEP_S) * math.exp(-back * _STEP_S / _RUNS_OFF_S)
        for back in range(1, _REMEMBERED)
    )
    return kept * _STEP_S / 3600 * _CM_PER_MM


def street_seed(seed: int) -> int:
    """What the weather goes by, apart from what each sensor goes by."""
    return scramble(seed, 0x7261696E)
