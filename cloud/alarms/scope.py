"""Which alarms a person may know of: those of a case in scope, and what has no case by where its point is."""

from __future__ import annotations

from sqlalchemy import ColumnElement, or_, select, true

from cloud.areas.registry import Registry
from cloud.database.schema import alarm, incident
from cloud.people.scope import Scope, visible


def visible_alarm(scope: Scope, registry: Registry) -> ColumnElement[bool]:
    """The condition over `cloud.database.schema.alarm` that holds for what is in scope."""
    if scope.areas is None:
        return true()
    points = sorted(point for point in registry.points if scope.holds_point(point, registry))
    if not points:  # an index leads from the few cases that somebody is a party of to their alarms
        return alarm.c.incident_id.in_(select(incident.c.id).where(visible(scope)))
    case = select(incident.c.id).where(incident.c.id == alarm.c.incident_id, visible(scope)).exists()
    return or_(case, alarm.c.incident_id.is_(None) & alarm.c.point.in_(points))
