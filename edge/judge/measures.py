"""What one reading says, by the kind of rule: each a pure function with a memory of its own (`Trace`).

A late reading (taken before one that was judged already) says how it was, not how it is: it counts in a
window and among what is counted, and nowhere else.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from devices.sensors.quantities import SOUND_LEVELS
from devices.site.sensor_rules import (
    AnyRule,
    CountRule,
    LevelsRule,
    RateRule,
    StateRule,
    StuckRule,
    ThresholdRule,
    WindowRule,
)
from edge.judge import window
from edge.judge.level import Finding, Trace

Measure = Callable[[Any, Trace, float, float, float | None], tuple[Trace, Finding | None]]
"""Rule, trace, value, its time, the newest one of a late reading -> the trace after it, and what it says."""
_OFF, _COMING, _ON, _GOING = 0.0, 1.0, 2.0, 3.0
"""Of one level: not reached; reached, but not for long enough; reached; left, but not for long enough."""


def threshold(
    rule: ThresholdRule, trace: Trace, value: float, at: float, newest: float | None
) -> tuple[Trace, Finding | None]:
    """The value itself."""
    if newest is not None:
        return trace, None
    return trace, Finding(rule.past(value), rule.back(value), value, rule.limit)


def levels(
    rule: LevelsRule, trace: Trace, value: float, at: float, newest: float | None
) -> tuple[Trace, Finding | None]:
    """Each level is reached and left by itself; the worst that is reached counts. A mark: (since, step)."""
    if newest is not None:
        return trace, None
    marks = trace.marks or ((at, _OFF),) * len(rule.levels)
    after, reached, since = [], -1, at
    for number, (one, (began, step)) in enumerate(zip(rule.levels, marks, strict=False)):
        if step in (_OFF, _COMING):
            wanted, hold, waits, done = one.past(value), rule.hold, _COMING, _ON
        else:
            wanted, hold, waits, done = one.back(value), rule.clear_hold, _GOING, _OFF
        if not wanted:
            step = _OFF if step in (_OFF, _COMING) else _ON
        else:
            began = began if step == waits else at
            step = done if at - began >= hold else waits
        after.append((began, step))
        if step in (_ON, _GOING):
            reached, since = number, began if reached < 0 else min(since, began)
    marks = tuple(after)
    if marks != trace.marks:
        trace = Trace(marks)
    if reached < 0:
        return trace, Finding(False, True, value, rule.levels[0].limit)
    worst = rule.levels[reached]
    return trace, Finding(True, False, value, worst.limit, since, worst.severity)


def rate(
    rule: RateRule, trace: Trace, value: float, at: float, newest: float | None
) -> tuple[Trace, Finding | None]:
    """How far the newest value lies from the extreme of the window."""
    now = value if newest is None or trace.last is None else trace.last
    cells = window.put(trace.marks, value, at, rule.within)
    change = now - window.lowest(cells) if rule.rises is not None else window.highest(cells) - now
    return Trace(cells, now), Finding(change > rule.limit, change <= rule.least, change, rule.limit)


def state(
    rule: StateRule, trace: Trace, value: float, at: float, newest: float | None
) -> tuple[Trace, Finding | None]:
    """The value goes on until the next one comes."""
    if newest is not None:
        return trace, None
    if value != trace.last:
        trace = Trace(last=value)
    return trace, _state(rule, value)


def count(
    rule: CountRule, trace: Trace, value: float, at: float, newest: float | None
) -> tuple[Trace, Finding | None]:
    """Of what is counted, the times of the last ones; as many as decide."""
    marks, late = trace.marks, newest is not None
    counts = rule.counts(value)
    if counts and (rule.each or not (late or (trace.last is not None and rule.counts(trace.last)))):
        marks = tuple(sorted((*marks, (at,)))) if late else (*marks, (at,))
    marks = marks[-rule.count :]
    last = trace.last if late else value
    if marks != trace.marks or last != trace.last:
        trace = Trace(marks, last)
    return trace, _count(rule, trace, at if newest is None else newest)


def windowed(
    rule: WindowRule, trace: Trace, value: float, at: float, newest: float | None
) -> tuple[Trace, Finding | None]:
    """The mean (of levels of sound that of their energy), an extreme, or the growth of a counter."""
    last = None
    if rule.of == "growth":
        if newest is not None:
            return trace, None
        last, value = value, _grown(rule, trace.last, value)
    energetic = rule.of == "mean" and rule.quantity in SOUND_LEVELS
    cells = window.put(trace.marks, _energy(value) if energetic else value, at, rule.within)
    told = _OF[rule.of](cells)
    if energetic:
        told = 10.0 * math.log10(max(told, _energy(-200.0)))
    past = rule.past(told) and window.span(cells) >= rule.span
    return Trace(cells, last), Finding(past, rule.back(told), told, rule.limit)


def stuck(
    rule: StuckRule, trace: Trace, value: float, at: float, newest: float | None
) -> tuple[Trace, Finding | None]:
    """Since when the value has not moved: one mark."""
    if newest is not None:
        return trace, None
    if trace.last is None or abs(value - trace.last) > rule.by:
        trace = Trace(((at,),), value)
    since = trace.marks[0][0]
    still = at - since >= rule.hold
    return trace, Finding(still, at == since, at - since, rule.hold, since)


MEASURES: dict[type[AnyRule], Measure] = {
    ThresholdRule: threshold,
    LevelsRule: levels,
    RateRule: rate,
    StateRule: state,
    CountRule: count,
    WindowRule: windowed,
    StuckRule: stuck,
}


def by_time(rule: AnyRule, trace: Trace, at: float) -> Finding | None:
    """What the time alone says, without a reading; None: nothing."""
    if isinstance(rule, StateRule) and trace.last is not None:
        return _state(rule, trace.last)
    if isinstance(rule, CountRule):
        return _count(rule, trace, at)
    return None


def due(rule: AnyRule, trace: Trace, *, is_open: bool) -> float | None:
    """When the time alone may change what a rule finds; None: never."""
    if isinstance(rule, CountRule) and is_open and len(trace.marks) >= rule.least:
        return trace.marks[-rule.least][0] + rule.within
    return None


def _state(rule: StateRule, value: float) -> Finding:
    there = value == rule.equals
    return Finding(there, not there, value, rule.equals)


def _count(rule: CountRule, trace: Trace, at: float) -> Finding:
    oldest = at - rule.within
    there = [mark for (mark,) in trace.marks if mark >= oldest]
    since = there[0] if there else at
    return Finding(len(there) >= rule.count, len(there) < rule.least, len(there), rule.count, since)


def _energy(level: float) -> float:
    """Of a level in dB, in units of that of 0 dB; no level that is one lies beyond the bounds."""
    return float(10.0 ** (min(max(level, -200.0), 300.0) / 10.0))


def _grown(rule: WindowRule, before: float | None, value: float) -> float:
    """By how much a counter grew. One that fell began anew: at 0, or at its end."""
    if before is None:
        return 0.0
    if value >= before:
        return value - before
    if rule.wraps_at is not None and value < rule.wraps_at / 2 <= before:
        return value + rule.wraps_at - before
    return value


_OF: dict[str, Callable[[window.Cells], float]] = {
    "mean": window.mean,
    "max": window.highest,
    "min": window.lowest,
    "growth": window.total,
}
