"""A sensor that says nothing: seconds of listening without a word are counted, whatever the clocks say. Pure.

`Trace.last` holds them. While nobody listens (the node or the broker was away) or somebody knows why it is
silent, nothing is counted, and afterwards it has `GRACE` to say something before it is missed.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from uuid import UUID

from devices.site.sensor_rules import SilenceRule
from edge.judge.case import Turn
from edge.judge.level import Asked, Finding, Level, Trace, cleared, settle

GRACE = 300.0
"""Seconds in which devices find their way back to a broker: their pauses grow to a minute or a few."""


def heard(level: Level, at: float) -> tuple[Level, Turn | None]:
    """It said something."""
    level = replace(level, trace=Trace(last=0.0)) if level.trace.last else level
    return (level, None) if level.case is None else cleared(level, level.case, at)


def listened(
    rule: SilenceRule,
    level: Level,
    seconds: float,
    at: float,
    new_id: Callable[[], UUID],
) -> tuple[Level, Turn | None]:
    """It was listened to for so many seconds more, until `at`, and said nothing."""
    silent = (level.trace.last or 0.0) + seconds
    found = Finding(silent >= rule.after, False, silent, rule.after, at - silent)
    return settle(Asked(rule.quantity, rule.severity), level, Trace(last=silent), found, at, new_id)


def paused(rule: SilenceRule, level: Level) -> Level:
    """Nobody listened, or it is known why it is silent."""
    most = max(0.0, rule.after - GRACE)
    if level.case is not None or (level.trace.last or 0.0) <= most:
        return level
    return replace(level, trace=Trace(last=most))
