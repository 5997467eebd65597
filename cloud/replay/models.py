"""A past day as the API shows it."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

from pydantic import BaseModel

from cloud.incidents.models import Incident, LogEntry
from cloud.incidents.opening import Level
from cloud.incidents.transitions import State


class CaseStood(BaseModel):
    """How a case stood after a line of its log."""

    incident_id: UUID
    version: int
    at: datetime
    """Of that line."""
    state: State
    level: Level
    handler: str | None
    organisation: str | None
    seen_gone_at: datetime | None
    closed_at: datetime | None


class CaseChange(BaseModel):
    """One line of a log, and how its case stood from then on."""

    line: LogEntry
    stood: CaseStood


class ReplayPage(BaseModel):
    """A part of a day: first how everything stood when it began, then what happened, in order."""

    day: date
    begins_at: datetime
    ends_at: datetime
    """Of a day that is not over: as of when this was asked."""
    standing: list[CaseStood]
    """Cases that were open when the day began; on the first page only."""
    changes: list[CaseChange]
    cases: list[Incident]
    """The cases that this page tells of, as they are now: for all that does not change."""
    next: str | None
    """Cursor of the next page."""
