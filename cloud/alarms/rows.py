"""A condition as a row of the table `alarm`, and back."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Integer, case, cast, func, null, or_
from sqlalchemy.dialects.postgresql import insert

from cloud.alarms.asides import Aside
from cloud.alarms.store import aside_values
from cloud.database.schema import alarm
from cloud.incidents.store import Key
from devices.messages import Change, Condition, ConditionState


def alarm_row(
    condition: Condition,
    incident_id: UUID | None,
    key: Key,
    aside: Aside | None,
    began: datetime,
    now: datetime,
) -> dict[str, Any]:
    """What a revision of a condition makes of its alarm, aside or not."""
    cleared = condition.state is ConditionState.CLEARED
    return {
        "id": condition.condition_id,
        "incident_id": incident_id,
        "version": 1,
        "rev": condition.rev,
        "state": condition.state,
        "node": condition.node,
        "point": condition.point,
        "device": condition.device,
        "zone": condition.zone,
        "rule": condition.rule,
        "place": key[0],
        "event_class": key[1],
        "label": condition.label,
        "score": condition.score,
        "severity": condition.severity,
        "since": condition.since,
        "at_least": condition.at_least,
        "box": condition.box,
        "outline": condition.outline,
        "count": condition.count,
        "count_error": condition.count_error,
        "suspected": condition.suspected,
        "measured": condition.measured.model_dump() if condition.measured else None,
        "reopens": condition.reopens,
        "ended": condition.ended,
        "hints": [str(hint) for hint in condition.hints],
        "no_clip": condition.no_clip,
        "parts": [part.model_dump(mode="json") for part in condition.parts],
        "opened_at": began,
        "changed_at": condition.changed_at,
        "cleared_at": condition.changed_at if cleared else None,
        "received_at": now,
        **aside_values(aside),
        "aside_at_opening": aside.state if aside else None,
    }


def condition_of(row: Any) -> Condition:
    """The condition that a row of `alarm` was made of, as of its last revision."""
    values = {name: getattr(row, name) for name in Condition.model_fields if hasattr(row, name)}
    change = Change.CLEARED if row.state == ConditionState.CLEARED else Change.OPENED
    return Condition.model_validate(values | {"condition_id": row.id, "change": change})


_KEPT = {
    "id", "incident_id", "version", "place", "event_class", "node", "point", "opened_at", "reopens",
    "aside_at_opening",
}  # fmt: skip
_INSERT = insert(alarm)
_NEW = _INSERT.excluded
_TURNED = (_NEW.state == ConditionState.CLEARED) != (alarm.c.state == ConditionState.CLEARED)
_MOVED = _NEW.aside.is_distinct_from(alarm.c.aside)
_BACK = alarm.c.aside.is_not(None) & _NEW.aside.is_(None)
"""What comes back has to be seen anew."""
UPSERT = _INSERT.on_conflict_do_update(
    index_elements=["id"],
    set_={
        column.name: _NEW[column.name]
        for column in alarm.c
        if column.name not in _KEPT and not column.name.startswith(("acknowledged", "verdict", "inhibited"))
    }
    | {
        "version": alarm.c.version + cast(or_(_TURNED, _MOVED), Integer),
        "incident_id": func.coalesce(alarm.c.incident_id, _NEW.incident_id),
        "acknowledged_at": case((_BACK, null()), else_=alarm.c.acknowledged_at),
        "acknowledged_by": case((_BACK, null()), else_=alarm.c.acknowledged_by),
    },
    where=_NEW.rev > alarm.c.rev,
)
"""A row of `alarm_row`, unless a later revision is there."""
