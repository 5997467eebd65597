"""What an undisturbed sensor measures: a pure function of time for each kind, fixed by a seed.

Values carry a daily rhythm, slow drift and noise, and stay clear of the usual alarm limits, so that whatever
crosses a limit was scripted.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping

Series = Callable[[float], dict[str, float]]
"""Unix time in seconds -> quantity -> value in that quantity's own unit."""

UTC_OFFSET_S = 8 * 3600
"""The street keeps Beijing time, which knows no summer time."""
_DAY = 86400.0
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


def day(t: float, peak_hour: float) -> float:
    """The daily rhythm, 1 at `peak_hour` local time and 0 twelve hours away."""
    hours = (t + UTC_OFFSET_S) % _DAY / 3600
    return 0.5 + 0.5 * math.cos((hours - peak_hour) * math.pi / 12)


def _smoke(seed: int, t: float) -> dict[str, float]:
    return {
        "smoke_obscuration": max(0.0, 0.012 + 0.008 * noise(seed, t, 5400) + 0.003 * noise(seed + 1, t, 20))
    }


def _manhole(seed: int, t: float) -> dict[str, float]:
    laid = 0.3 + 1.2 * part(seed)  # no cover lies quite level
    return {"tilt": max(0.0, laid + 0.2 * noise(seed + 1, t, 86400) + 0.3 * noise(seed + 2, t, 3))}


def _water_level(seed: int, t: float) -> dict[str, float]:
    return {"water_level": max(0.0, 0.7 + 0.5 * noise(seed, t, 7200) + 0.2 * noise(seed + 1, t, 60))}


def _parking(seed: int, t: float) -> dict[str, float]:
    return {"field_change": 0.6 * noise(seed, t, _DAY / 2) + 0.3 * noise(seed + 1, t, 30)}


def _door(seed: int, t: float) -> dict[str, float]:
    return {"open": 0.0}


def _air(seed: int, t: float) -> dict[str, float]:
    fine = 28 + 16 * day(t, 8) + 12 * noise(seed, t, 4 * 3600) + 2 * noise(seed + 1, t, 120)
    return {"pm25": max(2.0, fine), "pm10": max(4.0, 1.55 * fine + 5 + 4 * noise(seed + 2, t, 600))}


def _noise_level(seed: int, t: float) -> dict[str, float]:
    return {"laeq": 41 + 11 * day(t, 15) + 1.5 * noise(seed, t, 1800) + 1.5 * noise(seed + 1, t, 60)}


def _beam(seed: int, t: float) -> dict[str, float]:
    return {"blocked": 0.0}


def _leakage(seed: int, t: float) -> dict[str, float]:
    load = day(t, 20)
    current = 25 + 30 * part(seed) + 35 * load + 6 * noise(seed + 1, t, 900)
    return {"residual_current": current, "cable_temperature": 24 + 14 * load + 2 * noise(seed + 2, t, 3600)}


def _sos(seed: int, t: float) -> dict[str, float]:
    return {"pressed": 0.0}


def _climate(seed: int, t: float) -> dict[str, float]:
    season = math.cos((t % (365.25 * _DAY) / _DAY - 205) * 2 * math.pi / 365.25)  # warmest about 24 July
    warm = 16 + 12 * season + 7 * (day(t, 15) - 0.5) + 1.5 * noise(seed, t, 7200)
    damp = 68 - 22 * (day(t, 15) - 0.5) + 8 * noise(seed + 1, t, 6 * 3600)
    return {"temperature": warm, "humidity": min(100.0, max(10.0, damp))}


def _bin(seed: int, t: float) -> dict[str, float]:
    since_emptied = (t + UTC_OFFSET_S - 5 * 3600) % _DAY / _DAY  # emptied at five in the morning
    return {"fill": 4 + (30 + 20 * part(seed)) * since_emptied + 1.5 * noise(seed + 1, t, 1200)}


_SERIES: Mapping[str, Callable[[int, float], dict[str, float]]] = {
    "smoke": _smoke,
    "manhole": _manhole,
    "water_level": _water_level,
    "parking": _parking,
    "door": _door,
    "air": _air,
    "noise": _noise_level,
    "beam": _beam,
    "leakage": _leakage,
    "sos": _sos,
    "climate": _climate,
    "bin": _bin,
}

_DIGITS: Mapping[str, int] = {"smoke_obscuration": 4, "open": 0, "pressed": 0, "blocked": 0, "battery": 0}


def series(kind: str, seed: int) -> Series:
    """What a sensor of `kind` measures undisturbed, with its battery (%EL).

    Raises:
        KeyError: no such kind.

    """
    measured = _SERIES[kind]
    full = 70 + 29 * part(seed, 1)

    def values(t: float) -> dict[str, float]:
        found = measured(seed, t)
        found["battery"] = full - 1.5 * (1 - day(t, 15))  # a cold battery shows less
        return {name: round(value, _DIGITS.get(name, 2)) for name, value in found.items()}

    return values
