"""Speak ONVIF with cameras: what they are, what they stream, how they are, and who is there.

>>> from devices.onvif import Camera
>>> camera = Camera("192.0.2.10", 80, None)  # nothing is sent yet

Errors are `devices.errors.CameraUnreachable`, `CameraRefused` and `CameraFault`.
"""

from devices.onvif.camera import Camera
from devices.onvif.discovery import discover
from devices.onvif.model import DeviceInformation, Discovered, Profile, Rung, Timeouts
from devices.onvif.transport import Answer, Http, exchange

__all__ = [
    "Answer",
    "Camera",
    "DeviceInformation",
    "Discovered",
    "Http",
    "Profile",
    "Rung",
    "Timeouts",
    "discover",
    "exchange",
]
