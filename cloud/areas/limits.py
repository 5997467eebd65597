"""The limits of a sensor's rules, as charts draw them. Pure."""

from __future__ import annotations

from typing import Any

from devices.site.model import Sensor
from devices.site.rule_units import in_own_unit
from devices.site.sensor_rules import LevelsRule, Limits, ThresholdRule


def limits_of(sensor: Sensor) -> list[dict[str, Any]]:
    """Of each limit: quantity, the value in the quantity's own unit, on which side it is bad, and how bad."""
    found = []
    for given in sensor.rules:
        rule = in_own_unit(given)
        steps: list[tuple[Limits, str]] = []
        if isinstance(rule, ThresholdRule):
            steps = [(rule, rule.severity)]
        elif isinstance(rule, LevelsRule):
            steps = [(step, step.severity) for step in rule.levels]
        found += [
            {
                "quantity": rule.quantity,
                "value": step.limit,
                "side": "below" if step.above is None else "above",
                "severity": str(severity),
            }
            for step, severity in steps
        ]
    return found
