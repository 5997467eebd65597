"""An incident as the API shows it."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from cloud.alarms.models import Alarm, ClassRef, PointRef
from cloud.incidents.opening import Level, Source
from cloud.incidents.transitions import State
from devices.messages import ConditionState, EvidenceKind, Measured, Severity
from devices.site.model import Names


class AreaRef(BaseModel):
    """An area by id, with its name."""

    id: str
    name: Names


class Areas(BaseModel):
    """Where an incident lies, as the areas were when it was opened."""

    grid: AreaRef | None
    community: AreaRef | None
    version: int | None
    """Of the tree of areas that was in force; `GET /areas/versions` says from when to when."""


class Standing(BaseModel):
    """How the condition that the incident shows stands."""

    state: ConditionState
    changed_at: datetime


class Photo(BaseModel):
    """One photo or clip of the incident."""

    id: UUID
    kind: EvidenceKind
    condition_id: UUID
    camera: str
    captured_at: datetime
    url: str
    width: int
    height: int
    media_type: Literal["image/jpeg", "video/mp4"]
    codec: Literal["h264", "h265"] | None
    """Of a clip; many browsers play no H.265."""
    seconds: float | None
    """Of a clip."""


class Incident(BaseModel):
    """A case people work on. What is seen (label, count, camera, ...) is its leading alarm's."""

    id: UUID
    number: str = Field(examples=["20261122-00042-7"])
    state: State
    version: int
    """Rises with every line of its log. Measurements change without it: order updates by `updated_at`."""
    severity: Severity
    event_class: ClassRef
    place: str
    point: PointRef
    """Of a report that names no point: its own place, with the position that was reported."""
    area: Areas
    source: Source
    level: Level
    """Which level must finish it (小事不出网格、大事不出社区、难事不出街道)."""
    handler: str | None
    """User name of who handles it."""
    organisation: str | None
    """Id of the department or company it is dispatched to."""
    description: str | None
    reported_class: str | None
    """What a reporter called it."""
    opened_at: datetime
    since: datetime
    at_least: bool
    updated_at: datetime
    closed_at: datetime | None
    seen_gone_at: datetime | None
    camera: str
    """Of the leading alarm, or its sensor or node; empty: no device tells of it."""
    label: str
    """What was seen; the event class, when no device tells of it."""
    count: int | None
    count_error: int | None
    suspected: bool
    measured: Measured | None
    condition: Standing | None
    alarms: list[Alarm]
    evidence: list[Photo]
    """By capture time."""
    thumbnail_url: str | None
    evidence_due: bool
    """No photo of it has arrived, and one may still: an alarm goes ahead of its photos."""
    evidence_lost: list[EvidenceKind]
    """What the node gave up, so that nobody waits for it."""
    history: bool
    """All that is known of it came too late to call anybody: it is shown, and nobody is notified."""
    allowed_actions: list[str]
    """What you may do now."""


class IncidentPage(BaseModel):
    """A page of incidents: open ones worst first, all others newest first."""

    items: list[Incident]
    next: str | None
    """Cursor of the next page."""


class Actor(BaseModel):
    """Who did it."""

    kind: Literal["system", "user", "node"]
    name: str


class LogEntry(BaseModel):
    """One line of an incident's log; nothing in it is ever changed."""

    id: int
    """The version of the incident that it made."""
    at: datetime
    actor: Actor
    action: str
    from_state: State | None
    to_state: State
    cause: str
    """`person`, `automatic`, `condition`, `seen_gone`, `seen_again`, `report`, `note`."""
    reason: str | None
    detail: dict[str, Any]
    """What else belongs to this action."""


class Log(BaseModel):
    """An incident's log, oldest first."""

    items: list[LogEntry]


class TransitionRequest(BaseModel):
    """One step asked for."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"action": "accept"}]})

    action: str = Field(min_length=1, max_length=40)
    reason: str | None = Field(default=None, max_length=500)
    """Needed for false_alarm, reject, void and suspend."""
