"""States of Zigbee2MQTT: flat JSON under `zigbee2mqtt/FRIENDLY NAME`, and `.../availability`.

A state repeats what did not change, and has a time only where `advanced.last_seen` is set. Its
`linkquality` (0 to 255) is no signal strength: how the two go together depends on the adapter.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import tzinfo

from devices.errors import PayloadError
from devices.sensors.decoders.base import Incoming, Post, Report
from devices.sensors.decoders.parts import json_or_text, measured
from devices.sensors.payload import load_object
from devices.sensors.times import time_of


class Zigbee2Mqtt:
    """`device` is the friendly name, which may have slashes in it."""

    def __init__(self, zone: tzinfo) -> None:
        self._zone = zone

    def topics(self, post: Post) -> tuple[str, ...]:
        """Its state and whether it is there."""
        return (f"zigbee2mqtt/{post.device}", f"zigbee2mqtt/{post.device}/availability")

    def decode(self, message: Incoming, posts: Sequence[Post]) -> Iterable[Report]:
        """See the module."""
        if message.topic.endswith("/availability"):
            online = _online(message.payload)
            return [Report(post, online=online) for post in posts]
        body = load_object(message.payload)
        seen = body.get("last_seen")
        at = None if seen is None else time_of(seen, "last_seen", self._zone)
        reports = []
        for post in posts:
            said = measured(body, post, self._zone)
            reports.append(said.report(post, taken_at=said.taken_at or at))
        return reports


def _online(payload: bytes) -> bool:
    said = json_or_text(payload)
    state = said.get("state") if isinstance(said, dict) else said
    if state not in ("online", "offline"):
        raise PayloadError("state: must be online or offline")
    return bool(state == "online")
