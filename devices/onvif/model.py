"""What an ONVIF camera tells about itself, as plain values."""

from __future__ import annotations

from dataclasses import dataclass

from devices.messages import DeviceStatus


@dataclass(frozen=True, slots=True)
class Timeouts:
    """How long one exchange with a camera may take, in seconds.

    A camera on a working network accepts a connection within milliseconds; 3 s cover one lost SYN.
    Small cameras need 1 to 3 s for an answer while they encode.
    """

    connect: float = 3.0
    answer: float = 8.0
    """From the connection to the last byte of the answer."""


@dataclass(frozen=True, slots=True)
class DeviceInformation:
    """Who made the camera; a field it leaves out is empty."""

    manufacturer: str
    model: str
    firmware: str
    serial: str
    hardware: str


@dataclass(frozen=True, slots=True)
class Profile:
    """One stream that the camera offers."""

    token: str
    name: str
    encoding: str
    """As the camera says it: "H264", "H265", "JPEG", "MPEG4"."""
    width: int
    """Pixels."""
    height: int
    """Pixels."""
    fps: float | None
    """Frames per second at most; None when the camera does not say."""
    gov_length: int | None
    """Frames from one key frame to the next; None when the camera does not say."""


@dataclass(frozen=True, slots=True)
class Rung:
    """Where a camera stands on the status ladder."""

    status: DeviceStatus
    detail: str
    """One sentence for people, without secrets."""
    clock_offset: float | None
    """Seconds the camera's clock is ahead of ours; None when it could not be read."""


@dataclass(frozen=True, slots=True)
class Discovered:
    """One device that answered a WS-Discovery Probe."""

    endpoint: str
    """Its stable id, a `urn:uuid:`."""
    source: str
    """The address that the answer came from."""
    xaddrs: tuple[str, ...]
    """Where its device service listens, as seen from here."""
    name: str
    hardware: str
    location: str
    scopes: tuple[str, ...]
