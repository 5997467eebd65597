"""States as Zigbee2MQTT publishes them: flat JSON under the friendly name, and no clock."""

from __future__ import annotations

from typing import Any

from simulators.sensors.shapes.speech import Link, Publication, Sample, Who, as_json

_NAMES = {
    "smoke_obscuration": "smoke_density_dbm",
    "residual_current": "leakage_current",
    "cable_temperature": "device_temperature",
    "laeq": "noise",
    "tilt": "angle_x",
    "water_level": "liquid_depth",
    "fill": "liquid_level_percent",
    "co": "co",
    "gas": "gas_value",
}
"""What its device definitions call these; the others have our names."""
_QUALITY_AT = (-110, -40)
"""dBm at which the link quality is 0 and 255."""


class Zigbee2Mqtt:
    """A Zigbee device; `name` is its friendly name."""

    asked = None

    def __init__(self, who: Who) -> None:
        self._topic = who.topic(f"zigbee2mqtt/{who.name}")

    def born(self, link: Link) -> list[Publication]:
        """Its availability, kept by the broker."""
        return [self._availability("online")]

    def gone(self, link: Link) -> Publication:
        """Its availability, kept by the broker."""
        return self._availability("offline")

    def _availability(self, state: str) -> Publication:
        return Publication(f"{self._topic}/availability", as_json({"state": state}), retain=True)

    def measured(self, sample: Sample) -> list[Publication]:
        """Its whole state."""
        low, high = _QUALITY_AT
        quality = round(255 * (min(high, max(low, sample.rssi)) - low) / (high - low))
        body: dict[str, Any] = {}
        for quantity, value in sample.values.items():
            body |= _said(quantity, value)
        return [Publication(self._topic, as_json({**body, "linkquality": quality}))]


def _said(quantity: str, value: float) -> dict[str, Any]:
    match quantity:
        case "open":
            return {"contact": value == 0}  # true while the magnet is near
        case "pressed":
            return {"action": "emergency" if value else ""}
        case "blocked":
            return {"occupancy": value > 0}
        case "water":
            return {"water_leak": value > 0}
        case "water_level":
            return {"liquid_depth": round(value / 100, 4)}
        case "smoke_obscuration":
            return {"smoke": value >= 0.15, "smoke_density_dbm": value}
        case "co":
            return {"carbon_monoxide": value >= 50, "co": value}
        case "gas":
            return {"gas": value >= 10, "gas_value": value}
    return {_NAMES.get(quantity, quantity): value}
