"""A call as the API shows it."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from cloud.deadlines.running import Light
from cloud.whistles.calls import Answer, CallState

Words = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=500)]


class Rating(BaseModel):
    """What the community said of a department's work."""

    score: int
    """1, the worst, to 5."""
    words: str
    community: str
    at: datetime


class CallClock(BaseModel):
    """One clock of a call."""

    due_at: datetime | None
    """None: it has as long as it takes."""
    late: bool
    """It was not answered in time; stays so."""
    light: Light


class Call(BaseModel):
    """One department called to one case."""

    id: UUID
    incident_id: UUID
    organisation: str
    state: CallState
    version: int
    """Rises with every answer; `If-Match` of the next one."""
    reason: str
    called_at: datetime
    called_by: str
    checked_in_at: datetime | None
    ended_at: datetime | None
    words: str | None
    """What it said last."""
    check_in: CallClock
    report: CallClock
    rating: Rating | None
    allowed_answers: list[Answer]
    """What may be said of it now, by whoever may."""


class Calls(BaseModel):
    """Calls, in the order in which they were made."""

    items: list[Call]
    late: int
    """How many of them were not answered in time."""


class WhistleRequest(BaseModel):
    """Whom to call, and why."""

    model_config = ConfigDict(extra="forbid")

    organisations: list[Annotated[str, Field(min_length=1, max_length=60)]] = Field(
        min_length=1, max_length=20
    )
    reason: Words


class AnswerRequest(BaseModel):
    """What a department says; `withdraw` is said by who called it."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"answer": "check_in"}]})

    answer: Answer
    words: Words | None = None
    """Needed for all but `check_in`: what was done, or why not."""


class RatingRequest(BaseModel):
    """How a department did."""

    model_config = ConfigDict(extra="forbid")

    score: int = Field(ge=1, le=5)
    words: Words
