"""Duty as the API shows it."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from cloud.incidents.transitions import State
from devices.messages import Severity
from devices.site.model import Names


class TurnOut(BaseModel):
    """One shift of one team."""

    roster: str
    team: str
    shift: str
    day: date
    begins_at: datetime
    ends_at: datetime
    people: list[str]
    """User names; the first leads."""


class OnDutyOut(BaseModel):
    """Who is on duty, by user name."""

    at: datetime
    grid: str | None
    primary: str | None
    backup: str | None
    grid_leader: str | None
    shift_leader: str | None
    operators: list[str]
    uncovered: bool
    """Nobody who looks after the grid is on duty; false without a grid."""
    names: dict[str, Names]
    """What those are called, by user name; who has no account is missing."""
    turns: list[TurnOut]
    """Those that run, of all rosters."""


class HoleOut(BaseModel):
    """A time with too few people."""

    roster: str | None
    grid: str | None
    """Either of them."""
    begins_at: datetime
    ends_at: datetime
    there: int


class Holes(BaseModel):
    """Of the days asked for, rosters first."""

    items: list[HoleOut]


class OpenCase(BaseModel):
    """A case that was open."""

    id: UUID
    number: str
    state: State
    severity: Severity
    event_class: str
    opened_at: datetime
    point: str | None = None
    grid: str | None = None
    handler: str | None = None
    organisation: str | None = None
    late: bool = False
    """A limit of it that runs is used up."""


class WaitingCall(BaseModel):
    """A department that was called and has not answered, or not reported."""

    incident_id: UUID
    number: str
    organisation: str
    checked_in: bool
    called_at: datetime
    due_at: datetime | None
    """Of what is owed next: its check-in, or its report."""
    late: bool


class Shelved(BaseModel):
    """Alarms that were shelved."""

    place: str
    event_class: str
    until: datetime
    by: str
    reason: str


class Mute(BaseModel):
    """A wall that was silent for a while, but for what is critical."""

    id: UUID
    username: str
    reason: str
    since: datetime
    until: datetime
    """When it sounds again by itself."""
    ended_at: datetime | None
    """When somebody let it sound before that."""


class Lists(BaseModel):
    """What stood when a shift was handed over."""

    open_count: int
    open: list[OpenCase]
    """The worst first, at most 500 of them."""
    shelved: list[Shelved]
    muted: list[Mute] = []
    """Whose wall was silent since the seat was taken."""
    calls: list[WaitingCall] = []
    """In the order in which they were made."""


class HandoverHead(BaseModel):
    """One hand-over of a seat."""

    id: UUID
    seat: str
    roster: str
    giver: str
    offered_at: datetime
    taker: str | None
    """Who signed for it; null: nobody yet."""
    taken_at: datetime | None
    withdrawn_at: datetime | None


class Handover(HandoverHead):
    """With all that was handed over."""

    notes: str
    lists: Lists


class Handovers(BaseModel):
    """Newest first."""

    items: list[HandoverHead]


class HandoverOffer(BaseModel):
    """What the one who leaves writes down."""

    model_config = ConfigDict(extra="forbid")

    notes: str = Field(max_length=4000, pattern=r"^[^\x00]*$")


class Leaving(BaseModel):
    """Why a seat is left or freed without a hand-over."""

    model_config = ConfigDict(extra="forbid")

    reason: str = Field(min_length=1, max_length=500, pattern=r"^[^\x00]*$")


class SeatOut(BaseModel):
    """A seat of the patrol room."""

    seat: str
    roster: str
    roster_name: Names
    username: str | None
    """Who sits there; null: nobody."""
    since: datetime | None
    on_roster: bool | None
    """Whether that person was on duty by the roster when sitting down."""
    offered: UUID | None
    """A hand-over that waits for the second signature."""


class Seats(BaseModel):
    """In the order of the rosters."""

    items: list[SeatOut]
