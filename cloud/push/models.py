"""Notices as the API shows them."""

from __future__ import annotations

from datetime import datetime
from typing import Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from devices.messages import Severity
from devices.site.model import Names


class NoticeEvent(BaseModel):
    """What a page is told on the stream: ring, and say that it was delivered and read."""

    id: UUID
    kind: str
    incident_id: UUID | None
    severity: Severity
    words: Names
    rung: int
    """Counted from 0; a later one rings again."""
    created_at: datetime
    to: list[str]
    """User names of those who are called so far; nobody else has this event."""


class Attempt(BaseModel):
    """One try to reach people."""

    rung: int
    rung_name: str
    channel: str
    recipients: list[str]
    began_at: datetime
    state: Literal["queued", "sending", "sent", "failed", "dropped"]
    sent_at: datetime | None
    """When it last went out."""
    settled_at: datetime | None
    answer: str | None
    """What was answered, or why it failed; no address."""
    tries: int
    """More than one: it may have come twice."""


class Receipt(BaseModel):
    """What one person has had of a notice."""

    username: str
    delivered_at: datetime | None
    """When a page of theirs had it."""
    read_at: datetime | None
    how: Literal["page", "link", "case"] | None
    """By what it is known that they read it."""


class NoticeRecord(BaseModel):
    """A notice with all that was done to tell of it."""

    id: UUID
    kind: str
    incident_id: UUID | None
    severity: Severity
    words: Names
    created_at: datetime
    ladder: str | None
    ended_at: datetime | None
    ended_by: str | None
    """`read`, `acknowledged`, `accepted`, `closed`, `seen_gone`, `exhausted`, `no_ladder`."""
    attempts: list[Attempt]
    receipts: list[Receipt]


class NoticeList(BaseModel):
    """Notices of one incident, the earliest first."""

    items: list[NoticeRecord]


class LinkRequest(BaseModel):
    """The end of a short link."""

    model_config = ConfigDict(extra="forbid")

    token: str = Field(min_length=20, max_length=100, pattern=r"^[A-Za-z0-9_-]+$")


class LinkTarget(BaseModel):
    """What a short link is about."""

    notice_id: UUID
    incident_id: UUID | None
