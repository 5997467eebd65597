"""The H.264 stream of a camera whose first one browsers do not play, received while somebody watches."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import threading
import time
from collections.abc import Callable, Mapping, Sequence

from devices.credentials import Credentials
from devices.errors import CameraError, CredentialsError, StreamError
from devices.messages import DeviceStatus
from devices.onvif import Camera as OnvifCamera
from devices.onvif.model import Profile
from devices.site.model import Camera
from devices.stream.coded import Stamped
from devices.stream.ring import Ring
from devices.stream.rtsp_client import AccessUnit, StreamInfo, receive
from devices.stream.status import RUNG, StreamFacts
from edge.node.ask import credentials_of, looked_at
from edge.video.live import PLAYED

log = logging.getLogger(__name__)

RING_SECONDS, RING_BYTES = 4.0, 8 << 20
"""Of packets that wait to be sent: a line that is further behind goes on at the newest key picture anyway."""
AGAIN = 3.0
"""Seconds before a stream that broke off is asked for again."""
REFUSED_AGAIN = 120.0
"""The same after a refused log-in: many cameras lock an account after five of them."""


def others(profiles: Sequence[Profile], camera: Camera) -> list[Profile]:
    """What a camera offers as H.264 beside the stream that is looked at, the largest first. Pure.

    Some call their H.265 that, too, since ONVIF's first media service has no word for it: try them in turn.
    """
    used = looked_at(profiles, camera)
    return [one for one in profiles if one is not used and one.encoding == "H264"]


class SecondStream:
    """`edge.video.live.Second` of one camera: asks it over ONVIF, then receives; on a thread of its own."""

    def __init__(self, camera: Camera, env: Mapping[str, str]) -> None:
        self.lacking = False
        """The camera offers no H.264 at all."""
        self._camera, self._env = camera, env
        self._ring = Ring(RING_SECONDS, RING_BYTES)
        self._size: tuple[int, int] | None = None
        self._state = DeviceStatus.UP
        self._at = self._joined = 0.0
        self._heard = time.monotonic()
        self._closed = threading.Event()
        self._cancel: Callable[[], object] | None = None
        threading.Thread(target=self._work, name=f"second-{camera.id}", daemon=True).start()

    def close(self) -> None:
        """Receive it no more; any thread."""
        self._closed.set()
        if self._cancel is not None:
            with contextlib.suppress(RuntimeError):  # its loop is closed
                self._cancel()

    def since(self, camera: str, last: Stamped | None) -> tuple[Stamped, ...]:
        """What came of it after `last`; from the newest key unit on where that is not known."""
        return self._ring.since(camera, last)

    def size(self, _: str) -> tuple[int, int] | None:
        """Width and height, as the camera says; None until it said so."""
        return self._size

    def stream(self, _: str) -> StreamFacts:
        """How it is doing; while it is opened its packets are not missed yet."""
        age = time.monotonic() - self._heard
        return StreamFacts(self._state, None, age, age)

    def ringed(self, _: str) -> bool:
        """Its packets are kept."""
        return True

    def opened(self, info: StreamInfo) -> None:
        """A new connection plays: its time goes on behind that of the last one."""
        if info.codec != PLAYED and self._cancel is not None:
            self._cancel()
        self._joined, self._heard = self._at + 1.0, time.monotonic()
        self._state = DeviceStatus.UP

    def unit(self, unit: AccessUnit) -> None:
        """The next coded picture."""
        self._heard, self._at = time.monotonic(), self._joined + unit.at
        self._ring.put(self._camera.id, Stamped(self._at, unit))

    def clock(self, at: float, utc: float) -> None:
        """What the camera's clock says is of no use here."""

    def _work(self) -> None:
        while not self._closed.is_set() and not self.lacking:
            try:
                self._play()
            except (CameraError, StreamError, CredentialsError) as error:
                log.info("%s: no second stream: %s", self._camera.id, error)
                self._state = RUNG[error.reason]
                refused = self._state is DeviceStatus.REFUSED
                self._closed.wait(REFUSED_AGAIN if refused else AGAIN)

    def _play(self) -> None:
        """Ask what there is, and receive the first that is H.264 until closed.

        Raises:
            CameraError, StreamError, CredentialsError: it does not come, or no longer.
        """
        credentials = credentials_of(self._camera, self._env)
        onvif = OnvifCamera(self._camera.host, self._camera.port, credentials)
        for profile in others(onvif.profiles(), self._camera):
            uri = onvif.stream_uri(profile.token)
            self._size, self._heard = (profile.width, profile.height), time.monotonic()
            with contextlib.suppress(asyncio.CancelledError):
                asyncio.run(self._receive(uri, credentials))
            if self._closed.is_set():
                return
        self.lacking = True

    async def _receive(self, uri: str, credentials: Credentials | None) -> None:
        task, loop = asyncio.current_task(), asyncio.get_running_loop()
        assert task is not None
        self._cancel = lambda: loop.call_soon_threadsafe(task.cancel)
        if not self._closed.is_set():
            await receive(uri, credentials, self)
