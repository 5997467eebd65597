"""An alarm as the API shows it."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from pydantic import BaseModel, Field

from cloud.areas.registry import Registry, named
from devices.messages import Box, ConditionState, HintKind, JoinedPart, Measured, Polygon, Severity
from devices.site.model import Names, Position


class ClassRef(BaseModel):
    """An event class by code, with its name."""

    code: str = Field(examples=["05-06"])
    name: Names


class PointRef(BaseModel):
    """A point by id, with its name and WGS-84 position (null when the registry does not know it)."""

    id: str
    name: Names
    position: Position | None


class AlarmState(BaseModel):
    """The alarm's own machine (ISA-18.2): active or gone, acknowledged or not, shelved or not."""

    active: bool
    acknowledged: bool
    shelved_until: datetime | None
    inhibited: bool
    """Its node is silent: nobody can know whether it still holds, and the node is what must be seen to."""


class Alarm(BaseModel):
    """What the cloud keeps of one condition."""

    id: UUID
    condition_id: UUID
    state: AlarmState
    version: int
    """Rises when it turns active or gone, is acknowledged, shelved or judged; not with each measurement."""
    event_class: ClassRef
    place: str
    point: PointRef
    device: str
    zone: str | None
    rule: str
    label: str
    score: float
    severity: Severity
    since: datetime
    at_least: bool
    rev: int
    condition_state: ConditionState
    box: Box | None
    outline: Polygon | None
    count: int | None
    count_error: int | None
    """The count is an estimate, good to so many; null: they were counted one by one."""
    suspected: bool
    """Some of what stays there cannot be named, and without it there would be no alarm."""
    measured: Measured | None
    opened_at: datetime
    changed_at: datetime
    cleared_at: datetime | None
    ended: Literal["rule_removed"] | None
    """Why it was cleared without being seen gone."""
    hints: list[HintKind]
    """What the camera itself said of it: evidence beside what was seen, never the cause."""
    no_clip: Literal["stills_only"] | None
    """Why it has no clip: its camera gives still pictures only."""
    parts: list[JoinedPart]
    """Of a rule that joins: what it was made of; photos and clips go by the parts' conditions."""
    acknowledged_by: str | None
    verdict: Literal["true", "false"] | None
    """A person's judgement: a true alarm, or a false one."""
    incident_id: UUID


class AlarmPage(BaseModel):
    """Alarms, newest first."""

    items: list[Alarm]


def class_ref(code: str, registry: Registry) -> ClassRef:
    """A class by code; its code is its name when the registry does not know it."""
    known = registry.classes.get(code)
    return ClassRef(code=code, name=known.name if known else named(code))


def point_ref(identifier: str, registry: Registry) -> PointRef:
    """A point by id."""
    known = registry.points.get(identifier)
    if known is None:
        return PointRef(id=identifier, name=named(identifier), position=None)
    return PointRef(id=known.id, name=known.name, position=Position(lon=known.lon, lat=known.lat))


def show_alarm(row: Any, registry: Registry, now: datetime) -> Alarm:
    """A row of the table `alarm` as the API shows it."""
    shelved = row.shelved_until if row.shelved_until and row.shelved_until > now else None
    return Alarm(
        id=row.id,
        condition_id=row.id,
        state=AlarmState(
            active=row.state != ConditionState.CLEARED,
            acknowledged=row.acknowledged_at is not None,
            shelved_until=shelved,
            inhibited=row.inhibited_since is not None,
        ),
        version=row.version,
        event_class=class_ref(row.event_class, registry),
        place=row.place,
        point=point_ref(row.point, registry),
        device=row.device,
        zone=row.zone,
        rule=row.rule,
        label=row.label,
        score=row.score,
        severity=row.severity,
        since=row.since,
        at_least=row.at_least,
        rev=row.rev,
        condition_state=row.state,
        box=row.box,
        outline=row.outline,
        count=row.count,
        count_error=row.count_error,
        suspected=row.suspected,
        measured=row.measured,
        opened_at=row.opened_at,
        changed_at=row.changed_at,
        cleared_at=row.cleared_at,
        ended=row.ended,
        hints=row.hints,
        no_clip=row.no_clip,
        parts=row.parts,
        acknowledged_by=row.acknowledged_by,
        verdict=row.verdict,
        incident_id=row.incident_id,
    )
