"""A simulated pan, tilt and zoom: where the camera would look by now, and the answers of its PTZ service.

The picture does not move: what is shown was encoded before. GetStatus tells that it did.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any
from xml.sax.saxutils import escape, quoteattr

SPEED = 0.2
"""Parts of the whole range that full speed takes a second."""
LONGEST = 10.0
"""Seconds that a movement lasts where no time is given, as the profile's default says."""
PRESETS = {"1": ("大门 Gate", (0.0, 0.0, 0.0)), "2": ("路口 Crossing", (0.5, -0.2, 0.4))}
Triple = tuple[float, float, float]


class Mount:
    """What the camera is mounted on."""

    def __init__(self, monotonic: Callable[[], float]) -> None:
        self._monotonic = monotonic
        self._at: Triple = (0.0, 0.0, 0.0)
        self._speed: Triple = (0.0, 0.0, 0.0)
        self._begun = self._until = 0.0
        self.moves = 0
        """Movements that were asked for."""

    @property
    def pose(self) -> Triple:
        """Pan and tilt from -1 to 1, zoom from 0 to 1."""
        took = max(0.0, min(self._monotonic(), self._until) - self._begun)
        pan, tilt, zoom = (at + SPEED * speed * took for at, speed in zip(self._at, self._speed, strict=True))
        return _within(pan, -1), _within(tilt, -1), _within(zoom, 0)

    @property
    def moving(self) -> bool:
        """Whether it moves now."""
        return any(self._speed) and self._monotonic() < self._until

    def move(self, speed: Triple, seconds: float) -> None:
        """Move like this for so long."""
        self._at, self._speed = self.pose, speed
        self._begun = self._monotonic()
        self._until = self._begun + min(seconds, LONGEST)
        self.moves += 1

    def stop(self) -> None:
        """Stand still."""
        self._at, self._speed = self.pose, (0.0, 0.0, 0.0)

    def place(self, at: Triple) -> None:
        """Look there now."""
        self._at, self._speed = at, (0.0, 0.0, 0.0)
        self.moves += 1


def answer(mount: Mount, operation: str, call: Any) -> str | None:
    """What the PTZ service answers; None: it does not know that, or that preset."""
    match operation:
        case "ContinuousMove":
            lasts = re.fullmatch(r"PT([\d.]+)S", call.findtext("{*}Timeout") or "")
            seconds = float(lasts[1]) if lasts else LONGEST
            mount.move((*_pair(call.find(".//{*}PanTilt")), _number(call.find(".//{*}Zoom"), "x")), seconds)
        case "Stop":
            mount.stop()
        case "GotoPreset":
            preset = PRESETS.get(call.findtext("{*}PresetToken") or "")
            if preset is None:
                return None
            mount.place(preset[1])
        case "GetPresets":
            listed = "".join(
                f"<tptz:Preset token={quoteattr(token)}><tt:Name>{escape(name)}</tt:Name></tptz:Preset>"
                for token, (name, _) in PRESETS.items()
            )
            return f"<tptz:GetPresetsResponse>{listed}</tptz:GetPresetsResponse>"
        case "GetStatus":
            return _status(mount)
        case _:
            return None
    return f"<tptz:{operation}Response/>"


def _status(mount: Mount) -> str:
    pan, tilt, zoom = mount.pose
    state = "MOVING" if mount.moving else "IDLE"
    return (
        f'<tptz:GetStatusResponse><tptz:PTZStatus><tt:Position><tt:PanTilt x="{pan:.4f}" y="{tilt:.4f}"/>'
        f'<tt:Zoom x="{zoom:.4f}"/></tt:Position><tt:MoveStatus><tt:PanTilt>{state}</tt:PanTilt>'
        f"<tt:Zoom>{state}</tt:Zoom></tt:MoveStatus><tt:UtcTime>2000-01-01T00:00:00Z</tt:UtcTime>"
        "</tptz:PTZStatus></tptz:GetStatusResponse>"
    )


def _pair(element: Any) -> tuple[float, float]:
    return _number(element, "x"), _number(element, "y")


def _number(element: Any, name: str) -> float:
    return 0.0 if element is None else float(element.get(name) or 0)


def _within(value: float, least: float) -> float:
    return max(least, min(1.0, value))
