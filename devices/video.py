"""What travels of live pictures: the cloud's wish on a node's link, and what the node sends for it.

For each watched camera the node opens one WebSocket at `live_path`, and while anybody looks at stills one at
`STILLS_PATH`. On a live one each binary frame is one byte, a `Part`, and then MP4; each text frame a
`LiveWord` or `Moved`, and what comes back are `MoveWish` and `PresetWish`. On that of stills each binary
frame is a still (`pack_still`). The cloud ends what nobody watches.
"""

from __future__ import annotations

import struct
from enum import IntEnum, StrEnum
from typing import Annotated, Literal
from urllib.parse import quote

from pydantic import Field, TypeAdapter, ValidationError

from devices.errors import MessageError
from devices.messages import Identifier, Message, explain

LIVE_PATH, STILLS_PATH = "/api/v1/video/live/{camera}", "/api/v1/video/stills"
WISH_LIFE = 15.0
"""Seconds that a wish counts unless it is said again."""
WISH_AGAIN = 4.0
"""Seconds after which it is."""
MOVE_LIFE = 1.0
"""Seconds that a movement goes on unless it is asked for again."""
MOST_LIVE = 4
"""Cameras of one node that are sent live at once: its uplink is for alarms."""
MOST_STILLS = 64
"""Cameras of one node whose stills may be asked for."""
_LENGTH = struct.Struct(">H")


def live_path(camera: str) -> str:
    """Where a node brings a camera's live picture."""
    return LIVE_PATH.format(camera=quote(camera, safe=""))


class VideoWish(Message):
    """Whom people watch now: all of it, so that the newest counts."""

    type: Literal["video"] = "video"
    live: tuple[Identifier, ...] = Field(default=(), max_length=MOST_LIVE)
    stills: tuple[Identifier, ...] = Field(default=(), max_length=MOST_STILLS)


class Part(IntEnum):
    """What a binary frame of a live picture is; the same numbers as of `devices.stream.fragments.Kind`."""

    OPENING = 0
    KEY = 1
    NEXT = 2


class LiveState(StrEnum):
    """How a live picture is doing."""

    OPENING = "opening"
    """The node looks for it."""
    LIVE = "live"
    STALLED = "stalled"
    """The camera is there but sends nothing just now."""
    AWAY = "away"
    """The camera cannot be reached, or refuses its log-in."""
    HELD = "held"
    """The node's line is slow and alarms go first."""
    CODEC = "codec"
    """The camera has no stream that browsers play."""
    STILLS_ONLY = "stills_only"
    """Its pictures come in another way, of which no live one can be made."""
    NODE_AWAY = "node_away"
    """Said by the cloud: the node does not bring it."""


class Place(Message):
    """Where a camera can be sent."""

    token: str
    name: str


class LiveWord(Message):
    """How it is doing, from the node; `codecs`, width and height once they are known."""

    type: Literal["state"] = "state"
    state: LiveState
    codecs: str = ""
    width: int = 0
    height: int = 0
    ptz: bool = False
    """The camera can be moved."""
    presets: tuple[Place, ...] = ()


Speed = Annotated[float, Field(ge=-1, le=1, allow_inf_nan=False)]
"""Part of full speed: right, up and in are positive."""


class MoveWish(Message):
    """Move a watched camera, for `MOVE_LIFE` seconds unless it is said again; all nought: stop."""

    type: Literal["move"] = "move"
    pan: Speed = 0.0
    tilt: Speed = 0.0
    zoom: Speed = 0.0


class PresetWish(Message):
    """Send a watched camera to a place."""

    type: Literal["preset"] = "preset"
    token: str = Field(min_length=1, max_length=64)


class Moved(Message):
    """What became of a wish to move."""

    type: Literal["moved"] = "moved"
    ok: bool
    why: str = ""
    """`forbidden`, or `failed`: the camera did not do it."""


class StillHead(Message):
    """What stands before a still's JPEG."""

    camera: Identifier
    age: float = Field(ge=0)
    """Seconds since it was taken, when it was sent: clocks may differ."""


_WORD: TypeAdapter[LiveWord | Moved] = TypeAdapter(Annotated[LiveWord | Moved, Field(discriminator="type")])
_WISH: TypeAdapter[MoveWish | PresetWish] = TypeAdapter(
    Annotated[MoveWish | PresetWish, Field(discriminator="type")]
)


def parse_word(text: str) -> LiveWord | Moved:
    """A text frame of a live picture, from the node.

    Raises:
        MessageError: it is none.
    """
    try:
        return _WORD.validate_json(text)
    except ValidationError as error:
        raise MessageError(explain(error)) from error


def parse_wish(text: str) -> MoveWish | PresetWish:
    """A text frame of a live picture, from who watches it.

    Raises:
        MessageError: it is none.
    """
    try:
        return _WISH.validate_json(text)
    except ValidationError as error:
        raise MessageError(explain(error)) from error


def pack_still(head: StillHead, jpeg: bytes) -> bytes:
    """A still as it travels: the length of its head, the head as JSON, the JPEG."""
    said = head.model_dump_json().encode()
    return _LENGTH.pack(len(said)) + said + jpeg


def unpack_still(data: bytes) -> tuple[StillHead, bytes]:
    """Its head and its JPEG.

    Raises:
        MessageError: it is none.
    """
    if len(data) < _LENGTH.size:
        raise MessageError("a still: is too short")
    begin = _LENGTH.size + _LENGTH.unpack_from(data)[0]
    try:
        head = StillHead.model_validate_json(data[_LENGTH.size : begin])
    except ValidationError as error:
        raise MessageError(explain(error)) from error
    if not data.startswith(b"\xff\xd8", begin):
        raise MessageError("a still: is no JPEG")
    return head, data[begin:]
