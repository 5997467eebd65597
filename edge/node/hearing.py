"""One thread that listens to what all cameras say by themselves, over ONVIF.

Long polls wait on one event loop of their own: they cost no thread each, and nothing here can keep pictures
waiting. Only cameras that deliver pictures are listened to: their log-in is known to be right, so that it is
not tried wrongly twice as often, and of a camera without pictures a hint could wake nothing.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import random
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from devices.errors import CameraError, CameraRefused, CredentialsError
from devices.messages import HintKind
from devices.onvif.events import PullPoint
from devices.onvif.notices import Notice
from devices.site.model import Camera, HealthKind
from devices.stream.status import Facts
from edge.node.ask import credentials_of
from edge.node.hints import Said, evidence, gone, heard
from edge.send.pace import Pace

log = logging.getLogger(__name__)

PACE = Pace(first=10.0, longest=600.0, denied=1800.0)
"""Of subscribing again. Slow: a hint is only a hint, some cameras hang when asked fast, and a pull point that
a camera has lost sight of holds one of its few places until its time is up."""
READY = 5.0
"""Seconds between two glances whether a camera delivers pictures."""
STEADY = 30.0
"""Seconds a subscription must have lasted for its end to be no failure: cameras restart, and some end each
after a minute. As long it must last to be called back."""
TOGETHER = 4
"""Cameras subscribed to at once."""


@dataclass(slots=True)
class _Line:
    camera: Camera
    said: Said = field(default_factory=Said)
    down: bool = False
    """It has been said that nobody listens."""


class Hearing:
    """The cameras that may speak. `jobs` are to be run, each on a thread; then `stop` ends them."""

    def __init__(
        self,
        cameras: Sequence[Camera],
        env: Mapping[str, str],
        delivers: Callable[[str], bool],
        wake: Callable[[str], None],
        closely: Callable[[str], None],
        note: Callable[[str, Facts], None],
        *,
        chance: Callable[[], float] = random.random,
        pace: Pace = PACE,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        """All of these are called on the hearing's thread and must be quick.

        Args:
            cameras: of the node.
            env: where their credentials are.
            delivers: whether pictures of a camera come.
            wake: has a camera looked at at its next key frame.
            closely: has picture health measure everything in it.
            note: tells something with a camera's next report.
            chance: 0..1, the jitter.
            pace: of subscribing again.
            monotonic: seconds.
        """
        self._env = env
        self._delivers = delivers
        self._wake = wake
        self._closely = closely
        self._note = note
        self._chance = chance
        self._pace = pace
        self._monotonic = monotonic
        self._lines = {one.id: _Line(one) for one in cameras if one.events and one.stream_uri is None}
        self._loop: asyncio.AbstractEventLoop | None = None
        self._over = asyncio.Event()
        self._stopping = threading.Event()

    @property
    def jobs(self) -> list[tuple[str, Callable[[], None]]]:
        """Names and bodies of the threads: none where no camera may speak."""
        return [("hearing", self._listen)] if self._lines else []

    def stop(self) -> None:
        """Ask the thread to end; any thread. It gives the cameras their pull points back, within seconds."""
        self._stopping.set()
        if self._loop is not None:
            with contextlib.suppress(RuntimeError):  # it is closed
                self._loop.call_soon_threadsafe(self._over.set)

    def said(self, camera: str) -> Said:
        """What a camera has said; any thread."""
        line = self._lines.get(camera)
        return Said() if line is None else line.said

    def evidence(self, camera: str, kind: HealthKind) -> tuple[HintKind, ...]:
        """What a camera says for a kind of ill health; any thread."""
        return evidence(self.said(camera), kind, self._monotonic())

    def _listen(self) -> None:
        asyncio.run(self._main())

    async def _main(self) -> None:
        self._loop = asyncio.get_running_loop()
        if self._stopping.is_set():
            return
        room = asyncio.Semaphore(TOGETHER)
        tasks = [asyncio.create_task(self._fenced(line, room)) for line in self._lines.values()]
        await self._over.wait()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _fenced(self, line: _Line, room: asyncio.Semaphore) -> None:
        """Listen to one camera; a defect in doing so is logged and costs the other cameras nothing."""
        while True:
            task = asyncio.create_task(self._keep(line, room))
            try:
                await asyncio.wait({task})
            except asyncio.CancelledError:
                task.cancel()
                await asyncio.wait({task})  # it gives the pull point back
                raise
            log.error("%s: a defect in listening; tried again", line.camera.id, exc_info=task.exception())
            await asyncio.sleep(self._pace.delay_denied(self._chance()))

    async def _keep(self, line: _Line, room: asyncio.Semaphore) -> None:
        """Listen to one camera for ever."""
        failures = 0
        while True:
            while not self._delivers(line.camera.id):  # noqa: ASYNC110 - nobody tells
                await asyncio.sleep(READY)
            began: float | None = None
            try:
                events = PullPoint(line.camera.host, line.camera.port, credentials_of(line.camera, self._env))
                async with contextlib.AsyncExitStack() as stack:
                    async with room:
                        await stack.enter_async_context(events)
                    began = self._monotonic()
                    stack.enter_context(self._up(line, events.offers))
                    async for notices in events.notices():
                        self._hear(line, notices)
            except (CameraError, CredentialsError) as error:
                line.said = gone(line.said, self._monotonic())
                steady = began is not None and self._monotonic() - began >= STEADY
                failures = 0 if steady else failures + 1
                if failures:
                    self._down(line, error)
                if isinstance(error, CameraRefused | CredentialsError):
                    await asyncio.sleep(self._pace.delay_denied(self._chance()))
                else:
                    await asyncio.sleep(self._pace.delay(max(failures, 1), self._chance()))

    def _hear(self, line: _Line, notices: tuple[Notice, ...]) -> None:
        camera = line.camera.id
        for notice in notices:
            before = line.said
            line.said, wish = heard(before, notice, self._monotonic())
            if wish.health:
                log.info("%s says by itself: %s", camera, notice.kind)
                self._closely(camera)
            if wish.look:
                self._wake(camera)
            if line.said.on != before.on:
                holds = " ".join(kind for kind in HintKind if kind in line.said.on)
                self._note(camera, {"says": holds, "hints": line.said.count})

    @contextlib.contextmanager
    def _up(self, line: _Line, offers: frozenset[HintKind]) -> Iterator[None]:
        """While it is listened to; that it is so again is said once it has lasted."""
        told = " ".join(kind for kind in HintKind if kind in offers)
        self._note(line.camera.id, {"events": "heard", "offers": told})
        lasting = asyncio.get_running_loop().call_later(STEADY, self._back, line)
        try:
            yield
        finally:
            lasting.cancel()

    @staticmethod
    def _back(line: _Line) -> None:
        if line.down:
            log.info("%s: its events are heard again", line.camera.id)
        line.down = False

    def _down(self, line: _Line, error: Exception) -> None:
        self._note(line.camera.id, {"events": "not heard", "says": ""})
        if not line.down:
            log.warning("%s: its events are not heard, it is watched all the same: %s", line.camera.id, error)
        line.down = True
