"""The rules by which a sensor is judged for which the site gives none."""

from __future__ import annotations

from functools import cache

from pydantic import TypeAdapter

from devices.sensors.kinds import default_rules
from devices.site.sensor_rules import AnyRule, QuantityRule

_RULE: TypeAdapter[AnyRule] = TypeAdapter(QuantityRule)


@cache
def usual_rules(kind: str, codes: frozenset[str]) -> tuple[AnyRule, ...]:
    """Those of its kind whose event class is among the site's `codes`."""
    return tuple(map(_RULE.validate_python, default_rules(kind, codes)))
