"""Telemetry as Tasmota publishes it: one object for each chip, and local time without a zone."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import Any

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
_SWITCHED = ("open", "blocked", "pressed", "water")


class Tasmota:
    """A board with Tasmota; `name` is its topic."""

    asked = None

    def __init__(self, who: Who) -> None:
        self._name = who.name
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
            if quantity in _SWITCHED:
                body["Switch1"] = "ON" if value else "OFF"
            else:
                chip, name = _CHIPS.get(quantity, ("ANALOG", quantity))
                body.setdefault(chip, {})[name] = _told(quantity, value)
        if "AM2301" in body or "DS18B20" in body:
            body["TempUnit"] = "C"
        wifi = {"AP": 1, "Channel": 6, "RSSI": 2 * (sample.rssi + 100), "Signal": sample.rssi, "LinkCount": 1}
        state = {"Time": at, "Uptime": "0T00:10:00", "Vcc": 3.3, "Wifi": wifi}
        return [
            Publication(self._topic, as_json(body)),
            Publication(f"tele/{self._name}/STATE", as_json(state)),
        ]


def _told(quantity: str, value: float) -> float:
    """In the chip's unit: an energy meter shows ampere, a ranging chip millimetres."""
    return round(value * {"residual_current": 0.001, "water_level": 10}.get(quantity, 1), 6)
