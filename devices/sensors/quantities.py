"""What sensors measure: names, units, possible ranges, and the spellings of units that vendors use.

This is data. A quantity that is not listed is taken as it comes, unit and all.
Unit symbols are those of SenML (RFC 8428, section 12.1) where it has one, else of UCUM.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from devices.errors import PayloadError


@dataclass(frozen=True, slots=True)
class Quantity:
    """One quantity with the only unit it has after decoding, and what an instrument can possibly show."""

    name: str
    unit: str
    lowest: float
    highest: float


QUANTITIES: Mapping[str, Quantity] = {
    quantity.name: quantity
    for quantity in (
        Quantity("smoke_obscuration", "dB/m", 0, 20),
        Quantity("smoke", "1", 0, 1),
        Quantity("heat", "1", 0, 1),
        Quantity("co", "ppm", 0, 5000),
        Quantity("co_alarm", "1", 0, 1),
        Quantity("gas", "%LEL", 0, 200),
        Quantity("gas_alarm", "1", 0, 1),
        Quantity("tilt", "deg", 0, 180),
        Quantity("displacement", "cm", 0, 1000),
        Quantity("water", "1", 0, 1),
        Quantity("water_level", "cm", -10, 1000),
        Quantity("distance", "cm", 0, 5000),
        Quantity("field_change", "uT", -500, 500),
        Quantity("occupied", "1", 0, 1),
        Quantity("open", "1", 0, 1),
        Quantity("pm25", "ug/m3", 0, 2000),
        Quantity("pm10", "ug/m3", 0, 5000),
        Quantity("tsp", "ug/m3", 0, 10000),
        Quantity("laeq", "dB", 0, 150),
        Quantity("blocked", "1", 0, 1),
        Quantity("residual_current", "mA", 0, 30000),
        Quantity("cable_temperature", "Cel", -60, 300),
        Quantity("pressed", "1", 0, 1),
        Quantity("temperature", "Cel", -60, 90),
        Quantity("humidity", "%RH", 0, 100),
        Quantity("tamper", "1", 0, 1),
        Quantity("motion", "1", 0, 1),
        Quantity("battery_low", "1", 0, 1),
        Quantity("link_quality", "%", 0, 100),
        Quantity("fill", "%", 0, 100),
        Quantity("battery", "%EL", 0, 100),
    )
}

SOUND_LEVELS = frozenset(
    f"{name}{span}" for name in ("laeq", "la") for span in ("", "_minutes", "_hour", "_day", "_night")
)
"""Levels in dB(A). Of several the mean is that of the sound's energy, 10 lg of the mean of 10^(L/10): an
equivalent level as GB 3096-2008 (3.2) and ISO 1996-1 define it, not the mean of the numbers."""

KINDS: Mapping[str, tuple[str, ...]] = {
    "smoke": ("smoke_obscuration",),
    "heat": ("temperature",),
    "co": ("co",),
    "gas": ("gas",),
    "manhole": ("tilt", "displacement", "water"),
    "water_level": ("water_level",),
    "parking": ("field_change",),
    "door": ("open",),
    "air": ("pm25", "pm10"),
    "noise": ("laeq",),
    "beam": ("blocked",),
    "leakage": ("residual_current", "cable_temperature"),
    "sos": ("pressed",),
    "climate": ("temperature", "humidity"),
    "bin": ("fill",),
}
"""Sensor kind -> the quantities it measures, the deciding one first. Each also reports `battery`."""

_SYMBOLS: Mapping[str, str] = {
    "°C": "Cel",
    "℃": "Cel",
    "C": "Cel",
    "degC": "Cel",
    "°F": "degF",
    "F": "degF",
    "°": "deg",
    "µT": "uT",
    "μT": "uT",
    "µg/m3": "ug/m3",
    "μg/m3": "ug/m3",
    "µg/m³": "ug/m3",
    "μg/m³": "ug/m3",
    "ug/m³": "ug/m3",
    "mg/m³": "mg/m3",
    "dB(A)": "dB",
    "dBA": "dB",
    "dB[SPL]": "dB",
    "% RH": "%RH",
    "% LEL": "%LEL",
    "LEL%": "%LEL",
    "°K": "K",
    "Pct": "%",
    "percent": "%",
    "bool": "1",
    "": "1",
}
"""Spelling -> symbol. The micro sign has two code points, U+00B5 and U+03BC; both are in use."""

_CONVERSIONS: Mapping[tuple[str, str], tuple[float, float]] = {
    ("%", "%LEL"): (1, 0),
    ("/", "%RH"): (100, 0),
    ("/", "%EL"): (100, 0),
    ("ppb", "ppm"): (0.001, 0),
    ("%", "%RH"): (1, 0),
    ("%", "%EL"): (1, 0),
    ("/", "%"): (100, 0),
    ("m", "cm"): (100, 0),
    ("mm", "cm"): (0.1, 0),
    ("in", "cm"): (2.54, 0),
    ("ft", "cm"): (30.48, 0),
    ("T", "uT"): (1e6, 0),
    ("mT", "uT"): (1000, 0),
    ("mG", "uT"): (0.1, 0),
    ("A", "mA"): (1000, 0),
    ("nT", "uT"): (0.001, 0),
    ("mg/m3", "ug/m3"): (1000, 0),
    ("rad", "deg"): (57.29577951308232, 0),
    ("K", "Cel"): (1, -273.15),
    ("degF", "Cel"): (5 / 9, -160 / 9),
}
"""(from, to) -> factor and offset: to = from * factor + offset."""


def normalise(name: str, value: float, unit: str) -> tuple[float, str]:
    """`value` of quantity `name` in that quantity's own unit, and the unit's symbol.

    Raises:
        PayloadError: the unit does not measure that quantity.

    """
    symbol = _SYMBOLS.get(unit, unit)
    quantity = QUANTITIES.get(name)
    if quantity is None or quantity.unit == symbol:
        return value, symbol
    conversion = _CONVERSIONS.get((symbol, quantity.unit))
    if conversion is None:
        raise PayloadError(f"u: {unit[:16]!r} does not measure {name}; send {quantity.unit!r}")
    factor, offset = conversion
    return round(value * factor + offset, 9), quantity.unit


def possible(name: str, value: float) -> bool:
    """Whether an instrument can show `value` (in the quantity's own unit) at all."""
    quantity = QUANTITIES.get(name)
    return quantity is None or quantity.lowest <= value <= quantity.highest
