"""All cameras of a node: one thread receives them, two decode what is due.

A camera that fails costs the others nothing: it is tried again ever more seldom, and its state says why.
Cameras that our receiver does not serve have a thread each (`fetch`).
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import math
import queue
import random
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial

from devices.credentials import Credentials
from devices.errors import CameraError, CredentialsError, StreamDropped, StreamError
from devices.messages import DeviceStatus
from devices.reasons import Reason
from devices.site.model import Camera
from devices.stream import Frame, FrameRequest, StreamFacts
from devices.stream.backoff import Turnstile
from devices.stream.decoders import Decoders, Order
from devices.stream.ring import Ring
from devices.stream.rtsp_client import Timeouts, receive
from devices.stream.status import RUNG, Facts
from edge.node.ask import Asked, ask, credentials_of
from edge.node.clock import Clock, spoken
from edge.node.fetch import CameraThread
from edge.node.intake import Intake
from edge.node.mailbox import Mailbox
from edge.node.report import Reporter
from edge.send.pace import Pace

log = logging.getLogger(__name__)

PACE = Pace(denied=120.0)
"""Of trying a camera again; refused log-ins wait 1 to 2 min, since many cameras lock an account after five
wrong ones within minutes."""
ASK_AGAIN = 3
"""Failures in a row after which a camera is asked anew where its stream is."""
ASKING = 8
"""Cameras asked over ONVIF at once."""
BLIND = 30.0
"""Seconds without a picture, although packets come, after which the connection is made anew."""
STEADY = 60.0
"""Seconds a connection must have lasted for its loss to count as the first one."""
REOPEN_EVERY = 0.1
"""Seconds between two cameras that are opened again: what went away together comes back one by one. The first
time all are opened at once, nobody having waited for them."""
CLOCK_OFF = 60.0
"""Seconds that a camera's clock may be off before it is said: its picture shows another time than the log."""
REPORT_EVERY = 10.0
"""Seconds between notes of what was measured of a camera."""
DECODERS = 2
NO_STREAM = StreamFacts(DeviceStatus.UNREACHABLE, None, math.inf, math.inf)
"""Of a camera that is not received (any more)."""
RING_SECONDS, RING_BYTES = 8.0, 160 << 20
"""Kept of each camera for evidence, and bytes of all together: 38 cameras at 4 Mbit/s have 7 s. What comes
to rest is known for a candidate some 4 s later."""


@dataclass(slots=True)
class Line:
    """One camera as the receiving thread knows it."""

    camera: Camera
    intake: Intake
    state: DeviceStatus = DeviceStatus.UNREACHABLE
    limit: asyncio.Timeout | None = None
    """While connected: ends the connection if no picture comes."""
    noted: float = field(default=float("-inf"))
    clock_told: float = 0.0
    """Seconds its clock is off, as last said: small wanderings are no news."""

    def well(self) -> str:
        """How it is while it delivers, in words."""
        words, off = "delivers pictures", self.intake.clock_off or 0.0
        if abs(off - self.clock_told) > 5.0 + 0.01 * abs(off):
            self.clock_told = off
        if abs(self.clock_told) >= CLOCK_OFF:
            words += f"; camera clock off by {spoken(self.clock_told)}"
        if jumps := self.intake.counts.jumps:
            words += f"; its time stamps jumped {jumps} times"
        return words


class Reception:
    """The cameras. `jobs` are to be run, each on a thread; then `stop` ends them."""

    def __init__(
        self,
        cameras: Sequence[tuple[Camera, FrameRequest]],
        env: Mapping[str, str],
        mailbox: Mailbox,
        reporter: Reporter,
        *,
        chance: Callable[[], float] = random.random,
        pace: Pace = PACE,
        timeouts: Timeouts = Timeouts(),  # noqa: B008 - frozen
        clock: Clock | None = None,
    ) -> None:
        """`mailbox` takes each frame; `chance`: the jitter, 0..1."""
        self._clock = clock or Clock()
        self.ring = Ring(RING_SECONDS, RING_BYTES)
        self.decoders = Decoders(self._decoded)
        self._env = env
        self._mailbox = mailbox
        self._reporter = reporter
        self._chance = chance
        self._pace = pace
        self._timeouts = timeouts
        self._turnstile = Turnstile(REOPEN_EVERY)
        self._lines: Mapping[str, Line] = {}
        self._others: Mapping[str, CameraThread] = {}
        """Both are replaced when cameras come and go, never changed: any thread may look."""
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._asking: asyncio.Semaphore | None = None
        for camera, request in cameras:
            self._add(camera, request)
        self._told: queue.SimpleQueue[Callable[[], None] | None] = queue.SimpleQueue()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stop: asyncio.Event | None = None
        self._stopping = threading.Event()

    @property
    def jobs(self) -> list[tuple[str, Callable[[], None]]]:
        """Names and bodies of the threads."""
        decoding = [(f"decode-{number}", self.decoders.work) for number in range(DECODERS)]
        return [("reception", self._receive_all), *decoding, ("told", self._tell_all)]

    @property
    def cameras(self) -> list[str]:
        """Their ids."""
        return [*self._lines, *self._others]

    def put(self, camera: Camera, request: FrameRequest) -> None:
        """Receive one camera more, or one that is connected otherwise now; one thread at a time.

        The time of its stream goes on where both ways of coming are ours.
        """
        before = self._lines.get(camera.id)
        self.drop(camera.id)
        self._add(camera, request, None if before is None else before.intake)
        if camera.id in self._others:
            self._others[camera.id].start()
        else:
            self.on_loop(partial(self._begin, self._lines[camera.id]))

    def drop(self, camera: str) -> None:
        """Receive a camera no more; one thread at a time."""
        line, other = self._lines.get(camera), self._others.get(camera)
        self._lines = {key: one for key, one in self._lines.items() if key != camera}
        self._others = {key: one for key, one in self._others.items() if key != camera}
        if line is not None:
            self.on_loop(partial(self._end, camera))
        if other is not None:
            other.stop()

    def _add(self, camera: Camera, request: FrameRequest, intake: Intake | None = None) -> None:
        if camera.transport == "gridwatch":
            if intake is None:
                intake = Intake(camera.id, request, self.ring, self.decoders, utc=self._clock.now)
            self._lines = {**self._lines, camera.id: Line(camera, intake)}
            return
        deliver, reporter, now = self._mailbox.put, self._reporter, self._clock.now
        other = CameraThread(camera, request, self._env, deliver, reporter, self._chance, self._pace, now)
        self._others = {**self._others, camera.id: other}

    def stop(self) -> None:
        """Ask all threads to end; any thread, once."""
        self._stopping.set()
        for other in self._others.values():
            other.stop()
        self.decoders.close()
        self.on_loop(lambda: self._stop.set() if self._stop is not None else None)

    def join(self, timeout: float) -> None:
        """Wait for the threads of single cameras; the others are whoever's who runs `jobs`."""
        until = time.monotonic() + timeout
        for other in self._others.values():
            other.join(max(0.0, until - time.monotonic()))

    def stream(self, camera: str) -> StreamFacts:
        """What picture health must know of a camera, now; any thread."""
        line, other = self._lines.get(camera), self._others.get(camera)
        if line is not None:
            return line.intake.stream(line.state)
        return NO_STREAM if other is None else other.stream()

    def facts(self, camera: str) -> Facts:
        """What was counted and measured of a camera; any thread."""
        line, other = self._lines.get(camera), self._others.get(camera)
        if line is not None:
            return line.intake.facts()
        return {"looks": 0} if other is None else other.facts()

    def thin(self, levels: Mapping[str, int]) -> None:
        """Look at one of `2 ** level` pictures that are due, of each camera; any thread."""
        for camera, level in levels.items():
            line, other = self._lines.get(camera), self._others.get(camera)
            if line is not None:
                line.intake.level = level
            elif other is not None:
                other.level = level

    def wake(self, camera: str) -> None:
        """Look at a camera's next key frame, however far it is thinned; any thread."""
        line = self._lines.get(camera)
        if line is not None:
            self.on_loop(line.intake.wake)
        elif camera in self._others:
            self._others[camera].wake()

    def ask(self, camera: str, request: FrameRequest) -> None:
        """Look at a camera like this from now on; any thread. One with a thread of its own stays as it is."""
        line = self._lines.get(camera)
        if line is not None and request != line.intake.request:
            self.on_loop(partial(line.intake.ask, request))

    def wall_stepped(self, by: float) -> None:
        """The wall clock was set by so many seconds; any thread."""
        for line in self._lines.values():
            self.on_loop(partial(line.intake.wall_stepped, by))

    def intake(self, camera: str) -> Intake | None:
        """Of a camera that is in the ring; None for any other; any thread."""
        return None if (line := self._lines.get(camera)) is None else line.intake

    def size(self, camera: str) -> tuple[int, int] | None:
        """Width and height of a camera's pictures once one was seen; None for one that is not in the ring."""
        return None if (line := self._lines.get(camera)) is None else line.intake.size

    def on_loop(self, what: Callable[[], None]) -> None:
        """Have the receiving thread do this in its next round; any thread."""
        if self._loop is not None:
            with contextlib.suppress(RuntimeError):  # it is closed
                self._loop.call_soon_threadsafe(what)

    def _receive_all(self) -> None:
        for other in self._others.values():
            other.start()
        try:
            asyncio.run(self._main())
        finally:
            self._told.put(None)

    async def _main(self) -> None:
        self._loop, self._stop = asyncio.get_running_loop(), asyncio.Event()
        if self._stopping.is_set():
            return
        self._asking = asyncio.Semaphore(ASKING)
        for line in self._lines.values():
            self._begin(line)
        await self._stop.wait()
        tasks = list(self._tasks.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _begin(self, line: Line) -> None:
        """On the loop: keep this camera from now on, unless that is done already."""
        if self._asking is not None and line.camera.id not in self._tasks:
            self._tasks[line.camera.id] = asyncio.create_task(self._fenced(line, self._asking))

    def _end(self, camera: str) -> None:
        """On the loop: and no longer."""
        task = self._tasks.pop(camera, None)
        if task is not None:
            task.cancel()

    async def _fenced(self, line: Line, asking: asyncio.Semaphore) -> None:
        """Keep one camera; a defect in doing so is logged and costs the other cameras nothing."""
        while True:
            task = asyncio.create_task(self._keep(line, asking))
            try:
                await asyncio.wait({task})
            except asyncio.CancelledError:
                task.cancel()
                await asyncio.wait({task})  # it says good-bye to the camera
                raise
            log.error("%s: a defect; tried again", line.camera.id, exc_info=task.exception())
            self._fell(line, Reason.DEFECT, "a defect in gridwatch; see its log")
            await asyncio.sleep(self._pace.delay_denied(self._chance()))

    async def _keep(self, line: Line, asking: asyncio.Semaphore) -> None:
        """Receive one camera for ever."""
        uri, failures = line.camera.stream_uri, 0
        while True:
            begun = time.monotonic()
            problem: CameraError | StreamError | CredentialsError
            try:
                credentials = credentials_of(line.camera, self._env)
                if uri is None or (line.camera.stream_uri is None and failures % ASK_AGAIN == 0):
                    uri = await self._where(line.camera, credentials, asking, uri)
                await self._receive(line, uri, credentials)
            except (CameraError, StreamError, CredentialsError) as error:
                problem = error
            self._fell(line, problem.reason, str(problem))
            if RUNG[problem.reason] is DeviceStatus.REFUSED:
                wait = self._pace.delay_denied(self._chance())
            else:
                failures = 1 if time.monotonic() - begun >= STEADY else failures + 1
                wait = self._pace.delay(failures, self._chance())
            await asyncio.sleep(wait)
            await asyncio.sleep(self._turnstile.wait(time.monotonic()))

    async def _where(
        self, camera: Camera, credentials: Credentials | None, asking: asyncio.Semaphore, before: str | None
    ) -> str:
        """The camera's answer, or what it said `before` if it does not answer now.

        Raises:
            CameraError: it never said anything.
        """
        async with asking:
            try:
                asked = await self._asked(camera, credentials)
            except CameraError:
                if before is None:
                    raise
                return before
        self._reporter.note(camera.id, asked.facts)
        off = asked.facts.get("clock_offset_s")
        self._lines[camera.id].intake.clock_off = None if off is None else float(off)
        return asked.uri

    async def _asked(self, camera: Camera, credentials: Credentials | None) -> Asked:
        """Ask on a thread that dies with the process: nobody waits at the end for a camera that is silent."""
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[Asked] = loop.create_future()

        def work() -> None:
            try:
                said = ask(camera, credentials)
            except CameraError as error:
                self.on_loop(partial(_answer, answer, error))
            else:
                self.on_loop(partial(_answer, answer, said))

        threading.Thread(target=work, name=f"ask-{camera.id}", daemon=True).start()
        return await answer

    async def _receive(self, line: Line, uri: str, credentials: Credentials | None) -> None:
        """One connection, until it fails."""
        try:
            async with asyncio.timeout(2 * BLIND) as line.limit:  # opening included
                intake = line.intake
                await receive(uri, credentials, intake, timeouts=self._timeouts, counts=intake.counts)
        except TimeoutError:
            problem = f"packets come, but no picture could be made of them for {BLIND:g} s"
            raise StreamDropped(problem, Reason.NO_PICTURE) from None
        finally:
            line.limit = None

    def _decoded(self, camera: str, order: Order, frame: Frame | None) -> None:
        """On a decoding thread."""
        if frame is not None:
            self._mailbox.put_in_turn(camera, frame)
        line = self._lines.get(camera)
        if line is not None:
            self.on_loop(partial(self._shown, line, order, frame))

    def _shown(self, line: Line, order: Order, frame: Frame | None) -> None:
        if not line.intake.shown(order, frame) or line.limit is None:
            return
        now = time.monotonic()
        patience = BLIND * (1 << line.intake.level)
        line.limit.reschedule(asyncio.get_running_loop().time() + patience)
        if now - line.noted >= REPORT_EVERY or line.state is not DeviceStatus.UP:
            line.noted = now
            self._reporter.note(line.camera.id, line.intake.facts())
            self._tell(line, DeviceStatus.UP, line.well())

    def _fell(self, line: Line, reason: Reason, detail: str) -> None:
        self._tell(line, RUNG[reason], detail, reason)

    def _tell(self, line: Line, state: DeviceStatus, detail: str, reason: str = "") -> None:
        """The reporter writes to the disk: not on this thread."""
        line.state = state
        self._reporter.note(line.camera.id, {"reason": reason})
        self._told.put(partial(self._reporter.tell, line.camera.id, "camera", state, detail))

    def _tell_all(self) -> None:
        while (one := self._told.get()) is not None:
            one()


def _answer(future: asyncio.Future[Asked], answer: Asked | CameraError) -> None:
    if future.done():
        return
    if isinstance(answer, Asked):
        future.set_result(answer)
    else:
        future.set_exception(answer)
