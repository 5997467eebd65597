"""An alarm as the API shows it."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from functools import lru_cache
from typing import Any, Literal
from uuid import UUID

from pydantic import BaseModel, Field

from cloud.alarms.machine import AlarmPhase
from cloud.alarms.store import aside_of_row, state_of_row
from cloud.areas.registry import Place, Registry, named
from devices.messages import Box, ConditionState, HintKind, JoinedPart, Measured, Polygon, Severity
from devices.site.model import Names, Position

VerdictWord = Literal["true", "false", "other_class", "unsure"]


class ClassRef(BaseModel):
    """An event class by code, with its name."""

    code: str = Field(examples=["05-06"])
    name: Names


class PointRef(BaseModel):
    """A point by id, with its name and WGS-84 position (null when the registry does not know it)."""

    id: str
    name: Names
    position: Position | None


class AsideRef(BaseModel):
    """Why an alarm calls nobody, and until when."""

    state: Literal["shelved", "suppressed", "out_of_service"]
    until: datetime
    by: str
    """Who shelved it or took its device out of service; the id of what allows it by design."""
    reason: str


class AlarmState(BaseModel):
    """The alarm's own machine (ISA-18.2): active or gone, acknowledged or not, aside or not."""

    name: AlarmPhase
    active: bool
    acknowledged: bool
    shelved_until: datetime | None
    aside: AsideRef | None
    """While it is aside; once gone, how it was."""
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
    verdict: VerdictWord | None
    """A person's judgement."""
    verdict_reason: str | None
    """Of a false alarm: an id of the policy's reasons."""
    verdict_class: str | None
    """Of `other_class`: what it really was."""
    incident_id: UUID | None
    """None: it was aside from its first moment, and has opened nothing."""


class AlarmPage(BaseModel):
    """Alarms, newest first."""

    items: list[Alarm]


def class_ref(code: str, registry: Registry) -> ClassRef:
    """A class by code; its code is its name when the registry does not know it."""
    known = registry.classes.get(code)
    return _class(code, known.name if known else named(code))


# What a hundred alarms of a page share is made once: most of what a page costs is making its parts.
@lru_cache(maxsize=2048)
def _class(code: str, name: Names) -> ClassRef:
    return ClassRef(code=code, name=name)


@lru_cache(maxsize=8192)
def _point(known: Place) -> PointRef:
    return PointRef(id=known.id, name=known.name, position=Position(lon=known.lon, lat=known.lat))


@lru_cache(maxsize=64)
def _state(name: AlarmPhase, active: bool, acknowledged: bool, inhibited: bool) -> AlarmState:
    """Of one that is not aside."""
    return AlarmState(
        name=name, active=active, acknowledged=acknowledged, shelved_until=None, aside=None,
        inhibited=inhibited,
    )  # fmt: skip


def point_ref(identifier: str, registry: Registry) -> PointRef:
    """A point by id."""
    known = registry.points.get(identifier)
    if known is None:
        return PointRef(id=identifier, name=named(identifier), position=None)
    return _point(known)


def show_alarm(row: Any, registry: Registry, now: datetime) -> Alarm:
    """A row of the table `alarm` as the API shows it."""
    return Alarm(
        id=row.id,
        condition_id=row.id,
        state=_standing(row),
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
        verdict_reason=row.verdict_reason,
        verdict_class=row.verdict_class,
        incident_id=row.incident_id,
    )


def _standing(row: Any) -> AlarmState:
    name, aside = state_of_row(row), aside_of_row(row)
    plain = _state(
        name,
        row.state != ConditionState.CLEARED,
        row.acknowledged_at is not None,
        row.inhibited_since is not None,
    )
    if aside is None:
        return plain
    until = aside.until if name is AlarmPhase.SHELVED else None
    return plain.model_copy(update={"shelved_until": until, "aside": AsideRef.model_validate(asdict(aside))})
