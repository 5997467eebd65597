"""Commands as the API takes and shows them."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from cloud.people.roles import ANYONE, LEADERS, Role
from devices.link import CommandKind, LogLevelBody, LookAgainBody, PhotoBody, ResetBody


class CommandState(StrEnum):
    """Where a command is."""

    QUEUED = "queued"
    SENT = "sent"
    """On its way, perhaps more than once; not answered."""
    ANSWERED = "answered"
    FAILED = "failed"
    """The node answered that it could not."""
    EXPIRED = "expired"


LIVE = (CommandState.QUEUED, CommandState.SENT)

ROLES: dict[CommandKind, frozenset[Role]] = {
    CommandKind.PHOTO: ANYONE,
    CommandKind.LOOK_AGAIN: ANYONE,
    CommandKind.RESET: ANYONE,
    CommandKind.SITE: LEADERS | {Role.ADMINISTRATOR},
    CommandKind.LOG_LEVEL: LEADERS | {Role.ADMINISTRATOR},
    CommandKind.ROTATE: frozenset({Role.ADMINISTRATOR}),
}
LIFETIME: dict[CommandKind, float] = {
    CommandKind.PHOTO: 120.0,
    CommandKind.LOOK_AGAIN: 600.0,
    CommandKind.RESET: 3600.0,
    CommandKind.SITE: 7 * 86400.0,
    CommandKind.LOG_LEVEL: 600.0,
    CommandKind.ROTATE: 86400.0,
    CommandKind.STILL: 8.0,
    CommandKind.TRY: 600.0,
    CommandKind.CANCEL: 60.0,
}
"""Seconds that a command may wait for its node, unless asked otherwise."""


class _Asked(BaseModel):
    model_config = ConfigDict(extra="forbid")

    incident_id: UUID | None = None
    """The incident on whose page it was asked, and is shown."""
    expires_in: float | None = Field(default=None, ge=1, le=7 * 86400)
    """Seconds it may wait for the node; by kind unless given."""


class AskPhoto(_Asked):
    """A photo of a camera, now."""

    kind: Literal[CommandKind.PHOTO]
    body: PhotoBody


class AskLookAgain(_Asked):
    """Is what a condition is about still there?"""

    kind: Literal[CommandKind.LOOK_AGAIN]
    body: LookAgainBody


class AskReset(_Asked):
    """Reset what a sensor's condition has latched."""

    kind: Literal[CommandKind.RESET]
    body: ResetBody


class NoBody(BaseModel):
    """Nothing more to say."""

    model_config = ConfigDict(extra="forbid")


class AskSite(_Asked):
    """Take over the cloud's site."""

    kind: Literal[CommandKind.SITE]
    body: NoBody = NoBody()


class AskLogLevel(_Asked):
    """Log more or less, for a time."""

    kind: Literal[CommandKind.LOG_LEVEL]
    body: LogLevelBody


class AskRotate(_Asked):
    """Change the node's token."""

    kind: Literal[CommandKind.ROTATE]
    body: NoBody = NoBody()


AnyRequest = AskPhoto | AskLookAgain | AskReset | AskSite | AskLogLevel | AskRotate
CommandRequest = Annotated[AnyRequest, Field(discriminator="kind")]


class CommandOut(BaseModel):
    """One command and what became of it."""

    id: UUID
    node: str
    kind: CommandKind
    body: dict[str, Any]
    incident_id: UUID | None
    asked_by: str
    """A user's name, or `gridwatch`."""
    created_at: datetime
    expires_at: datetime
    state: CommandState
    sent_at: datetime | None
    """When it was last sent."""
    answered_at: datetime | None
    answer: dict[str, Any] | None
    """A photo's `sha256`; of a second look the `verdict`; of a failure the `reason`; ..."""


class CommandPage(BaseModel):
    """Commands, newest first."""

    items: list[CommandOut]


class SiteChange(BaseModel):
    """One site that came into force."""

    at: datetime
    version: int
    digest: str
    """SHA-256 of what it says."""
    actor_kind: str
    """`user`: sent by that person; `system`: read from a file when the cloud started."""
    actor_name: str


class SiteChanges(BaseModel):
    """Which sites came into force, newest first."""

    items: list[SiteChange]


class SiteTaken(BaseModel):
    """The site that is in force now."""

    version: int
    digest: str
    warnings: list[str]
    """What is doubtful in it, a line each."""
