"""Whether a device is on line, by its retained `state`.

    {"v": 1, "online": true, "boot": "7f3a", "bd": 12}

A device registers the same with `online: false` as its last will; `bd` counts its connections, so a will that
arrives late cannot end a newer connection (the birth/death number of Sparkplug 3.0, chapter 5).
"""

from __future__ import annotations

from dataclasses import dataclass

from devices.errors import PayloadError
from devices.messages import DeviceStatus
from devices.sensors.decode import Bindings, bound
from devices.sensors.payload import boot_id, count, load_object, version
from devices.sensors.topics import Channel


@dataclass(frozen=True, slots=True)
class Presence:
    """What a device, or the broker in its name, last said about itself."""

    point: str
    device: str
    online: bool
    boot: str
    connection: int
    """Rises by one with every connection of the device."""


def decode_presence(topic: str, payload: bytes, bindings: Bindings) -> Presence:
    """Read a message of the channel `state`.

    Raises:
        PayloadError: another channel, a device the site does not know there, or not what the schema says.

    """
    where = bound(topic, bindings)
    if where.channel is not Channel.STATE:
        raise PayloadError(f"topic: presence comes on {Channel.STATE}, not on {where.channel}")
    body = load_object(payload)
    version(body, where.device)
    online = body.get("online")
    if not isinstance(online, bool):
        raise PayloadError("online: must be true or false")
    return Presence(where.point, where.device, online, boot_id(body), count(body, "bd"))


def newer(known: Presence | None, heard: Presence) -> Presence:
    """Which of the two holds: `heard`, unless it is the will of a connection that was replaced."""
    if (
        known is not None
        and not heard.online
        and heard.boot == known.boot
        and heard.connection < known.connection
    ):
        return known
    return heard


def standing(presence: Presence | None, *, spoke: bool, silent: bool) -> tuple[DeviceStatus, str] | None:
    """How a device stands, and why, for people; None while nothing is known of it.

    Args:
        presence: what holds of what it said itself.
        spoke: it measured something since we listen.
        silent: it has measured nothing for longer than it may.

    """
    if presence is not None and not presence.online:
        return DeviceStatus.UNREACHABLE, "left the broker or lost its power"
    if presence is not None:
        return (
            (DeviceStatus.STALLED, "online, but it measures nothing")
            if silent
            else (DeviceStatus.UP, "online")
        )
    if silent:
        why = "its readings have stopped" if spoke else "nothing was heard of it yet"
        return DeviceStatus.UNREACHABLE, why
    return (DeviceStatus.UP, "its readings come") if spoke else None
