"""A device that Home Assistant's discovery finds: a retained configuration for each entity, one state.

What it is and in which unit is in the configuration only; the state says bare values.
"""

from __future__ import annotations

from typing import Any

from devices.sensors.quantities import KINDS, QUANTITIES
from simulators.sensors.shapes.speech import Link, Publication, Sample, Who, as_json

_CLASSES = {
    "temperature": ("temperature", "°C"),
    "cable_temperature": ("temperature", "°C"),
    "humidity": ("humidity", "%"),
    "battery": ("battery", "%"),
    "pm25": ("pm25", "µg/m³"),
    "pm10": ("pm10", "µg/m³"),
    "laeq": ("sound_pressure", "dBA"),
    "residual_current": ("current", "A"),
    "water_level": ("distance", "m"),
    "co": ("carbon_monoxide", "ppm"),
    "open": ("door", None),
    "pressed": ("safety", None),
    "blocked": ("motion", None),
    "water": ("moisture", None),
}
"""Quantity -> device class and unit; None: an entity of two states."""
_FACTORS = {"residual_current": 0.001, "water_level": 0.01}


class HomeAssistant:
    """A device such as ESPHome makes; `name` is its node id."""

    asked = None

    def __init__(self, who: Who) -> None:
        self._who = who
        self._name = who.name
        self._root = f"boards/{who.name}"

    def born(self, link: Link) -> list[Publication]:
        """What it has, and that it is there."""
        quantities = (*KINDS[self._who.sensor.kind], "battery")
        return [*(self._found(one) for one in quantities), self._availability("online")]

    def gone(self, link: Link) -> Publication:
        """Kept by the broker."""
        return self._availability("offline")

    def _availability(self, state: str) -> Publication:
        return Publication(f"{self._root}/status", state.encode(), retain=True)

    def _found(self, quantity: str) -> Publication:
        kind, unit = _CLASSES.get(quantity, (None, QUANTITIES[quantity].unit))
        two_states = QUANTITIES[quantity].unit == "1"
        body: dict[str, Any] = {
            "name": quantity,
            "unique_id": f"{self._name}_{quantity}",
            "object_id": quantity,
            "state_topic": f"{self._root}/state",
            "value_template": "{{ value_json." + quantity + " }}",
            "availability_topic": f"{self._root}/status",
            "device": {"identifiers": [self._name], "name": self._who.id, "manufacturer": "simulated"},
        }
        if kind is not None:
            body["device_class"] = kind
        if two_states:
            body |= {"payload_on": "ON", "payload_off": "OFF"}
        else:
            body |= {"unit_of_measurement": unit, "state_class": "measurement"}
        component = "binary_sensor" if two_states else "sensor"
        topic = f"homeassistant/{component}/{self._name}/{quantity}/config"
        return Publication(topic, as_json(body), retain=True)

    def measured(self, sample: Sample) -> list[Publication]:
        """All values in one object."""
        body = {name: _told(name, value) for name, value in sample.values.items()}
        return [Publication(f"{self._root}/state", as_json(body))]


def _told(quantity: str, value: float) -> float | str:
    if QUANTITIES[quantity].unit == "1":
        return "ON" if value else "OFF"
    return round(value * _FACTORS.get(quantity, 1), 6)
