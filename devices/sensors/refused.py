"""What could not be used: counted, with one sample of each sensor's, all of it bounded and without values.

What is sampled goes as far as the cloud's device page, and payloads may hold anything, a password for a
wireless network too: names of fields and numbers are shown, text and what is no JSON never.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from devices.errors import PayloadError
from devices.sensors.payload import load_json

MAX_REASONS = 200
"""Reasons told apart; those that come later are counted as `OTHER`."""
MAX_SENSORS = 10_000
OTHER = "other reasons"
SAMPLE = 200
"""Letters of a sample."""


@dataclass(frozen=True, slots=True)
class Unusable:
    """Of one sensor: how often, and the last time."""

    times: int
    reason: str
    sample: str
    """The shape of the message, at most `SAMPLE` letters."""


class Refused:
    """Counts by reason and by sensor."""

    def __init__(self) -> None:
        self.reasons: Counter[str] = Counter()
        self.sensors: dict[str, Unusable] = {}
        self.strangers = 0
        """Of no sensor of the site, or of which that could not be told."""

    def note(self, sensor: str | None, reason: str, payload: bytes) -> bool:
        """Count one; whether its reason is a new one, which is worth a line in the log."""
        reason = reason[:200]
        if reason not in self.reasons and len(self.reasons) >= MAX_REASONS:
            reason = OTHER
        self.reasons[reason] += 1
        if sensor is not None and (sensor in self.sensors or len(self.sensors) < MAX_SENSORS):
            before = self.sensors.get(sensor)
            times = 1 if before is None else before.times + 1
            self.sensors[sensor] = Unusable(times, reason, shape(payload))
        else:
            self.strangers += 1
        return self.reasons[reason] == 1

    def forget_but(self, sensors: Collection[str]) -> None:
        """The site has only these."""
        self.sensors = {name: one for name, one in self.sensors.items() if name in sensors}


def shape(payload: bytes) -> str:
    """What a message looks like, without its text: names of fields, numbers, how long each text is."""
    try:
        text = json.dumps(_shaped(load_json(payload), 4), separators=(",", ":"), ensure_ascii=False)
    except PayloadError as error:
        return f"{len(payload)} bytes; {error}"[:SAMPLE]
    return text if len(text) <= SAMPLE else text[: SAMPLE - 1] + "…"


def _shaped(value: Any, depth: int) -> Any:
    if isinstance(value, str):
        return f"({len(value)} letters)"
    if isinstance(value, dict):
        return {_name(name): _shaped(child, depth - 1) for name, child in value.items()} if depth else "{…}"
    if isinstance(value, list):
        return [_shaped(child, depth - 1) for child in value] if depth else "[…]"
    return value if not isinstance(value, int) or abs(value) < 2**53 else "(a large number)"


def _name(name: str) -> str:
    return "".join(one if one.isalnum() or one in "_.-: %/" else "?" for one in name[:32])
