"""Reports, triage and notes as the API shows them."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal, Self
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, model_validator

from cloud.alarms.models import ClassRef
from cloud.sources.reports import Source
from cloud.stamps import Clocked, Latitude, Longitude, Placed
from cloud.times import Moment

Hash = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
Words = Annotated[str, Field(min_length=1, max_length=2000, pattern=r"^[^\x00]*$")]
Address = Annotated[str, Field(min_length=1, max_length=200, pattern=r"^[^\x00]*$")]
Code = Annotated[str, Field(min_length=1, max_length=20, examples=["05-06"])]
Photos = Annotated[tuple[Hash, ...], Field(max_length=9)]
NoteKind = Literal["note", "visit", "received", "support"]
"""`received`: whose it is says that they have it; `support`: they need help; the grid's leader is told."""


class _Sent(BaseModel):
    model_config = ConfigDict(extra="forbid")


class NewCase(Placed, _Sent):
    """A case that a worker or the patrol room opens."""

    event_class: Code
    point: Annotated[str, Field(min_length=1, max_length=64)] | None = None
    """A monitored point, instead of `lon` and `lat`."""
    words: Words
    address: Address | None = None
    photos: Photos = ()
    """SHA-256 of photos that were sent ahead (`PUT /photos/{sha256}`)."""
    happened_at: Moment | None = None
    """When it was found, by the clock of the device; null: now."""
    sent_at: Moment | None = None
    """By the same clock, when it is sent; null: that clock is taken to be right."""

    @model_validator(mode="after")
    def _somewhere(self) -> Self:
        if (self.point is None) == (self.lon is None):
            raise ValueError("give either point, or lon and lat")
        return self


class CitizenReport(Placed, _Sent):
    """What anybody may report: words and a place; photos are sent ahead."""

    event_class: Code | None = None
    """One of `GET /open311/v2/services.json`; null: the people of the street say."""
    words: Words
    address: Address | None = None
    lon: Longitude
    lat: Latitude
    photos: Annotated[tuple[Hash, ...], Field(max_length=4)] = ()


class Receipt(BaseModel):
    """What a reporter is given."""

    public_number: str = Field(examples=["20261122-00042-5-K7QX-4M2P"])
    """Look it up at `/track`; it stands nowhere else, so write it down."""
    received_at: datetime


class Nearby(BaseModel):
    """An open case that may be the same."""

    incident_id: UUID
    number: str
    event_class: ClassRef
    reason: Literal["near", "same_grid"]
    """`same_grid`: one of the two has no position."""
    metres: float | None
    minutes: float
    """Between the report and the time in which the case was heard of; 0: within it."""
    same_class: bool


class CaseOpened(BaseModel):
    """A case that was opened by hand."""

    incident_id: UUID
    number: str
    public_number: str
    candidates: list[Nearby]
    """Open cases that it may be a duplicate of; merging is a person's act."""


class Report(BaseModel):
    """What somebody told us."""

    id: UUID
    number: str
    public_number: str
    """For whoever asks on the telephone how it stands."""
    source: Source
    external: str | None
    """The hotline's own number."""
    received_at: datetime
    happened_at: datetime
    event_class: ClassRef | None
    words: str
    address: str | None
    lon: float | None
    lat: float | None
    point: str | None
    grid: str | None
    community: str | None
    photos: list[str]
    """Addresses of the originals."""
    state: Literal["waiting", "accepted", "merged", "refused"]
    version: int
    incident_id: UUID | None
    decided_at: datetime | None
    decided_by: str | None
    reason: str | None


class Waiting(Report):
    """A report in the queue."""

    candidates: list[Nearby]


class Queue(BaseModel):
    """Reports, the oldest waiting first."""

    items: list[Waiting]
    waiting: int
    """How many wait in all."""


class Reports(BaseModel):
    """The reports of a case, oldest first."""

    items: list[Report]


class Decision(_Sent):
    """What a person makes of a report."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"decision": "accept"}]})

    decision: Literal["accept", "merge", "refuse"]
    event_class: Code | None = None
    """To accept: needed when the report names none; else instead of the one it names."""
    incident_id: UUID | None = None
    """To merge: the case it tells of."""
    reason: Annotated[str, Field(min_length=1, max_length=500, pattern=r"^[^\x00]*$")] | None = None
    """To refuse: needed."""


class NewNote(Placed, Clocked, _Sent):
    """A note or a visit, written on a device that may have been offline."""

    kind: NoteKind = "note"
    words: Words
    photos: Photos = ()


class Note(BaseModel):
    """A note or a visit."""

    version: int
    """Of the incident: the line of its log."""
    kind: NoteKind
    words: str
    by: str
    happened_at: datetime
    """When it was written, as the server's clock would have had it."""
    received_at: datetime
    lon: float | None
    lat: float | None
    photos: list[str]


class Notes(BaseModel):
    """Notes and visits in the order in which they were written."""

    items: list[Note]
