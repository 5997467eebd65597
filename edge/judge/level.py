"""The life of a sensor's condition: hysteresis and debounce both ways, one place for rules of every kind.

What a reading means is up to the kind (`edge.judge.measures`), which answers with a `Finding`. Past the limit
for `hold` opens, back for `clear_hold` clears; between the two nothing changes. Times are monotonic seconds.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import NamedTuple
from uuid import UUID

from devices.messages import Change, ConditionState, Severity
from edge.judge.case import REOPEN, Case, Turn, turn


@dataclass(frozen=True, slots=True)
class Trace:
    """What a kind of rule remembers of the readings before; which numbers these are is its own affair."""

    marks: tuple[tuple[float, ...], ...] = ()
    """The first number of each is a time, the others are none."""
    last: float | None = None
    """A value."""


NO_TRACE = Trace()


@dataclass(frozen=True, slots=True)
class Level:
    """What one rule remembers between two readings."""

    case: Case | None = None
    past_since: float | None = None
    """Since when the value is past the limit, while that has not yet opened a case."""
    back_since: float | None = None
    """Since when the value is back past `clear`, while that has not yet cleared the case."""
    last: UUID | None = None
    """The case that was cleared last."""
    last_at: float | None = None
    """When that was."""
    trace: Trace = NO_TRACE


BLANK = Level()


class Finding(NamedTuple):
    """What a reading, or the time alone, says of a rule."""

    past: bool
    """It is so."""
    back: bool
    """It is so no more; what is neither lies between."""
    value: float
    """What was held against the limit."""
    limit: float
    since: float | None = None
    """When that began, where the kind itself knows."""
    severity: Severity | None = None
    """None: the rule's."""


class Asked(NamedTuple):
    """What settles a finding beside the finding itself."""

    label: str
    severity: Severity
    hold: float = 0.0
    clear_hold: float = 0.0
    latch: bool = False
    opens: bool = True
    """Nothing opens while it is outside its hours, inhibited or worked on."""
    quiet: bool = False
    """It is within quiet hours."""


def settle(
    asked: Asked, level: Level, trace: Trace, found: Finding, at: float, new_id: Callable[[], UUID]
) -> tuple[Level, Turn | None]:
    """The level after one finding, and the turn that its case took, if any."""
    case = level.case
    if case is None:
        if not (found.past and asked.opens):
            if level.past_since is None and trace is level.trace:
                return level, None
            return Level(None, None, None, level.last, level.last_at, trace), None
        began = at if level.past_since is None else level.past_since
        if at - began < asked.hold:
            if level.past_since is None or trace is not level.trace:
                level = replace(level, past_since=began, trace=trace)
            return level, None
        return _opened(asked, level, trace, found, began if found.since is None else found.since, at, new_id)
    if not found.back:
        if level.back_since is not None or trace is not level.trace:
            level = replace(level, back_since=None, trace=trace)
        return _changed(asked, level, case, found, at)
    began = at if level.back_since is None else level.back_since
    if at - began < asked.clear_hold or asked.latch:
        if level.back_since is None or trace is not level.trace:
            level = replace(level, back_since=began, trace=trace)
        return level, None
    limit = found.limit if case.limit is None else case.limit
    return cleared(replace(level, trace=trace), replace(case, value=found.value, limit=limit), at)


def cleared(level: Level, case: Case, at: float) -> tuple[Level, Turn]:
    """The level whose case is over."""
    return Level(last=case.id, last_at=at, trace=level.trace), turn(case, Change.CLEARED, at)


def reset(level: Level, clear_hold: float, at: float) -> tuple[Level, Turn | None]:
    """Somebody resets a latched case: it is over when its value has been back for long enough."""
    if level.case is None or level.back_since is None or at - level.back_since < clear_hold:
        return level, None
    return cleared(level, level.case, at)


def loud(level: Level, at: float) -> tuple[Level, Turn | None]:
    """The quiet hours in which the case opened are over: from now on it is as bad as it is."""
    if level.case is None or not level.case.quiet:
        return level, None
    told = turn(replace(level.case, quiet=False), Change.UPDATED, at)
    return replace(level, case=told.case), told


def _opened(
    asked: Asked,
    level: Level,
    trace: Trace,
    found: Finding,
    since: float,
    at: float,
    new_id: Callable[[], UUID],
) -> tuple[Level, Turn]:
    case = Case(
        new_id(),
        0,
        ConditionState.OPEN,
        since,
        False,
        asked.label,
        1.0,
        value=found.value,
        limit=found.limit,
        severity=found.severity,
        quiet=_may_be_quiet(asked, found),
        reopens=level.last if level.last_at is not None and since - level.last_at <= REOPEN else None,
    )
    told = turn(case, Change.OPENED, at)
    return Level(case=told.case, trace=trace), told


def _changed(asked: Asked, level: Level, case: Case, found: Finding, at: float) -> tuple[Level, Turn | None]:
    """The case that goes on: it may have become worse or better."""
    quiet = case.quiet and _may_be_quiet(asked, found)
    if found.severity is case.severity and quiet is case.quiet:
        return level, None
    case = replace(case, severity=found.severity, quiet=quiet, value=found.value, limit=found.limit)
    told = turn(case, Change.UPDATED, at)
    return replace(level, case=told.case), told


def _may_be_quiet(asked: Asked, found: Finding) -> bool:
    return asked.quiet and (found.severity or asked.severity) is not Severity.CRITICAL
