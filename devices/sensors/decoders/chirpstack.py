"""Events of ChirpStack v4, as its MQTT integration publishes them with the JSON marshaler.

`application/APPLICATION/device/DEVEUI/event/EVENT`; an uplink's decoded values are in `object`, which the
codec of the device profile fills. ChirpStack drops copies from several gateways and frames that were sent
again; it gives each uplink a `deduplicationId`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import datetime, tzinfo
from typing import Any

from devices.errors import PayloadError
from devices.sensors.decoders.base import Incoming, Post, Report, Sample
from devices.sensors.decoders.parts import measured, part, plainly, strongest, text
from devices.sensors.payload import load_object, number
from devices.sensors.times import time_of

_CODE = re.compile(r"[A-Z][A-Z_]{0,40}")


class ChirpStack:
    """Uplinks and device status; a device's log says what its codec could not do."""

    def __init__(self, zone: tzinfo) -> None:
        """Its times carry their zone."""

    def topics(self, post: Post) -> tuple[str, ...]:
        """All events of one device, in whichever application it is."""
        return (f"application/+/device/{post.device.lower()}/event/+",)

    def decode(self, message: Incoming, posts: Sequence[Post]) -> Iterable[Report]:
        """See the module; joins, acknowledgements and places measure nothing."""
        event = message.topic.rpartition("/")[2]
        if event not in ("up", "status", "log"):
            return []
        body = load_object(message.payload)
        eui = text(part(body, "deviceInfo"), "devEui").casefold()
        found = [post for post in posts if post.device.casefold() == eui]
        if not found:
            raise PayloadError("deviceInfo.devEui: is not the device of the topic")
        return [_said(event, body, post) for post in found]


def _said(event: str, body: dict[str, Any], post: Post) -> Report:
    if event == "log":
        code = text(body, "code")
        told = code if _CODE.fullmatch(code) else "something"
        return Report(post, refused=(f"log: ChirpStack reports {told} for this device",))
    at, token = _time(body), text(body, "deduplicationId")
    if event == "status":
        return Report(post, _status(body), taken_at=at, token=f"status {token}")
    signal = strongest(body.get("rxInfo"))
    if not part(body, "object"):
        # A frame without a payload only keeps the network's books.
        refused = ("object: is missing; give the device profile a codec",) if body.get("data") else ()
        return Report(post, taken_at=at, signal=signal, refused=refused)
    said = measured(body["object"], post, place="object")
    return said.report(
        post, taken_at=said.taken_at or at, signal=signal, token=f"{token} {plainly(body, 'fCnt')}"
    )


def _status(body: dict[str, Any]) -> tuple[Sample, ...]:
    if body.get("externalPowerSource") or body.get("batteryLevelUnavailable") or "batteryLevel" not in body:
        return ()
    return (Sample("battery", number(body["batteryLevel"], "batteryLevel")),)


def _time(body: dict[str, Any]) -> datetime | None:
    return None if body.get("time") is None else time_of(body["time"], "time")
