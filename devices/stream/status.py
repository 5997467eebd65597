"""How a stream is doing, in words for people and in measured facts."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

from devices.messages import DeviceStatus
from devices.reasons import Reason

Facts = dict[str, float | int | str | bool]
RUNG: Mapping[Reason, DeviceStatus] = dict.fromkeys(Reason, DeviceStatus.STALLED) | {
    Reason.NO_ANSWER: DeviceStatus.UNREACHABLE,
    Reason.CONNECTION_REFUSED: DeviceStatus.UNREACHABLE,
    Reason.NAME_UNKNOWN: DeviceStatus.UNREACHABLE,
    Reason.LOGIN_REFUSED: DeviceStatus.REFUSED,
    Reason.SECRET_MISSING: DeviceStatus.REFUSED,
}
"""The rung of the status ladder on which each reason leaves a device: whom to send follows from it."""


@dataclass(frozen=True, slots=True)
class StreamStatus:
    """The state of one stream."""

    state: DeviceStatus
    detail: str = ""
    """One sentence for people, without secrets."""
    facts: Facts = field(default_factory=dict)
    """`packets`, `decoded`, `dropped`, `reconnects` since the start; and once there was a picture `codec`,
    `width`, `height`, `fps`, `key_interval_s` (the longest of the last three) and `sparse` (key frames come
    too seldom for what was asked, all frames are decoded)."""
    reason: Reason | None = None
    """Why it does not deliver; None while it does."""


@dataclass(frozen=True, slots=True)
class StreamFacts:
    """What picture health must know of one stream, at one moment."""

    state: DeviceStatus
    key_interval: float | None = None
    """Seconds between two key frames, the longest of the last three; None until one was measured."""
    last_unit_age: float = math.inf
    """Seconds since anything came of the stream; infinite until then."""
    last_picture_age: float = math.inf
    """Seconds since the last picture; infinite until then."""
