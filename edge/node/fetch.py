"""A thread of its own for a camera that our receiver does not serve: FFmpeg's, or still pictures over ONVIF.

It asks the camera where its pictures are, fetches them and hands them on. A camera that fails costs the
others nothing: its thread waits, and its state says why.
"""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime

from devices.credentials import Credentials
from devices.errors import CameraError, CredentialsError, StreamError
from devices.messages import DeviceStatus
from devices.onvif import Camera as OnvifCamera
from devices.site.model import Camera
from devices.stream import CameraStream, Frame, FrameRequest, StreamFacts, StreamStatus
from devices.stream.status import RUNG, Facts
from devices.stream.still import still_frame
from edge.node.ask import ask, credentials_of
from edge.node.report import Reporter
from edge.send.pace import Pace

STILLS = "gives still pictures, no stream"
"""How a camera is seen whose stream cannot be used; its alarms have photos, but no clip."""


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
        pace: Pace,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        """Nothing happens before `start`.

        Args:
            camera: which one.
            request: how often it is looked at.
            env: where its credentials are.
            deliver: takes each frame, with the camera's id; must be quick.
            reporter: told how the camera stands.
            chance: 0..1, the jitter.
            pace: of trying again.
            now: the wall clock, UTC.
        """
        self.level = 0
        """Of `2 ** level` frames one is handed on; still pictures are fetched as much less often."""
        self._camera = camera
        self._request = request
        self._env = env
        self._deliver = deliver
        self._reporter = reporter
        self._chance = chance
        self._pace = pace
        self._now = now
        self._state = DeviceStatus.UNREACHABLE
        self._facts: Facts = {}
        self._looks = 0
        self._begun = time.monotonic()
        self._pictured = -math.inf
        self._stopping = threading.Event()
        self._woken = threading.Event()
        self._thread = threading.Thread(target=self._run, name=f"camera-{camera.id}", daemon=True)

    def start(self) -> None:
        """Begin; returns at once."""
        self._thread.start()

    def stop(self) -> None:
        """Ask the thread to end; `join` waits for it."""
        self._stopping.set()
        self._woken.set()

    def wake(self) -> None:
        """Fetch the next still picture at once, or hand on the next frame, whatever the level says."""
        self._woken.set()

    def join(self, timeout: float) -> None:
        """Wait for the end of the thread."""
        self._thread.join(timeout)

    def facts(self) -> Facts:
        """What is told of the camera."""
        return {**self._facts, "looks": self._looks, "thinning": self.level}

    def stream(self) -> StreamFacts:
        """What picture health must know."""
        age = time.monotonic() - self._pictured
        interval = self._facts.get("key_interval_s")
        return StreamFacts(self._state, None if interval is None else float(interval), age, age)

    def _run(self) -> None:
        failures = 0
        fetch = self._poll if self._camera.transport == "snapshot" else self._receive
        while not self._stopping.is_set():
            looks = self._looks
            try:
                fetch(credentials_of(self._camera, self._env))
            except (CameraError, StreamError, CredentialsError) as error:
                state = RUNG[error.reason]
                self._tell(state, str(error), error.reason)
                if state is DeviceStatus.REFUSED:
                    self._stopping.wait(self._pace.delay_denied(self._chance()))
                    continue
            failures = 1 if self._looks > looks else failures + 1
            self._stopping.wait(self._pace.delay(failures, self._chance()))

    def _ask(self, credentials: Credentials | None) -> str:
        asked = ask(self._camera, credentials)
        self._reporter.note(self._camera.id, asked.facts)
        return asked.uri

    def _receive(self, credentials: Credentials | None) -> None:
        """A stream by FFmpeg, which connects again by itself, until it is stopped."""
        uri = self._camera.stream_uri or self._ask(credentials)
        stream = CameraStream(uri, credentials, self._request, on_status=self._on_status, utc=self._now)
        for number, frame in enumerate(stream.frames(self._stopping)):
            if number % (1 << self.level) == 0 or self._woken.is_set():
                self._woken.clear()
                self._hand_on(frame)

    def _poll(self, credentials: Credentials | None) -> None:
        """Still pictures, until one fails or it is stopped."""
        uri = self._ask(credentials)
        onvif = OnvifCamera(self._camera.host, self._camera.port, credentials)
        while not self._stopping.is_set():
            began = time.monotonic()
            self._woken.clear()
            jpeg = onvif.still(uri)
            at = time.monotonic() - self._begun
            frame = still_frame(jpeg, at=at, taken_at=self._now(), size=self._request.size)
            self._hand_on(frame)
            facts: Facts = {"codec": "jpeg", "width": frame.width, "height": frame.height}
            self._on_status(StreamStatus(DeviceStatus.UP, STILLS, facts))
            due = began + self._request.every * (1 << self.level)
            self._woken.wait(max(0.0, due - time.monotonic()))

    def _hand_on(self, frame: Frame) -> None:
        self._deliver(self._camera.id, frame)
        self._looks += 1
        self._pictured = time.monotonic()

    def _on_status(self, status: StreamStatus) -> None:
        self._facts = status.facts
        self._reporter.note(self._camera.id, self.facts())
        self._tell(status.state, status.detail or "delivers pictures", status.reason or "")

    def _tell(self, status: DeviceStatus, detail: str, reason: str = "") -> None:
        self._state = status
        self._reporter.note(self._camera.id, {"reason": reason})
        self._reporter.tell(self._camera.id, "camera", status, detail)
