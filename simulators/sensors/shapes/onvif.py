"""Events as a device of ONVIF Profile M publishes them over MQTT (Core specification, event broker).

Its topic is prefix, `onvif-ej`, the event's topic without ONVIF's namespace, and the values of its source.
Two states come from a digital input; a temperature from a thermal camera's radiometry, in kelvin;
any other value from a counting rule.
"""

from __future__ import annotations

from typing import Any

from devices.sensors.quantities import KINDS, QUANTITIES
from simulators.sensors.shapes.speech import Link, Publication, Sample, Who, as_json, rfc3339

_KELVIN = 273.15


class Onvif:
    """A device with event broker; `name` is its topic prefix. Each quantity is an event of its own."""

    asked = None

    def __init__(self, who: Who) -> None:
        self._prefix = who.name
        self._input = KINDS[who.sensor.kind][0]
        """What the digital input is wired to, where that has two states."""

    def born(self, link: Link) -> list[Publication]:
        """Its connection state, which the specification lets it publish, is left out here."""
        return []

    def gone(self, link: Link) -> None:
        """See `born`."""

    def measured(self, sample: Sample) -> list[Publication]:
        """One event for each quantity; such a device runs on mains and has no battery."""
        return [
            self._event(quantity, value, rfc3339(sample.taken_at))
            for quantity, value in sample.values.items()
            if quantity != "battery"
        ]

    def _event(self, quantity: str, value: float, at: str) -> Publication:
        topic, source, data = self._said(quantity, value)
        path = "/".join([self._prefix, "onvif-ej", topic, *(f"&{one}" for one in source.values())])
        return Publication(path, as_json({"UtcTime": at, "Source": source, "Data": data}))

    def _said(self, quantity: str, value: float) -> tuple[str, dict[str, str], dict[str, Any]]:
        if quantity == self._input and QUANTITIES[quantity].unit == "1":
            return "Device/Trigger/DigitalInput", {"InputToken": "1"}, {"LogicalState": value > 0}
        if quantity == "temperature":
            kelvin = round(value + _KELVIN, 2)
            return "RuleEngine/Radiometry/TemperatureAlarm", {"RuleName": "spot"}, {
                "AlarmActive": value > 60, "TemperatureReading": kelvin,
            }  # fmt: skip
        return "RuleEngine/CountAggregation/Counter", {"Rule": quantity}, {"Count": value}
