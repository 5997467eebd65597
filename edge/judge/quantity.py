"""One rule of a sensor over one reading, over the time alone, and over a reset. Pure."""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

from devices.site.sensor_rules import AnyRule, CountRule, LevelsRule, StuckRule
from edge.judge.case import Turn
from edge.judge.level import Asked, Level, Trace, settle
from edge.judge.level import reset as reset_level
from edge.judge.measures import MEASURES, by_time
from edge.judge.measures import due as due_by_trace


def judge(
    rule: AnyRule,
    level: Level,
    value: float,
    at: float,
    new_id: Callable[[], UUID],
    *,
    newest: float | None = None,
    opens: bool = True,
    quiet: bool = False,
) -> tuple[Level, Turn | None]:
    """One reading, taken at `at`: what the rule remembers now, and the turn it took, if any.

    Args:
        rule: with its limits in the unit of `value`.
        level: what it remembered.
        value: of the rule's quantity.
        at: monotonic seconds.
        new_id: of a case that opens.
        newest: of a late reading, when the latest one was taken that was judged before.
        opens: it may open a case now.
        quiet: it is within the rule's quiet hours.

    """
    before = level.trace
    if not opens and level.case is None and isinstance(rule, LevelsRule | CountRule) and before.marks:
        before = Trace(last=before.last)
    trace, found = MEASURES[type(rule)](rule, before, value, at, newest)
    if found is None or (
        # Most readings: nothing is open and nothing is about to be.
        not found.past and level.case is None and level.past_since is None and trace is level.trace
    ):
        return level, None
    hold, clear_hold = holds(rule)
    asked = Asked(rule.quantity, rule.severity, hold, clear_hold, rule.latch, opens, quiet)
    return settle(asked, level, trace, found, at if newest is None else newest, new_id)


def wake(
    rule: AnyRule,
    level: Level,
    at: float,
    new_id: Callable[[], UUID],
    *,
    opens: bool = True,
    quiet: bool = False,
) -> tuple[Level, Turn | None]:
    """The same when no reading came."""
    found = by_time(rule, level.trace, at)
    if found is None:
        return level, None
    hold, clear_hold = holds(rule)
    asked = Asked(rule.quantity, rule.severity, hold, clear_hold, rule.latch, opens, quiet)
    return settle(asked, level, level.trace, found, at, new_id)


def due(rule: AnyRule, level: Level) -> float | None:
    """When to `wake` the rule; None: only a reading can change anything."""
    if rule.kind not in ("state", "count"):
        return None
    hold, clear_hold = holds(rule)
    if level.case is None:
        return None if level.past_since is None else level.past_since + hold
    if level.back_since is not None:
        return None if rule.latch else level.back_since + clear_hold
    return due_by_trace(rule, level.trace, is_open=True)


def reset(rule: AnyRule, level: Level, at: float) -> tuple[Level, Turn | None]:
    """Somebody resets the rule's latched case. What is not over yet stays."""
    return reset_level(level, holds(rule)[1], at) if rule.latch else (level, None)


def holds(rule: AnyRule) -> tuple[float, float]:
    """Seconds before it opens and clears; kinds that wait by themselves have none."""
    if isinstance(rule, _WAITING):
        return 0.0, 0.0
    return 0.0 if isinstance(rule, CountRule) else rule.hold, rule.clear_hold


_WAITING = (LevelsRule, StuckRule)
