"""For each rule of a sensor what must raise it and clear it again, and what looks like it and must not.

An incident goes clearly past the limit and lasts clearly longer than the rule waits. A near miss stays under
the limit (cooking haze, a puddle), or passes it for less than half of the wait (a lorry beside the bay, a
door that is opened and shut). `truth` says of the very values that come out which rules are met, and when.
"""

from __future__ import annotations

from devices.sensors.quantities import QUANTITIES
from devices.site.rule_units import in_own_unit
from devices.site.sensor_rules import (
    AnyRule,
    CountRule,
    LevelsRule,
    Limits,
    RateRule,
    StateRule,
    StuckRule,
    WindowRule,
)
from simulators.sensors.scenario import Happening

NOTICE_S = 30.0
"""How much longer than the rule's wait an incident lasts."""
_HAZE_S = 300.0
_RISE_S = 20.0
_BRIEF = frozenset({"open", "pressed", "blocked", "field_change", "tilt", "displacement", "laeq", "water"})
"""What is near a miss of these is brief; of the others, weak."""
_PASSING_S = 10.0
"""A wait shorter than this leaves no room for what is brief."""


def incident(sensor: str, rule: AnyRule, start: float, normal: float) -> tuple[Happening, ...]:
    """What raises `rule` and lets it clear; nothing where no script can (a frozen value is a fault).

    Args:
        sensor: its id.
        rule: one of its rules.
        start: scenario second.
        normal: the quantity's undisturbed value about then, in its own unit.

    """
    rule = in_own_unit(rule)
    name = rule.quantity
    if isinstance(rule, StuckRule) or (isinstance(rule, WindowRule) and rule.of == "growth"):
        return ()
    if isinstance(rule, CountRule):
        return _pulses(sensor, rule, start, rule.count)
    if isinstance(rule, StateRule):
        return (Happening(sensor, name, start, rule.hold + NOTICE_S, rule.equals),)
    if isinstance(rule, RateRule):
        up = 1.6 * rule.limit * (1 if rule.rises is not None else -1)
        rise, stays = rule.within / 4, rule.hold + rule.within + NOTICE_S
        return (Happening(sensor, name, start, stays, _possible(name, normal + up), rise, rise),)
    level = _past(name, rule.levels[-1] if isinstance(rule, LevelsRule) else rule)
    wait = rule.hold + (rule.within if isinstance(rule, WindowRule) else 0.0)
    rise = 0.0 if name in _BRIEF else _RISE_S
    return (Happening(sensor, name, start, wait + NOTICE_S, level, rise, rise),)


def near_miss(sensor: str, rule: AnyRule, start: float, normal: float) -> tuple[Happening, ...]:
    """What looks like an incident and must not raise `rule`; nothing where every sign counts (a call)."""
    rule = in_own_unit(rule)
    name = rule.quantity
    if isinstance(rule, StuckRule) or (isinstance(rule, WindowRule) and rule.of == "growth"):
        return ()
    if isinstance(rule, CountRule):
        return _pulses(sensor, rule, start, rule.count - 1)
    if isinstance(rule, RateRule):
        up = 0.5 * rule.limit * (1 if rule.rises is not None else -1)
        return (
            Happening(sensor, name, start, rule.within, _possible(name, normal + up), rule.within / 2, 60.0),
        )
    wait = rule.hold + (rule.within if isinstance(rule, WindowRule) else 0.0)
    if isinstance(rule, StateRule):
        brief = (Happening(sensor, name, start, 0.3 * wait, rule.equals),)
        return brief if wait >= _PASSING_S else ()
    limits = rule.levels[0] if isinstance(rule, LevelsRule) else rule
    if rule.of == "mean" if isinstance(rule, WindowRule) else name in _BRIEF:
        brief = (Happening(sensor, name, start, 0.25 * wait, _past(name, limits)),)
        return brief if wait >= _PASSING_S else ()
    level = limits.clear + 0.6 * (limits.limit - limits.clear)
    return (Happening(sensor, name, start, _HAZE_S, level, _RISE_S, _RISE_S),)


def _pulses(sensor: str, rule: CountRule, start: float, count: int) -> tuple[Happening, ...]:
    apart = rule.within / (rule.count + 1)
    level = rule.equals
    if level is None:
        up = rule.above is not None
        limit = rule.above if rule.above is not None else rule.below
        assert limit is not None
        level = _possible(rule.quantity, limit + max(1.0, abs(limit) / 4) * (1 if up else -1))
    return tuple(
        Happening(sensor, rule.quantity, start + at * apart, min(5.0, apart / 2), level)
        for at in range(count)
    )


def _past(quantity: str, limits: Limits) -> float:
    """Clearly past the limit, and possible; of two states the other one."""
    limit, away = limits.limit, abs(limits.limit - limits.clear)
    two_states = quantity in QUANTITIES and QUANTITIES[quantity].unit == "1"
    beyond = 1.0 if two_states else max(0.3 * abs(limit), 1.5 * away)
    return _possible(quantity, limit + (beyond if limits.above is not None else -beyond))


def _possible(quantity: str, value: float) -> float:
    known = QUANTITIES.get(quantity)
    return value if known is None else min(known.highest, max(known.lowest, value))
