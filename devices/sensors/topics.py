"""The topic tree of the sensors: `grid/v1/{point}/{device}/{channel}`.

| channel | QoS | retained | carries |
|---|---|---|---|
| `tele`  | 1 | no  | measurements at the sensor's period |
| `event` | 1 | no  | measurements that could not wait: a press, a lid, a self-test |
| `state` | 1 | yes | on line or not; also the device's last will |
| `birth` | 1 | yes | type, firmware and quantities of the device |
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from devices.errors import PayloadError

ROOT = "grid/v1"
_IDENTIFIER = r"[A-Za-z0-9][A-Za-z0-9._:-]{0,63}"


class Channel(StrEnum):
    """What a topic carries."""

    TELE = "tele"
    EVENT = "event"
    STATE = "state"
    BIRTH = "birth"


_TOPIC = re.compile(rf"{ROOT}/({_IDENTIFIER})/({_IDENTIFIER})/({'|'.join(Channel)})")


@dataclass(frozen=True, slots=True)
class Topic:
    """One topic, taken apart. `str()` puts it together again."""

    point: str
    """As the device claims; the site decides."""
    device: str
    channel: Channel

    def __str__(self) -> str:
        return f"{ROOT}/{self.point}/{self.device}/{self.channel}"


def parse(topic: str) -> Topic:
    """Take `topic` apart.

    Raises:
        PayloadError: it is not a topic of this tree.

    """
    match = _TOPIC.fullmatch(topic)
    if match is None:
        raise PayloadError(f"topic: {topic[:80]!r} is not {ROOT}/POINT/DEVICE/({'|'.join(Channel)})")
    return Topic(match[1], match[2], Channel(match[3]))


def filters(points: Iterable[str]) -> tuple[str, ...]:
    """The subscriptions that cover every device at `points`, one a point; commands lie deeper in the tree."""
    return tuple(f"{ROOT}/{point}/+/+" for point in points)
