"""Inspections as the API shows them."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from cloud.inspections.policy import Question
from cloud.sources.models import Photos, Words
from devices.site.model import Names

State = Literal["planned", "missed", "done"]


class Answer(BaseModel):
    """What was found for one question of the checklist."""

    model_config = ConfigDict(extra="forbid")

    question: Annotated[str, Field(max_length=40)]
    ok: bool
    """In order. What is not opens a case."""
    words: Words | None = None
    """Needed where it is not in order."""
    photos: Photos = ()
    """SHA-256 of photos that were sent ahead (`PUT /photos/{sha256}`)."""


class Result(BaseModel):
    """An answer to each question."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"answers": [{"question": "exit", "ok": True}]}]}
    )

    answers: Annotated[list[Answer], Field(min_length=1, max_length=50)]


class Inspection(BaseModel):
    """One inspection of one place on one day."""

    id: UUID
    task: str
    """Of the policy `inspections`."""
    name: Names
    target: str
    """`grid:ID`, `point:ID` or `asset:CODE`."""
    day: date
    begins_at: datetime
    due_at: datetime
    grid: str | None
    community: str | None
    point: str | None
    who: str
    """`grid`: whoever looks after the grid; or `person:<username>`."""
    state: State
    missed_at: datetime | None
    """It was not done in time; it stays said when it is done later."""
    version: int
    checklist: list[Question]
    done_at: datetime | None
    done_by: str | None
    answers: list[Answer] | None
    faulty: bool
    """Something was not in order."""
    cases: list[UUID]
    """That its faults opened."""


class InspectionList(BaseModel):
    """Those that are due first come first."""

    items: list[Inspection]
    missed: int
    """How many in your scope were missed and are still not done."""
