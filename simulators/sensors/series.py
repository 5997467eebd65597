"""What an undisturbed sensor measures: a pure function of time for each kind, fixed by a seed.

Values carry the hour, the season, the street's weather and noise, and stay clear of the usual alarm
limits, so that whatever crosses a limit was scripted. Only parking bays pass theirs, for minutes: cars stop
and go on.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from devices.sensors.quantities import KINDS
from simulators.sensors.chance import DAY_S, by_hour, day, local, noise, part, rush
from simulators.sensors.weather import rain, standing, warmth

Series = Callable[[float], dict[str, float]]
"""Unix time in seconds -> quantity -> value in that quantity's own unit."""


@dataclass(frozen=True, slots=True)
class _Site:
    """By what one sensor's course is fixed."""

    seed: int
    street: int
    """Of the weather, the same for all sensors of a street."""
    passers: bool
    """Cars stop and go on."""


_TRAFFIC = (42, 41, 40, 39.5, 39.5, 40.5, 43, 50, 54, 53, 52, 52,
            52.5, 52, 52, 52, 52.5, 54, 55, 53.5, 51, 48, 44, 43)  # fmt: skip
"""dB(A) at each full hour."""
_PARKED = (0, 0, 0, 0, 0, 0.02, 0.1, 0.45, 0.5, 0.3, 0.3, 0.35,
           0.45, 0.3, 0.25, 0.3, 0.4, 0.55, 0.5, 0.35, 0.25, 0.15, 0.05, 0)  # fmt: skip
"""How likely a car stops in a quarter of an hour, at each full hour."""
_THROWN = (1, 0, 0, 0, 0, 1, 3, 6, 7, 6, 5, 6, 9, 7, 5, 5, 6, 8, 9, 7, 5, 3, 2, 1)
"""What is thrown into a bin in each hour, in parts."""

_STOP_SLOT_S = 900.0
_EMPTIED_HOUR = 5.0
_DAYS_OF_A_BATTERY = (500, 1600)


def _smoke(site: _Site, t: float) -> dict[str, float]:
    haze = 0.012 + 0.008 * noise(site.seed, t, 5400) + 0.003 * noise(site.seed + 1, t, 20)
    return {"smoke_obscuration": max(0.0, haze)}


def _heat(site: _Site, t: float) -> dict[str, float]:
    return {"temperature": 19 + 9 * warmth(t) + 2.5 * day(t, 15) + noise(site.seed, t, 3600)}


def _co(site: _Site, t: float) -> dict[str, float]:
    return {"co": max(0.0, 1.2 + 2.5 * rush(t) + 0.8 * noise(site.seed, t, 1800))}


def _gas(site: _Site, t: float) -> dict[str, float]:
    return {"gas": max(0.0, 0.6 + 0.5 * noise(site.seed, t, 7200) + 0.1 * noise(site.seed + 1, t, 60))}


def _manhole(site: _Site, t: float) -> dict[str, float]:
    laid = 0.3 + 1.2 * part(site.seed)  # no cover lies quite level
    return {
        "tilt": max(0.0, laid + 0.2 * noise(site.seed + 1, t, DAY_S) + 0.3 * noise(site.seed + 2, t, 3)),
        "displacement": max(0.0, 0.4 + 0.3 * noise(site.seed + 3, t, 5)),
        "water": 0.0,
    }


def _water_level(site: _Site, t: float) -> dict[str, float]:
    deep = 0.5 + 0.5 * part(site.seed)
    return {
        "water_level": max(0.0, 0.3 + deep * standing(site.street, t) + 0.2 * noise(site.seed + 1, t, 60))
    }


def _parking(site: _Site, t: float) -> dict[str, float]:
    drift = 0.6 * noise(site.seed, t, DAY_S / 2) + 0.3 * noise(site.seed + 1, t, 30)
    there = site.passers and _stops(site.seed, t)
    return {"field_change": drift + (_car(site.seed, t) if there else 0.0)}


def _stops(seed: int, t: float) -> bool:
    """Whether somebody is let out or in just now: 1 to 7 min, and a bay is free for a minute afterwards."""
    slot, since = divmod(t, _STOP_SLOT_S)
    if part(seed, int(slot), 1) >= by_hour(slot * _STOP_SLOT_S, _PARKED):
        return False
    lasts = 60 + 360 * part(seed, int(slot), 2)
    begins = (_STOP_SLOT_S - 60 - lasts) * part(seed, int(slot), 3)
    return begins <= since < begins + lasts


def _car(seed: int, t: float) -> float:
    return 14 + 16 * part(seed, int(t // _STOP_SLOT_S), 4)


def _door(site: _Site, t: float) -> dict[str, float]:
    return {"open": 0.0}


def _air(site: _Site, t: float) -> dict[str, float]:
    season = 20 + 30 * (1 - warmth(t))
    settled = season + 9 * rush(t) + 10 * noise(site.street, t, 2 * DAY_S) + 3 * noise(site.seed, t, 4 * 3600)
    washed = settled / (1 + 0.1 * rain(site.street, t))
    fine = max(2.0, washed + 1.5 * noise(site.seed + 1, t, 120))
    return {"pm25": fine, "pm10": max(4.0, 1.45 * fine + 6 + 4 * noise(site.seed + 2, t, 600))}


def _noise_level(site: _Site, t: float) -> dict[str, float]:
    traffic = by_hour(t, _TRAFFIC) - (2 if local(t)[0] % 7 in (2, 3) else 0)  # 1 Jan 1970 was a Thursday
    here = 2 * part(site.seed) - 1
    return {"laeq": traffic + here + 0.8 * noise(site.seed, t, 1800) + 0.8 * noise(site.seed + 1, t, 60)}


def _beam(site: _Site, t: float) -> dict[str, float]:
    return {"blocked": 0.0}


def _leakage(site: _Site, t: float) -> dict[str, float]:
    load = day(t, 20)
    damp = 2 * standing(site.street, t)
    current = 25 + 30 * part(site.seed) + 35 * load + damp + 6 * noise(site.seed + 1, t, 900)
    warm = 16 + 8 * warmth(t) + 14 * load + 2 * noise(site.seed + 2, t, 3600)
    return {"residual_current": current, "cable_temperature": warm}


def _sos(site: _Site, t: float) -> dict[str, float]:
    return {"pressed": 0.0}


def _climate(site: _Site, t: float) -> dict[str, float]:
    wet = rain(site.street, t)
    warm = 4 + 24 * warmth(t) + 7 * (day(t, 15) - 0.5) + 1.5 * noise(site.seed, t, 7200) - 0.2 * wet
    damp = 66 - 22 * (day(t, 15) - 0.5) + 8 * noise(site.seed + 1, t, 6 * 3600) + wet
    return {"temperature": warm, "humidity": min(100.0, max(10.0, damp))}


def _bin(site: _Site, t: float) -> dict[str, float]:
    today, hour = local(t - _EMPTIED_HOUR * 3600)
    emptied = 0.7 * part(site.seed, today, 1)  # the lorry is up to 40 min late; till then it is yesterday's
    since, the_day = (hour, today) if hour >= emptied else (24.0, today - 1)
    share = _thrown(since) / _thrown(24.0)
    full = (25 + 22 * part(site.seed)) * (0.85 + 0.3 * part(site.seed, the_day, 2))
    return {"fill": max(0.0, 3 + full * share + 0.8 * noise(site.seed + 1, t, 1200))}


def _thrown(hours: float) -> float:
    """What was thrown in since it was emptied."""
    whole = int(hours)
    begun = (hours - whole) * _THROWN[(whole + int(_EMPTIED_HOUR)) % 24]
    return begun + sum(_THROWN[(at + int(_EMPTIED_HOUR)) % 24] for at in range(whole))


_SERIES: Mapping[str, Callable[[_Site, float], dict[str, float]]] = {
    "smoke": _smoke,
    "heat": _heat,
    "co": _co,
    "gas": _gas,
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

_DIGITS: Mapping[str, int] = {
    "smoke_obscuration": 4, "open": 0, "pressed": 0, "blocked": 0, "water": 0, "battery": 0,
}  # fmt: skip


def series(kind: str, seed: int, street: int = 0, *, passers: bool = True) -> Series:
    """What a sensor of `kind` measures undisturbed, with its battery (%EL).

    Args:
        kind: as in the site.
        seed: of this sensor.
        street: of the weather, which all sensors of a street share.
        passers: cars stop at parking bays for a few minutes; without them all is still.

    Raises:
        KeyError: no such kind.

    """
    measured = _SERIES[kind]
    site = _Site(seed, street, passers)
    few, many = _DAYS_OF_A_BATTERY
    life = (few + (many - few) * part(seed, 1)) * DAY_S
    age = life * part(seed, 2)

    def values(t: float) -> dict[str, float]:
        measures = measured(site, t)
        found = {name: measures[name] for name in KINDS[kind]}
        used = (t + age) % life / life
        found["battery"] = 100 - 68 * used - 1.5 * (1 - day(t, 15))  # a cold battery shows less
        return {name: round(value, _DIGITS.get(name, 2)) for name, value in found.items()}

    return values
