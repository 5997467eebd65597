"""Telemetry as Tasmota publishes it: one object for each chip, and local time without a zone."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import Any

from devices.sensors.quantities import KINDS, QUANTITIES
from devices.site.wiring import Mapping, Value
from simulators.sensors.chance import UTC_OFFSET_S
from simulators.sensors.shapes.speech import Link, Publication, Sample, Who, as_json

_ZONE = timezone(timedelta(seconds=UTC_OFFSET_S))
_CHIPS: dict[str, tuple[str, str]] = {
    "temperature": ("AM2301", "Temperature"),
    "humidity": ("AM2301", "Humidity"),
    "cable_temperature": ("DS18B20", "Temperature"),
    "pm25": ("SDS0X1", "PM2.5"),
    "pm10": ("SDS0X1", "PM10"),
    "water_level": ("VL53L0X", "Distance"),
    "residual_current": ("ENERGY", "Current"),
    "battery": ("BATTERY", "Percent"),
}
"""Quantity -> the chip that measures it and its name there; others come from the analogue pin."""


_UNITS = {"residual_current": ("A", 0.001), "water_level": ("mm", 10.0)}
"""Quantity -> the chip's own unit and the factor to it: meters show ampere, ranging chips millimetres."""


class Tasmota:
    """A board with Tasmota; `name` is its topic."""

    asked = None

    def __init__(self, who: Who) -> None:
        self._name = who.name
        self._quantities = (*KINDS[who.sensor.kind], "battery")
        self._topic = who.topic(f"tele/{who.name}/SENSOR")

    def born(self, link: Link) -> list[Publication]:
        """Kept by the broker, as its last will is."""
        return [Publication(f"tele/{self._name}/LWT", b"Online", retain=True)]

    def gone(self, link: Link) -> Publication:
        """Kept by the broker."""
        return Publication(f"tele/{self._name}/LWT", b"Offline", retain=True)

    def measured(self, sample: Sample) -> list[Publication]:
        """`SENSOR`, and `STATE` for how well it hears its access point."""
        at = datetime.fromtimestamp(sample.taken_at, _ZONE).replace(tzinfo=None).isoformat(timespec="seconds")
        body: dict[str, Any] = {"Time": at}
        for quantity, value in sample.values.items():
            chip, name = _place(quantity, self._quantities)
            if name:
                body.setdefault(chip, {})[name] = round(value * _UNITS.get(quantity, ("", 1.0))[1], 6)
            else:
                body[chip] = "ON" if value else "OFF"
        if "AM2301" in body or "DS18B20" in body:
            body["TempUnit"] = "C"
        wifi = {"AP": 1, "Channel": 6, "RSSI": 2 * (sample.rssi + 100), "Signal": sample.rssi, "LinkCount": 1}
        state = {"Time": at, "Uptime": "0T00:10:00", "Vcc": 3.3, "Wifi": wifi}
        return [
            Publication(self._topic, as_json(body)),
            Publication(f"tele/{self._name}/STATE", as_json(state)),
        ]


def _place(quantity: str, quantities: tuple[str, ...]) -> tuple[str, str]:
    """The chip and the name there, or the switch, by the order of what has two states."""
    if QUANTITIES[quantity].unit != "1":
        return _CHIPS.get(quantity, ("ANALOG", quantity))
    states = [one for one in quantities if QUANTITIES[one].unit == "1"]
    return f"Switch{states.index(quantity) + 1}", ""


def mapping(quantities: tuple[str, ...]) -> Mapping:
    """How a site file says which chip and which switch is what."""
    values = []
    for quantity in (*quantities, "battery"):
        chip, name = _place(quantity, (*quantities, "battery"))
        path = f"$['{chip}']" + (f"['{name}']" if name else "")
        words = {} if name else {"ON": 1.0, "OFF": 0.0}
        values.append(
            Value(quantity=quantity, path=path, unit=_UNITS.get(quantity, ("", 1.0))[0], words=words)
        )
    return Mapping(values=tuple(values))
