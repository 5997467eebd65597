"""Into a channel: what a node brings, or another process that has it."""

from __future__ import annotations

from cloud.video.channel import Channel
from devices.errors import MessageError
from devices.video import Moved, Part, parse_word

_PARTS = frozenset(Part)


def feed(channel: Channel, frame: str | bytes) -> None:
    """The next frame of a live picture.

    Raises:
        MessageError: it is none.
    """
    if isinstance(frame, str):
        said = parse_word(frame)
        if isinstance(said, Moved):
            channel.say(frame)
        else:
            channel.tell(said)
    elif frame and frame[0] in _PARTS:
        channel.part(frame)
    else:
        raise MessageError("a live picture: a frame of no known part")
