"""What is true of a sensor's rules by its values alone: a plain model, second by second, without messages.

It shares no code with `edge.judge`; so a day of readings can be held against it.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from devices.site.rule_units import in_own_unit
from devices.site.sensor_rules import (
    AnyRule,
    CountRule,
    LevelsRule,
    RateRule,
    StateRule,
    StuckRule,
    WindowRule,
)

Signal = Callable[[float], float]
"""Scenario second -> value in the quantity's own unit."""


@dataclass(frozen=True, slots=True)
class Span:
    """A rule is met from one second to another."""

    opens: float
    clears: float | None
    """None: it is still met at the end, or latched."""


def spans(
    rule: AnyRule,
    signal: Signal,
    begin: float,
    end: float,
    allowed: Callable[[float], bool] = lambda _: True,
) -> list[Span]:
    """When `rule` is met between two scenario seconds, by the value at each full second of that time.

    Args:
        rule: of one sensor.
        signal: of its quantity.
        begin: first second; nothing is known of what was before it.
        end: last second.
        allowed: whether the rule's schedule lets it open just then.

    """
    rule = in_own_unit(rule)
    seconds = [begin + at for at in range(int(end - begin) + 1)]
    values = [signal(second) for second in seconds]
    found: list[Span] = []
    opened: float | None = None
    past_for = back_for = -1.0
    for at, second in enumerate(seconds):
        past, back = _state(rule, values, at)
        past_for, back_for = (past_for + 1 if past else -1.0), (back_for + 1 if back else -1.0)
        if opened is None:
            if past and past_for >= getattr(rule, "hold", 0.0) and allowed(second):
                opened, back_for = second, -1.0
        elif back and back_for >= getattr(rule, "clear_hold", 0.0) and not rule.latch:
            found.append(Span(opened, second))
            opened, past_for = None, -1.0
    return found if opened is None else [*found, Span(opened, None)]


def _state(rule: AnyRule, values: Sequence[float], at: int) -> tuple[bool, bool]:
    """Whether the value at second `at` is past the rule's limit, and whether it is back."""
    value = values[at]
    if isinstance(rule, StateRule):
        return value == rule.equals, value != rule.equals
    if isinstance(rule, LevelsRule):
        return rule.levels[0].past(value), rule.levels[0].back(value)
    if isinstance(rule, CountRule):
        count = _begun(rule, values, at)
        return count >= rule.count, count < rule.least
    if isinstance(rule, RateRule):
        window = _window(values, at, rule.within)
        change = value - min(window) if rule.rises is not None else max(window) - value
        return change > rule.limit, change <= rule.least
    if isinstance(rule, WindowRule):
        window = _window(values, at, rule.within)
        mean = _level(window) if rule.quantity == "laeq" else sum(window) / len(window)
        of = {"mean": mean, "max": max(window), "min": min(window)}[rule.of]
        return rule.past(of) and len(window) > rule.span, rule.back(of)
    if isinstance(rule, StuckRule):
        window = _window(values, at, rule.hold)
        still = len(window) > rule.hold and max(window) - min(window) <= rule.by
        return still, not still
    return rule.past(value), rule.back(value)


def _window(values: Sequence[float], at: int, within: float) -> Sequence[float]:
    return values[max(0, at - int(within)) : at + 1]


def _level(levels: Sequence[float]) -> float:
    """The equivalent level of so many seconds, dB."""
    return 10 * math.log10(sum(10 ** (level / 10) for level in levels) / len(levels))


def _begun(rule: CountRule, values: Sequence[float], at: int) -> int:
    first = max(0, at - int(rule.within) + 1)
    return sum(
        rule.counts(values[one]) and (one == 0 or not rule.counts(values[one - 1]))
        for one in range(first, at + 1)
    )
