"""One thread a camera: ask it over ONVIF where its stream is, receive the stream, hand on its frames.

A camera that fails costs the others nothing: its thread waits, and its state says why.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Mapping

from devices.credentials import Credentials
from devices.errors import (
    CameraError,
    CameraFault,
    CameraRefused,
    CameraUnreachable,
    CredentialsError,
    StreamError,
    StreamRefused,
)
from devices.messages import DeviceStatus
from devices.onvif import Camera as OnvifCamera
from devices.site.model import Camera
from devices.stream import CameraStream, Frame, FrameRequest, StreamStatus
from edge.node.report import Reporter
from edge.send.pace import Pace

PACE = Pace()


class CameraThread:
    """Fetches the frames of one camera until it is stopped."""

    def __init__(
        self,
        camera: Camera,
        request: FrameRequest,
        env: Mapping[str, str],
        deliver: Callable[[str, Frame], None],
        reporter: Reporter,
        chance: Callable[[], float],
        pace: Pace = PACE,
    ) -> None:
        """Nothing happens before `start`.

        Args:
            camera: which one.
            request: how often its stream is looked at.
            env: where its credentials are.
            deliver: takes each frame, with the camera's id; must be quick.
            reporter: told how the camera stands.
            chance: 0..1, the jitter.
            pace: of asking a camera again that did not answer over ONVIF.
        """
        self._camera = camera
        self._request = request
        self._env = env
        self._deliver = deliver
        self._reporter = reporter
        self._chance = chance
        self._pace = pace
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name=f"camera-{camera.id}", daemon=True)

    def start(self) -> None:
        """Begin; returns at once."""
        self._thread.start()

    def stop(self) -> None:
        """Ask the thread to end; `join` waits for it."""
        self._stopping.set()

    def join(self, timeout: float) -> None:
        """Wait for the end of the thread."""
        self._thread.join(timeout)

    def _run(self) -> None:
        failures = 0
        while not self._stopping.is_set():
            try:
                credentials = self._credentials()
                uri = self._camera.stream_uri or self._ask(credentials)
                failures = 0
                self._receive(uri, credentials)
            except (CameraRefused, StreamRefused, CredentialsError) as error:
                self._tell(DeviceStatus.REFUSED, str(error))
                self._stopping.wait(self._pace.delay_denied(self._chance()))
            except CameraUnreachable as error:
                failures += 1
                self._tell(DeviceStatus.UNREACHABLE, str(error))
                self._stopping.wait(self._pace.delay(failures, self._chance()))
            except (CameraError, StreamError) as error:
                failures += 1
                self._tell(DeviceStatus.STALLED, str(error))
                self._stopping.wait(self._pace.delay(failures, self._chance()))

    def _credentials(self) -> Credentials | None:
        name = self._camera.credentials
        return None if name is None else Credentials.from_environment(name, self._env)

    def _ask(self, credentials: Credentials | None) -> str:
        """The stream's address out of the camera itself."""
        onvif = OnvifCamera(self._camera.host, self._camera.port, credentials)
        profiles = onvif.profiles()
        chosen = profiles[min(1, len(profiles) - 1) if self._camera.profile == "sub" else 0]
        uri = onvif.stream_uri(chosen.token)
        facts: dict[str, float | int | str | bool] = {"profile": chosen.name, "codec": chosen.encoding}
        facts |= {"width": chosen.width, "height": chosen.height}
        # What a camera cannot say of itself must not keep its pictures away.
        with contextlib.suppress(CameraFault):
            facts["clock_offset_s"] = round(onvif.clock_offset(), 1)
        with contextlib.suppress(CameraFault):
            known = onvif.device_information()
            facts["model"] = f"{known.manufacturer} {known.model}".strip()
        self._reporter.note(self._camera.id, facts)
        return uri

    def _receive(self, uri: str, credentials: Credentials | None) -> None:
        stream = CameraStream(uri, credentials, self._request, on_status=self._on_status)
        for frame in stream.frames(self._stopping):
            self._deliver(self._camera.id, frame)

    def _on_status(self, status: StreamStatus) -> None:
        self._reporter.note(self._camera.id, status.facts)
        self._tell(status.state, status.detail or "delivers pictures")

    def _tell(self, status: DeviceStatus, detail: str) -> None:
        self._reporter.tell(self._camera.id, "camera", status, detail)
