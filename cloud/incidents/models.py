"""An incident as the API shows it."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from cloud.alarms.models import Alarm, ClassRef, PointRef
from cloud.incidents.opening import Level, Source
from cloud.incidents.transitions import State
from cloud.stamps import Clocked, Placed
from devices.messages import ConditionState, EvidenceKind, Measured, Severity
from devices.site.model import Names

STORABLE = r"^[^\x00]*$"
"""Text that PostgreSQL can keep."""


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


class Link(BaseModel):
    """Another incident that this one is tied to."""

    id: UUID
    number: str
    kind: Literal["merged_into", "duplicate_of", "recurrence_of", "merged", "duplicate", "recurrence"]
    """What this one is of the other; the last three: what the other one is of this."""


class Links(BaseModel):
    """What an incident is tied to, as far as you may see it."""

    items: list[Link]


class Pair(BaseModel):
    """The same place before and after, by the same camera."""

    before: Photo
    after: Photo


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
    pending: list[str]
    """What waits: `return`, `extend`, `suspend`, `void` were asked for; `supervise` waits for an answer."""
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
    """The leading one first; in lists and on the stream five at most, those nobody has seen before others."""
    alarms_total: int
    """How many there are; all of them are given by `GET /incidents/{incident_id}`."""
    evidence: list[Photo]
    """By capture time."""
    pair: Pair | None
    """What was there, and that it is gone: for who checks."""
    thumbnail_url: str | None
    evidence_due: bool
    """No photo of it has arrived, and one may still: an alarm goes ahead of its photos."""
    evidence_lost: list[EvidenceKind]
    """What the node gave up, so that nobody waits for it."""
    history: bool
    """All that is known of it came too late to call anybody: it is shown, and nobody is notified."""
    allowed_actions: list[str]
    """What your roles may do in this state; `GET .../transitions` says what else stands in the way."""


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


class Choice(BaseModel):
    """One action, and whether you may do it now."""

    action: str
    allowed: bool
    why_not: str | None
    """What stands in the way, in one sentence."""
    targets: list[State]
    """The states that it may lead to from here; the first is where it leads unless `to` names another."""
    reason: bool
    """A reason must be given."""
    needs: list[str]
    """Fields that must be given."""
    takes: list[str]
    """Fields that may be given."""


class Choices(BaseModel):
    """What you may do with an incident now, and for the rest why not."""

    version: int
    state: State
    items: list[Choice]


class TransitionRequest(Placed, Clocked):
    """One step asked for. Which fields belong to which action, `GET .../transitions` says.

    When and where it was done may be said with any: a phone without network sends later.
    """

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"action": "accept"}]})

    action: str = Field(min_length=1, max_length=40)
    reason: str | None = Field(default=None, max_length=500, pattern=STORABLE)
    """Needed for whatever goes back, aside or out."""
    to: State | None = None
    """Of return: how far back."""
    handler: str | None = Field(default=None, min_length=1, max_length=100, pattern=STORABLE)
    """Of dispatch and assign: user name of whom it is given to."""
    organisation: str | None = Field(default=None, min_length=1, max_length=100, pattern=STORABLE)
    """Of dispatch: the department or company."""
    hours: float | None = Field(default=None, gt=0, le=24 * 92)
    """Of ask_extend and extend: more time, as the clock of each of its limits counts it."""
    wish: Literal["return", "extend", "suspend", "void"] | None = None
    """Of refuse: what was asked for."""
    into: UUID | None = None
    """Of merge and duplicate: the other incident."""
    form: Literal["phone", "message", "visit", "letter", "notice"] | None = None
    """Of feedback: how who reported it was told; `notice`: the result was made public."""
    without_feedback: str | None = Field(default=None, min_length=1, max_length=500, pattern=STORABLE)
    """Of close: why who reported it is not told."""
    stars: int | None = Field(default=None, ge=1, le=5)
    """Of rate."""
    photos: Annotated[list[Annotated[str, Field(pattern="^[0-9a-f]{64}$")]], Field(max_length=9)] | None = (
        None
    )
    """Of resolve and self_handle: SHA-256 of photos of afterwards that you uploaded."""
