"""A sensor's rule with its limits in the quantity's own unit."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from devices.sensors.quantities import normalise
from devices.site.sensor_rules import AnyRule, LevelsRule, StateRule, WindowRule


def in_own_unit(rule: AnyRule) -> AnyRule:
    """The rule with its limits in the quantity's own unit."""
    if rule.unit is None:
        return rule
    return rule.model_copy(update=dict(_converted(rule, rule.quantity, rule.unit)) | {"unit": None})


def _converted(rule: AnyRule, quantity: str, unit: str) -> Iterator[tuple[str, Any]]:
    grows = isinstance(rule, WindowRule) and rule.of == "growth"
    for name in () if grows else rule.LIMITS:
        if (value := getattr(rule, name)) is not None:
            yield name, _own(quantity, value, unit)
    for name in rule.LIMITS if grows else rule.SPANS:
        if (value := getattr(rule, name)) is not None:
            yield name, round(_own(quantity, value, unit) - _own(quantity, 0.0, unit), 9)
    if isinstance(rule, LevelsRule):
        names = ("above", "below", "clear")
        yield (
            "levels",
            tuple(
                rung.model_copy(
                    update={
                        name: _own(quantity, getattr(rung, name), unit)
                        for name in names
                        if getattr(rung, name) is not None
                    }
                )
                for rung in rule.levels
            ),
        )
    if isinstance(rule, StateRule):
        yield "equals", _own(quantity, rule.equals, unit)
    if isinstance(rule, WindowRule) and rule.wraps_at is not None:
        yield "wraps_at", _own(quantity, rule.wraps_at, unit)


def _own(quantity: str, value: float, unit: str) -> float:
    return normalise(quantity, value, unit)[0]
