"""Clocks as the API shows them."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

from pydantic import BaseModel, Field

from cloud.alarms.models import ClassRef
from cloud.deadlines.clearing import Clearing
from cloud.deadlines.limits import Step
from cloud.deadlines.running import Light
from cloud.incidents.transitions import State


class StepClock(BaseModel):
    """One step of an incident against its limit."""

    step: Step
    limit: str = Field(examples=["4 work h"])
    """As the site's file writes it; `work` counts only work hours."""
    limit_s: float
    """The limit in counted seconds."""
    used_s: float
    """Counted seconds that are used, suspensions left out, rework included."""
    light: Light
    """Green below 80 % of the limit, yellow below 100 %, then red."""
    running: bool
    due_at: datetime | None
    """When the limit is, or was, used up; null: it was not, and the clock stands still."""


class Durations(BaseModel):
    """Whole seconds; null: not there yet. Once answered the three add up to `total_s`."""

    to_know_s: int | None
    """Detected to known (早知道)."""
    to_resolve_s: int | None
    """Known to resolved (早化解)."""
    to_answer_s: int | None
    """Resolved to answered (早回复)."""
    total_s: int | None


class ClearingEnd(BaseModel):
    """By when the incident has to be cleared."""

    clearing: Clearing
    ends_at: datetime


class Clocks(BaseModel):
    """The clocks of one incident, since it was opened the last time."""

    incident_id: UUID
    at: datetime
    """As of when."""
    steps: list[StepClock]
    """Those that have begun and have a limit."""
    clearing: ClearingEnd | None
    durations: Durations


class Uncleared(BaseModel):
    """An incident that was open when its clearing ended."""

    incident_id: UUID
    number: str
    event_class: ClassRef
    opened_at: datetime
    state: State
    """As it stands now."""
    closed_at: datetime | None


class UnclearedList(BaseModel):
    """What was not cleared at one boundary; once made it does not change but for `state` and `closed_at`."""

    clearing: Clearing
    last_day: date
    """The worked day with which the day, week or month ended."""
    ended_at: datetime
    items: list[Uncleared]
    """By number."""
