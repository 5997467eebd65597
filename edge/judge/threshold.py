"""The rule for a quantity: past its limit for a time opens, back past `clear` for a time clears."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from uuid import UUID

from devices.messages import Change, ConditionState
from devices.site.model import ThresholdRule
from edge.judge.case import REOPEN, Case, Turn, turn


@dataclass(frozen=True, slots=True)
class Level:
    """What one threshold rule remembers between two readings. Times are monotonic seconds."""

    case: Case | None = None
    past_since: float | None = None
    """Since when the value is past the limit, while that has not yet opened a case."""
    back_since: float | None = None
    """Since when the value is back past `clear`, while that has not yet cleared the case."""
    last: UUID | None = None
    """The case that was cleared last."""
    last_at: float | None = None
    """When that was."""


def judge(
    rule: ThresholdRule, level: Level, value: float, at: float, new_id: Callable[[], UUID]
) -> tuple[Level, Turn | None]:
    """One reading: what the rule remembers now, and the turn it took, if any."""
    if level.case is None:
        if not _past(rule, value):
            return replace(level, past_since=None), None
        since = at if level.past_since is None else level.past_since
        if at - since < rule.hold:
            return replace(level, past_since=since), None
        case = Case(
            new_id(),
            0,
            ConditionState.OPEN,
            since,
            False,
            rule.quantity,
            1.0,
            value=value,
            reopens=level.last if level.last_at is not None and since - level.last_at <= REOPEN else None,
        )
        opened = turn(case, Change.OPENED, at)
        return Level(case=opened.case), opened
    if not _back(rule, value):
        return replace(level, back_since=None), None
    since = at if level.back_since is None else level.back_since
    if at - since < rule.clear_hold:
        return replace(level, back_since=since), None
    cleared = turn(replace(level.case, value=value), Change.CLEARED, at)
    return Level(last=level.case.id, last_at=at), cleared


def limit(rule: ThresholdRule) -> float:
    """The value that opens a case."""
    value = rule.above if rule.above is not None else rule.below
    assert value is not None
    return value


def _past(rule: ThresholdRule, value: float) -> bool:
    return value > limit(rule) if rule.above is not None else value < limit(rule)


def _back(rule: ThresholdRule, value: float) -> bool:
    return value <= rule.clear if rule.above is not None else value >= rule.clear
