"""A camera that can be moved: which way and how fast, for how long, and where it can be sent."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from devices.errors import CameraFault
from devices.onvif import quirks
from devices.onvif.camera import Camera
from devices.onvif.quirks import dig
from devices.onvif.wsdl import MEDIA, Service

PTZ = Service("ptz.wsdl", "{http://www.onvif.org/ver20/ptz/wsdl}PTZBinding")
"""Parsed when the first camera that can be moved is watched: 9 MiB that other nodes do not pay."""
NAMESPACE = "http://www.onvif.org/ver20/ptz/wsdl"


@dataclass(frozen=True, slots=True)
class Velocity:
    """Parts of full speed, -1 to 1: right, up and in are positive (PTZ Service Specification, 5.3.3)."""

    pan: float = 0.0
    tilt: float = 0.0
    zoom: float = 0.0

    @property
    def still(self) -> bool:
        """It does not move."""
        return not (self.pan or self.tilt or self.zoom)


@dataclass(frozen=True, slots=True)
class Preset:
    """A place that the camera can be sent to."""

    token: str
    name: str


@dataclass(frozen=True, slots=True)
class Pose:
    """Where it looks, in the camera's own spaces; None where it does not say."""

    pan: float | None
    tilt: float | None
    zoom: float | None


class MovableCamera(Camera):
    """A camera's PTZ service. Errors as of `Camera`; `CameraFault` where it cannot be moved."""

    _ptz: tuple[str, str] | None = None

    def movable(self) -> bool:
        """Whether it has a PTZ service and a profile that is moved by it; asked once."""
        if self._ptz is None:
            self._media_service()  # also learns how the camera calls itself
            capabilities = self._offered("GetCapabilities", Category=["All"])
            address = quirks.one_line(dig(capabilities, "PTZ", "XAddr"), 2000)
            if not address:
                listed = self._offered("GetServices", IncludeCapability=False) or ()
                there = (dig(one, "XAddr") for one in listed if dig(one, "Namespace") == NAMESPACE)
                address = quirks.one_line(next(there, None), 2000)
            token = self._moved_profile() if address else ""
            if token:
                try:
                    address = quirks.from_here(address, self._place, self._announced)
                except ValueError:
                    token = ""
            self._ptz = (address, token)
        return bool(self._ptz[1])

    def move(self, velocity: Velocity, seconds: float) -> None:
        """Move until told otherwise, and at most so long, as far as the camera keeps to it."""
        if velocity.still:
            self.stop()
            return
        speed = {"PanTilt": {"x": velocity.pan, "y": velocity.tilt}, "Zoom": {"x": velocity.zoom}}
        self._do("ContinuousMove", Velocity=speed, Timeout=timedelta(seconds=seconds))

    def stop(self) -> None:
        """Move no longer."""
        self._do("Stop", PanTilt=True, Zoom=True)

    def go_to(self, preset: str) -> None:
        """Go to a preset."""
        self._do("GotoPreset", PresetToken=preset)

    def presets(self) -> tuple[Preset, ...]:
        """Where it can be sent, as far as these have a name or number."""
        answer = self._ask("GetPresets")
        found = answer if isinstance(answer, list) else []
        tokens = [(quirks.one_line(dig(one, "token"), 64), one) for one in found]
        return tuple(
            Preset(token, quirks.one_line(dig(one, "Name"), 64) or token) for token, one in tokens if token
        )

    def pose(self) -> Pose:
        """Where it looks now."""
        position = dig(self._ask("GetStatus"), "Position")
        pan, tilt, zoom = (
            dig(position, *path) for path in (("PanTilt", "x"), ("PanTilt", "y"), ("Zoom", "x"))
        )
        return Pose(*(None if one is None else float(one) for one in (pan, tilt, zoom)))

    def _moved_profile(self) -> str:
        """The token of the first profile that a PTZ configuration belongs to; empty where there is none."""
        answer = self._call(MEDIA, self._media_service(), "GetProfiles")
        for item in answer if isinstance(answer, list) else []:
            if dig(item, "PTZConfiguration") is not None and (token := dig(item, "token")):
                return quirks.one_line(token, 64)
        return ""

    def _do(self, operation: str, **arguments: Any) -> None:
        self._ask(operation, silent=True, **arguments)

    def _ask(self, operation: str, **arguments: Any) -> Any:
        if not self.movable() or self._ptz is None:
            raise CameraFault(f"{self._place}: cannot be moved")
        address, token = self._ptz
        return self._call(PTZ, address, operation, ProfileToken=token, **arguments)
