"""What the rules of sensors decide, as the messages that say it."""

from __future__ import annotations

from datetime import timedelta

from devices.messages import Condition, Measured, Severity
from edge.judge.sensors import Told


def condition_of(told: Told, node: str) -> Condition:
    """A turn of a sensor's rule as `node` tells it."""
    duty, turn, moment, unit = told
    case, rule = turn.case, duty.rule
    assert case.value is not None
    assert case.limit is not None
    return Condition(
        condition_id=case.id,
        rev=case.rev,
        change=turn.change,
        state=case.state,
        node=node,
        point=duty.point.id,
        device=duty.sensor.id,
        rule=rule.id,
        place=duty.place,
        event_class=rule.event_class,
        label=case.label,
        score=case.score,
        severity=Severity.LOW if case.quiet else case.severity or rule.severity,
        since=moment - timedelta(seconds=turn.at - case.since),
        changed_at=moment,
        measured=Measured(quantity=rule.quantity, value=case.value, unit=unit, limit=case.limit),
        reopens=case.reopens,
    )
