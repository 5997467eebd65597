"""What live pictures need of the node's cameras, out of its reception."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from functools import partial

from devices.errors import CameraRefused, CredentialsError
from devices.onvif.ptz import MovableCamera
from devices.site.model import Camera
from devices.stream.coded import Stamped
from devices.stream.status import StreamFacts
from edge.node.ask import credentials_of
from edge.node.reception import Reception
from edge.video.moving import Movable
from edge.video.second import SecondStream


class ReceptionSights:
    """See `edge.video.desk.Sights`."""

    def __init__(
        self, reception: Reception, cameras: Callable[[], Iterable[Camera]], env: Mapping[str, str]
    ) -> None:
        """`cameras`: as the site has them now; `env`: where their log-ins are."""
        self._reception, self._cameras, self._env = reception, cameras, env

    def since(self, camera: str, last: Stamped | None) -> tuple[Stamped, ...]:
        """What came of a camera after `last`; from the newest key unit on where that is not known."""
        return self._reception.ring.since(camera, last)

    def size(self, camera: str) -> tuple[int, int] | None:
        """Width and height of its pictures; None until one was seen."""
        return self._reception.size(camera)

    def stream(self, camera: str) -> StreamFacts:
        """How its stream is doing."""
        return self._reception.stream(camera)

    def ringed(self, camera: str) -> bool:
        """Whether its packets are kept at all."""
        return self._reception.intake(camera) is not None

    def taken_at(self, camera: str, at: float) -> datetime | None:
        """UTC of a stream time of that camera, as far as it is known."""
        intake = self._reception.intake(camera)
        return None if intake is None else intake.taken_at(at)

    def moving(self, camera: str) -> Callable[[], Movable] | None:
        """What makes the means to move a camera; None where it is not spoken to over ONVIF."""
        found = self._onvif(camera)
        return None if found is None else partial(_movable, found, self._env)

    def second(self, camera: str) -> SecondStream | None:
        """Begin to receive another stream of a camera; None where it is not spoken to over ONVIF."""
        found = self._onvif(camera)
        return None if found is None else SecondStream(found, self._env)

    def _onvif(self, camera: str) -> Camera | None:
        return next((one for one in self._cameras() if one.id == camera and one.stream_uri is None), None)

    def wake(self, camera: str) -> None:
        """Look at a camera's next key frame."""
        self._reception.wake(camera)


def _movable(camera: Camera, env: Mapping[str, str]) -> Movable:
    """Speak with its PTZ service.

    Raises:
        CameraRefused: its log-in is not there.
    """
    try:
        credentials = credentials_of(camera, env)
    except CredentialsError as error:
        raise CameraRefused(str(error)) from error
    return MovableCamera(camera.host, camera.port, credentials)
