"""Where a camera's pictures are: its log-in, and what it says over ONVIF."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from devices.credentials import Credentials
from devices.errors import CameraFault
from devices.onvif import Camera as OnvifCamera
from devices.onvif.model import Profile
from devices.site.model import Camera
from devices.stream.status import Facts


@dataclass(frozen=True, slots=True)
class Asked:
    """What a camera said of itself."""

    uri: str
    """Of its stream, or of its still picture."""
    facts: Facts


def credentials_of(camera: Camera, env: Mapping[str, str]) -> Credentials | None:
    """The camera's log-in out of the environment.

    Raises:
        CredentialsError: it is named in the site but not there.
    """
    name = camera.credentials
    return None if name is None else Credentials.from_environment(name, env)


def looked_at(profiles: Sequence[Profile], camera: Camera) -> Profile:
    """Which of a camera's streams, largest first, the site has looked at."""
    return profiles[min(1, len(profiles) - 1) if camera.profile == "sub" else 0]


def ask(camera: Camera, credentials: Credentials | None) -> Asked:
    """Ask a camera for its address; blocks for some exchanges.

    Raises:
        CameraError: nobody answers, the log-in is refused, or the answer makes no sense.
    """
    onvif = OnvifCamera(camera.host, camera.port, credentials)
    chosen = looked_at(onvif.profiles(), camera)
    find = onvif.snapshot_uri if camera.transport == "snapshot" else onvif.stream_uri
    uri = find(chosen.token)
    facts: Facts = {"profile": chosen.name, "codec": chosen.encoding}
    facts |= {"width": chosen.width, "height": chosen.height}
    # What a camera cannot say of itself must not keep its pictures away.
    with contextlib.suppress(CameraFault):
        facts["clock_offset_s"] = round(onvif.clock_offset(), 1)
    with contextlib.suppress(CameraFault):
        known = onvif.device_information()
        facts["model"] = f"{known.manufacturer} {known.model}".strip()
    return Asked(uri, facts)
