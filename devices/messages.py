"""What travels between an edge node and the cloud.

Every message is a CloudEvents 1.0 event (structured JSON). Its envelope carries, as extension
attributes, the place of the message in the node's ledger: `(node, epoch, series, seq)`.
`seq` is gap-free within a series of one store file; `epoch` names that store file.

A condition message carries the condition's *whole* state and a `rev` that rises by one, so
messages may arrive in any order, any number of times: the receiver keeps the highest `rev`.

All times are UTC. Boxes and polygons are in parts of the picture's width and height, 0..1, with
the origin at the top left.
"""

from __future__ import annotations

from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, Literal, Self
from uuid import UUID

from pydantic import AwareDatetime, Field, TypeAdapter, ValidationError, model_validator

from devices.basis import Box as Box
from devices.basis import EvidenceKind as EvidenceKind
from devices.basis import Fraction as Fraction
from devices.basis import Identifier as Identifier
from devices.basis import Message as Message
from devices.basis import Polygon as Polygon
from devices.basis import Series as Series
from devices.basis import Sha256 as Sha256
from devices.errors import MessageError
from devices.losses import Gap as Gap
from devices.losses import LostEvidence as LostEvidence
from devices.losses import SeriesReport as SeriesReport
from devices.samples import Reading as Reading
from devices.samples import Sample as Sample


class Change(StrEnum):
    """What happened to a condition in this revision."""

    OPENED = "opened"
    UPDATED = "updated"
    HELD = "held"
    RESUMED = "resumed"
    CLEARED = "cleared"


class ConditionState(StrEnum):
    """Where a condition stands after this revision."""

    OPEN = "open"
    HELD = "held"
    """It cannot be seen or measured just now; its clock stands still."""
    CLEARED = "cleared"


HISTORY_AFTER_S = 300.0
"""A message older than this when it is sent, by the node's own clock, is history: it goes behind what is
live, and what it says calls nobody. Longer than a cloud's restart, shorter than a shift would wait."""
SENT_AT = "Gridwatch-Sent-At"
"""Header of a batch: the node's wall clock at sending, RFC 3339. Ages and the clock's offset come from it."""


class Severity(StrEnum):
    """How bad it is, worst first."""

    CRITICAL = "critical"
    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"


MOST_PARTS = 20
"""Conditions that a joined one names."""


class HintKind(StrEnum):
    """What a camera says by itself of its picture, over ONVIF."""

    MOTION = "motion"
    TAMPER = "tamper"
    """Covered, turned or hit."""
    SCENE_CHANGE = "scene_change"
    BLURRY = "blurry"
    DARK = "dark"
    BRIGHT = "bright"


class Measured(Message):
    """Of a sensor's condition: the value that decided it."""

    quantity: str
    value: float
    unit: str
    limit: float
    """The threshold that was crossed."""


class JoinedPart(Message):
    """One of the conditions that a joined condition is made of, as it was when it was joined."""

    condition_id: UUID
    """Its own messages, photos and clip go by this."""
    point: Identifier
    device: Identifier
    zone: Identifier | None = None
    rule: Identifier
    label: str
    since: AwareDatetime
    measured: Measured | None = None


class Condition(Message):
    """The whole state of one condition: a rule that holds at a place."""

    condition_id: UUID
    rev: int = Field(ge=1)
    change: Change
    state: ConditionState
    node: Identifier
    point: Identifier
    device: Identifier
    """Id of the camera or sensor that decided it."""
    zone: Identifier | None = None
    rule: Identifier
    place: Identifier
    """One open incident per `place|event_class`: the zone's or sensor's id unless the site says otherwise."""
    event_class: str = Field(min_length=1)
    label: str
    """The detector's label (`bicycle`, `car`, ...), `unknown`, or the sensor's quantity."""
    score: Fraction
    severity: Severity
    since: AwareDatetime
    """When it arrived or began, by capture time."""
    at_least: bool = False
    """True: it was already there when the node started looking, `since` is a lower bound."""
    changed_at: AwareDatetime
    """Capture time of the picture or reading that decided this revision."""
    box: Box | None = None
    outline: Polygon | None = None
    """The zone's polygon."""
    count: int | None = None
    count_error: int | None = Field(default=None, ge=0)
    """The count is an estimate, good to so many; None: they were counted one by one."""
    suspected: bool = False
    """What is known by name would not have opened it: some of what stays there cannot be named."""
    measured: Measured | None = None
    reopens: UUID | None = None
    """The condition at the same place that was cleared shortly before."""
    ended: Literal["rule_removed"] | None = None
    """Why it was cleared without being seen gone: its rule is no longer in the site."""
    hints: tuple[HintKind, ...] = ()
    """Of a camera's health: what the camera itself said of it; beside what was seen, never the cause."""
    no_clip: Literal["stills_only"] | None = None
    """Why it has no clip, where there can be none: its camera gives still pictures only."""
    parts: tuple[JoinedPart, ...] = ()
    """Of a rule that joins: the conditions it is made of, at most `MOST_PARTS`. Its device is the rule."""

    @model_validator(mode="after")
    def _change_fits_state(self) -> Self:
        wanted = {
            Change.HELD: {ConditionState.HELD},
            Change.CLEARED: {ConditionState.CLEARED},
            Change.OPENED: {ConditionState.OPEN},
            Change.RESUMED: {ConditionState.OPEN},
            Change.UPDATED: {ConditionState.OPEN, ConditionState.HELD},
        }[self.change]
        if self.state not in wanted:
            raise ValueError(f"change {self.change} does not lead to state {self.state}")
        return self


class Evidence(Message):
    """One photo or clip. Its bytes travel apart, to `PUT /api/v1/media/{sha256}`, before this message."""

    evidence_id: UUID
    condition_id: UUID
    kind: EvidenceKind
    camera: Identifier
    captured_at: AwareDatetime
    """Of a clip: when it begins."""
    media_type: Literal["image/jpeg", "video/mp4"] = "image/jpeg"
    codec: Literal["h264", "h265"] | None = None
    """Of a clip."""
    seconds: float | None = Field(default=None, gt=0)
    """Of a clip: how long it is."""
    sha256: Sha256
    size: int = Field(gt=0)
    """Bytes."""
    width: int = Field(gt=0)
    height: int = Field(gt=0)

    @model_validator(mode="after")
    def _clips_are_videos(self) -> Self:
        told = (self.media_type == "video/mp4", self.codec is not None, self.seconds is not None)
        if set(told) != {self.kind is EvidenceKind.CLIP}:
            raise ValueError(
                "media_type, codec, seconds: a clip is a video/mp4 with both, a photo has neither"
            )
        return self


class DeviceStatus(StrEnum):
    """The ladder of a device, best first; each rung tells whom to send."""

    UP = "up"
    """It delivers."""
    STALLED = "stalled"
    """It answers but delivers nothing."""
    REFUSED = "refused"
    """It answers but refuses our credentials."""
    UNREACHABLE = "unreachable"
    """Nobody answers."""


class Health(Message):
    """The state of one device or of the node itself, sent when it changes and every minute."""

    node: Identifier
    device: Identifier
    """A camera, a sensor, `broker`, or the node's own id."""
    kind: Literal["camera", "sensor", "broker", "node"]
    status: DeviceStatus
    detail: str = Field(default="", max_length=500)
    """One sentence for people, without secrets."""
    since: AwareDatetime
    checked_at: AwareDatetime
    facts: dict[str, float | int | str | bool] = Field(default_factory=dict)
    """Measured things, such as `key_interval_s` or `clock_offset_s`."""
    ledger: tuple[SeriesReport, ...] = ()
    """Of the node itself: how its outbox stood when this was queued."""


class Telemetry(Message):
    """Readings of one node's sensors and what it measured itself, as they were kept; one message, one number.

    A reading is known by `(sensor, quantity, boot, seq)`; one that comes again is the same.
    """

    node: Identifier
    readings: tuple[Reading, ...] = Field(default=(), max_length=500)
    samples: tuple[Sample, ...] = Field(default=(), max_length=500)


Body = Condition | Evidence | Health | Telemetry | Gap
"""What an event may carry."""

TYPES: dict[str, tuple[Series | None, type[Body]]] = {
    "gridwatch.condition.v1": (Series.ALARM, Condition),
    "gridwatch.evidence.v1": (Series.EVIDENCE, Evidence),
    "gridwatch.health.v1": (Series.HEALTH, Health),
    "gridwatch.telemetry.v1": (Series.TELEMETRY, Telemetry),
    "gridwatch.gap.v1": (None, Gap),
}
"""CloudEvents type -> series it is numbered in (None: the one that it tells of), and its data's shape."""


def series_of(body: Body) -> Series:
    """The series in which `body` is numbered."""
    if isinstance(body, Gap):
        return body.series
    series = next(series for series, shape in TYPES.values() if isinstance(body, shape))
    assert series is not None
    return series


class Event(Message):
    """A CloudEvents 1.0 envelope with the node's ledger position beside it."""

    specversion: Literal["1.0"] = "1.0"
    id: UUID
    """`event_id`, a UUIDv7 made in the commit that queued the message."""
    source: str = Field(pattern=r"^/nodes/[A-Za-z0-9][A-Za-z0-9._:-]{0,63}$")
    type: str
    subject: str | None = None
    time: AwareDatetime
    datacontenttype: Literal["application/json"] = "application/json"
    epoch: UUID
    series: Series
    seq: int = Field(ge=1)
    clockoffset: float = 0.0
    """Seconds the node's wall clock is believed to be ahead of UTC."""
    data: dict[str, Any]

    @property
    def node(self) -> str:
        """The node's id, out of `source`."""
        return self.source.removeprefix("/nodes/")

    def body(self) -> Body:
        """The typed data.

        Raises:
            MessageError: unknown type, wrong series for the type, or data that does not fit it.
        """
        if self.type not in TYPES:
            raise MessageError(f"type: {self.type!r} is not known; known are {', '.join(TYPES)}")
        try:
            body = TYPES[self.type][1].model_validate(self.data)
        except ValidationError as error:
            raise MessageError(explain(error, "data")) from error
        if (series := series_of(body)) is not self.series:
            raise MessageError(f"series: {self.type} is numbered in {series}, not in {self.series}")
        return body


def envelope(
    body: Body,
    *,
    event_id: UUID,
    node: str,
    epoch: UUID,
    seq: int,
    time: datetime,
    clock_offset: float = 0.0,
) -> Event:
    """Wrap `body` in its envelope."""
    return Event(
        id=event_id,
        source=f"/nodes/{node}",
        type=next(name for name, (_, shape) in TYPES.items() if isinstance(body, shape)),
        subject=_subject(body),
        time=time.astimezone(UTC),
        epoch=epoch,
        series=series_of(body),
        seq=seq,
        clockoffset=clock_offset,
        data=body.model_dump(mode="json"),
    )


def _subject(body: Body) -> str:
    match body:
        case Condition():
            return str(body.condition_id)
        case Evidence():
            return str(body.evidence_id)
        case Health():
            return body.device
        case Telemetry():
            return body.node
        case Gap():
            return body.series


class Refusal(Message):
    """One message the cloud will never take, by its number, with the reason."""

    series: Series
    epoch: UUID
    seq: int
    code: str
    """`invalid`, `forbidden`, `media_missing` (the only one worth sending again later), ..."""
    reason: str


class Committed(Message):
    """The numbers of one series that are safe at the cloud, as closed ranges."""

    series: Series
    epoch: UUID
    ranges: tuple[tuple[int, int], ...]


class IngestAnswer(Message):
    """The cloud's answer to a batch. What is in neither list must be sent again."""

    committed: tuple[Committed, ...] = ()
    refused: tuple[Refusal, ...] = ()
    duplicates: int = 0
    ledger: UUID | None = None
    """Which ledger it was entered in: another one than before where the cloud was restored from a backup."""


def explain(error: ValidationError, root: str = "") -> str:
    """A pydantic error as `path: what is wrong`, one line a fault, without the value itself."""
    lines = []
    for fault in error.errors(include_url=False, include_input=False, include_context=False):
        path = ".".join(str(part) for part in ((root,) if root else ()) + fault["loc"]) or "message"
        lines.append(f"{path}: {fault['msg']}")
    return "; ".join(lines)


_BATCH = TypeAdapter(list[Event])


def parse_batch(body: bytes) -> list[Event]:
    """A CloudEvents JSON batch as events; their data is not looked at yet.

    Raises:
        MessageError: the body is not a JSON list of CloudEvents envelopes.
    """
    try:
        return _BATCH.validate_json(body)
    except ValidationError as error:
        raise MessageError(explain(error)) from error
