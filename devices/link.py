"""What travels on a node's link: commands from the cloud, and what became of them. Alarms never ride on it.

The link is one WebSocket that the node opens, at `PATH`. Each frame is one JSON object with a `type`:

    node ──hello──► cloud       which site the node runs
    node ◄──site─── cloud       which site the cloud has
    node ◄─command─ cloud       again and again until it is answered or has expired
    node ──answer─► cloud       the same for each repeat of a command
    node ◄─video─── cloud       which live pictures people watch now (`devices.video`)
"""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import AwareDatetime, Base64Bytes, Field, TypeAdapter, ValidationError

from devices.errors import MessageError
from devices.messages import Identifier, Message, explain
from devices.video import VideoWish

PATH = "/api/v1/link"
LARGEST_FRAME = 4 * 1024 * 1024
"""Bytes; the largest is a whole site."""
PING_EVERY, PING_PATIENCE = 8.0, 8.0
"""Seconds between pings, and for a pong: both sides notice a half-open link within 16 s."""


class CommandKind(StrEnum):
    """What a node can be asked to do."""

    PHOTO = "photo"
    """Take a photo with a camera now."""
    LOOK_AGAIN = "look_again"
    """Say whether what a condition is about is still there."""
    SITE = "site"
    """Take over the cloud's site."""
    LOG_LEVEL = "log_level"
    """Log more or less, for a time."""
    ROTATE = "rotate"
    """Change the node's token."""
    RESET = "reset"
    """Reset what a sensor's condition has latched."""
    STILL = "still"
    """Show the picture of a camera, of the last hour's, that was taken nearest to a time."""
    TRY = "try"
    """Say what other zones of a camera would have raised in the last hour."""
    CANCEL = "cancel"
    """Try no longer."""
    PTZ = "ptz"
    """Move a camera: asked on its live picture, never on the link; the row says who did."""


class PhotoBody(Message):
    """Of `photo`."""

    camera: Identifier
    condition_id: UUID | None = None
    """Whose evidence it becomes; none: the command's own."""


class LookAgainBody(Message):
    """Of `look_again`."""

    camera: Identifier
    condition_id: UUID


class ResetBody(Message):
    """Of `reset`. The answer's result says whether it was (`reset`), and else why not (`why`)."""

    condition_id: UUID


class SiteBody(Message):
    """Of `site`: which one, and on the link its text."""

    version: int = Field(ge=1)
    digest: str
    text: str | None = None
    """The site file, one text without parts in files of their own."""


class LogLevelBody(Message):
    """Of `log_level`."""

    logger: str = Field(
        pattern=r"^(|(devices|edge|urllib3|paho|websockets)(\.[A-Za-z0-9_]+)*)$", max_length=100
    )
    """Name of a logger of the node; empty: of all."""
    level: Literal["DEBUG", "INFO", "WARNING", "ERROR"]
    seconds: float = Field(gt=0, le=86400)
    """After which the level is what it was."""


class StillBody(Message):
    """Of `still`."""

    camera: Identifier
    at: AwareDatetime | None = None
    """Nearest to this time; none: the newest."""


class TryBody(Message):
    """Of `try`. The zones are as a site file has them, rules and all; the node reads them."""

    camera: Identifier
    zones: list[dict[str, Any]] = Field(min_length=1, max_length=32)


class CancelBody(Message):
    """Of `cancel`."""

    command_id: UUID
    """Of the `try` that shall end."""


class Verdict(StrEnum):
    """What a second look at a place says."""

    PRESENT = "present"
    GONE = "gone"
    OCCLUDED = "occluded"
    """Something stands in front."""
    BLIND = "blind"
    """The camera cannot see just now."""


class Hello(Message):
    """The node's first word."""

    type: Literal["hello"] = "hello"
    version: int
    """Of the site that it runs."""
    digest: str
    local: bool = False
    """It was told to run its local file, whatever the cloud has."""


class SiteNotice(Message):
    """The cloud's first word: the site that it has."""

    type: Literal["site"] = "site"
    version: int
    digest: str


class Command(Message):
    """One thing that a node shall do."""

    type: Literal["command"] = "command"
    id: UUID
    kind: str
    """A `CommandKind`, or one that a newer cloud knows."""
    body: dict[str, Any]
    expires_in: float
    """Seconds from when it was sent: the node's wall clock may be wrong."""


class Outcome(StrEnum):
    """What became of a command."""

    DONE = "done"
    FAILED = "failed"
    EXPIRED = "expired"
    """It reached the node too late."""


class Shown(Message):
    """A small picture in an answer: to be looked at now, kept by nobody for long."""

    taken_at: AwareDatetime
    jpeg: Base64Bytes


class Answer(Message):
    """What became of a command; a repeat of the command gets the same, unless there are pictures in it."""

    type: Literal["answer"] = "answer"
    id: UUID
    outcome: Outcome
    result: dict[str, Any] = Field(default_factory=dict)
    """With `failed`, `reason` is one sentence."""
    pictures: tuple[Shown, ...] = ()


Frame = Hello | SiteNotice | Command | Answer | VideoWish
_FRAME: TypeAdapter[Frame] = TypeAdapter(Annotated[Frame, Field(discriminator="type")])


def parse_frame(text: str | bytes) -> Frame:
    """One frame of the link.

    Raises:
        MessageError: it is none.
    """
    try:
        return _FRAME.validate_json(text)
    except ValidationError as error:
        raise MessageError(explain(error)) from error
