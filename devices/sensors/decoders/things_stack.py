"""Uplinks of The Things Stack v3 out of its MQTT server: `v3/APPLICATION@TENANT/devices/DEVICE/up`.

Fields that are 0, false or empty are left out of its JSON, a frame counter of 0 too. Decoded values are in
`uplink_message.decoded_payload`, which a payload formatter fills.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import tzinfo
from typing import Any

from devices.errors import PayloadError
from devices.sensors.decoders.base import Incoming, Post, Report
from devices.sensors.decoders.parts import measured, part, plainly, strongest, text
from devices.sensors.payload import load_object, number
from devices.sensors.times import time_of


class ThingsStack:
    """Uplinks; what else is told of a device measures nothing."""

    def __init__(self, zone: tzinfo) -> None:
        """Its times carry their zone."""

    def topics(self, post: Post) -> tuple[str, ...]:
        """All of one device, in whichever application it is."""
        return (f"v3/+/devices/{post.device}/+",)

    def decode(self, message: Incoming, posts: Sequence[Post]) -> Iterable[Report]:
        """See the module."""
        if message.topic.rpartition("/")[2] != "up":
            return []
        body = load_object(message.payload)
        name = text(part(body, "end_device_ids"), "device_id")
        found = [post for post in posts if post.device == name]
        if not found:
            raise PayloadError("end_device_ids.device_id: is not the device of the topic")
        return [_said(body, post) for post in found]


def _said(body: dict[str, Any], post: Post) -> Report:
    uplink = part(body, "uplink_message")
    at = uplink.get("received_at") or body.get("received_at")
    taken_at = None if at is None else time_of(at, "uplink_message.received_at")
    more: dict[str, Any] = {
        "signal": strongest(uplink.get("rx_metadata")),
        "battery": _battery(uplink),
        "token": f"{text(uplink, 'session_key_id')} {plainly(uplink, 'f_cnt')}",
        # What the console's "simulate uplink" sends is no finding.
        "quality": "uncertain" if body.get("simulated") is True else None,
    }
    if not part(uplink, "decoded_payload"):
        bare = uplink.get("frm_payload")
        why = "uplink_message.decoded_payload: is missing; give the device a payload formatter"
        return Report(post, taken_at=taken_at, refused=(why,) if bare else (), **more)
    said = measured(uplink["decoded_payload"], post, place="uplink_message.decoded_payload")
    return said.report(post, taken_at=said.taken_at or taken_at, **more)


def _battery(uplink: dict[str, Any]) -> float | None:
    level = part(uplink, "last_battery_percentage").get("value")
    return None if level is None else number(level, "uplink_message.last_battery_percentage.value")
