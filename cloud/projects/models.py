"""Projects as the API shows them."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Self
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, model_validator

from cloud.alarms.models import ClassRef
from cloud.incidents.transitions import State
from cloud.projects.steps import Step
from cloud.sources.models import Photos, Words
from devices.site.model import Names


class ProjectTask(BaseModel):
    """One thing to do, claimed by one person."""

    id: UUID
    position: int
    name: Names
    version: int
    claimed_by: str | None
    claimed_at: datetime | None
    done_at: datetime | None
    words: str | None
    """Of whoever did it."""
    photos: list[str]
    """Addresses of the originals."""
    allowed_steps: list[Step]


class ProjectCase(BaseModel):
    """A case of a project."""

    id: UUID
    number: str
    state: State
    opened_at: datetime


class Project(BaseModel):
    """What is to be done for good at a place."""

    id: UUID
    event_class: ClassRef
    point: str
    """The monitored point, or the place of its first case."""
    grid: str | None
    community: str | None
    name: Names
    version: int
    opened_at: datetime
    closed_at: datetime | None
    """When its last task was done."""
    tasks: list[ProjectTask]
    cases: list[ProjectCase]
    """Those in your scope, oldest first."""


class Projects(BaseModel):
    """The latest first."""

    items: list[Project]


class NewProject(BaseModel):
    """A project that the grid's council (网议会) decides on."""

    model_config = ConfigDict(extra="forbid")

    incidents: Annotated[list[UUID], Field(min_length=1, max_length=50)]
    """Cases that it is about; class and place are those of the first."""
    name: Names
    tasks: Annotated[list[Names], Field(min_length=1, max_length=30)]


class TaskStep(BaseModel):
    """One step with a task."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"step": "claim"}]})

    step: Step
    words: Words | None = None
    """To hand back: why. Of what is done: how it is now."""
    photos: Photos = ()
    """Of what is done: SHA-256 of photos that were sent ahead (`PUT /photos/{sha256}`)."""

    @model_validator(mode="after")
    def _told(self) -> Self:
        if self.step is Step.HAND_BACK and self.words is None:
            raise ValueError("words: say why it is handed back")
        if self.step is Step.DONE and self.words is None and not self.photos:
            raise ValueError("words: show what was done, by words or photos")
        if self.step is not Step.DONE and self.photos:
            raise ValueError("photos: only what is done has some")
        return self
