"""What stations measure: codes of HJ 212-2017 annex B (and of HJ 524), of the 2005 edition, and of vendors.

This is data. A code that is not here is kept as `hj_` and the code in small letters, without a unit.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Factor:
    """One code's quantity and the unit in which stations send it."""

    quantity: str
    unit: str


_PM25 = Factor("pm25", "ug/m3")
_PM10 = Factor("pm10", "ug/m3")
_TSP = Factor("tsp", "ug/m3")
_TEMPERATURE = Factor("temperature", "Cel")
_HUMIDITY = Factor("humidity", "%RH")
_PRESSURE = Factor("pressure", "kPa")
_WIND = Factor("wind_speed", "m/s")
_FROM = Factor("wind_direction", "deg")
_LEQ = Factor("laeq", "dB")
_LA = Factor("la", "dB")

FACTORS: Mapping[str, Factor] = {
    "A34004": _PM25,
    "A34002": _PM10,
    "A34001": _TSP,
    "A01001": _TEMPERATURE,
    "A01002": _HUMIDITY,
    "A01006": _PRESSURE,
    "A01007": _WIND,
    "A01008": _FROM,
    "LEQ": _LEQ,
    "LAEQ": _LEQ,
    "LA": _LA,
    "LMX": Factor("la_max", "dB"),
    "LMN": Factor("la_min", "dB"),
    "L5": Factor("la5", "dB"),
    "L10": Factor("la10", "dB"),
    "L50": Factor("la50", "dB"),
    "L90": Factor("la90", "dB"),
    "L95": Factor("la95", "dB"),
    "LD": Factor("laeq_day", "dB"),
    "LN": Factor("laeq_night", "dB"),
    "B03": _LA,
    # Names that dust stations of several makers send in place of codes.
    "PM25": _PM25,
    "PM2.5": _PM25,
    "PM10": _PM10,
    "TSP": _TSP,
    "TEM": _TEMPERATURE,
    "TEMP": _TEMPERATURE,
    "RH": _HUMIDITY,
    "HUM": _HUMIDITY,
    "WS": _WIND,
    "WD": _FROM,
    "PA": _PRESSURE,
    "NOIS": _LA,
    "NOISE": _LA,
}
"""Code in capitals -> what it is."""

Quality = Literal["good", "uncertain", "bad"]

MARKS: Mapping[str, Quality] = {
    "N": "good",
    "F": "bad",
    "M": "uncertain",
    "S": "uncertain",
    "D": "bad",
    "C": "uncertain",
    "T": "uncertain",
    "B": "bad",
    "P": "bad",
    "0": "uncertain",
    "1": "good",
    "2": "uncertain",
    "3": "good",
}
"""Data mark (6.6.4 table 6) -> what may be made of the value. 2017: N normal, F stopped, M maintenance, S set
by hand, D defect, C calibration, T above the range, B no line to the instrument. 2005 also: P power, and for
ambient air 0 calibration, 1 weather, 2 abnormal, 3 normal. One that is not here makes a value uncertain."""


@dataclass(frozen=True, slots=True)
class Span:
    """What the values of one data command cover."""

    suffix: str
    """Of their quantities: a mean over an hour is no value of now."""
    seconds: int
    """How far apart two of them are at least."""


SPANS: Mapping[str, Span] = {
    "2011": Span("", 1),
    "2051": Span("_minutes", 60),
    "2061": Span("_hour", 3600),
    "2031": Span("_day", 86400),
}
"""Command number (6.6.5 table 9) -> what it carries: now, a mean of minutes, of an hour, of a day."""

FIELDS: Mapping[str, str] = {
    "Rtd": "",
    "Avg": "",
    "Data": "",
    "Max": "_max",
    "Min": "_min",
}
"""Field of a factor (6.6.3 table 5; `Data` of 2005) -> the ending of its quantity; others are left aside."""

FAMILIES: Mapping[str, tuple[str, ...]] = {
    "air": ("pm25", "pm10", "tsp"),
    "noise": ("laeq", "la"),
    "climate": ("temperature", "humidity", "pressure", "wind_speed", "wind_direction"),
}
"""Kind of a sensor -> what of a station is its; `pm25` stands for `pm25_hour` and `pm25_hour_max`, too."""
