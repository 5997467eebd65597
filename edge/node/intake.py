"""One camera's coded pictures: all into the ring, those that are due to the decoders. Never waits."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from devices.messages import DeviceStatus
from devices.stream import Frame, FrameRequest, StreamFacts
from devices.stream.cadence import Act, Cadence, Pace
from devices.stream.coded import Stamped
from devices.stream.decoders import Decoders, Order
from devices.stream.ring import Ring
from devices.stream.rtsp_client import AccessUnit, Counts, StreamInfo
from devices.stream.source import USUAL_STEP
from devices.stream.status import Facts
from devices.stream.timeline import Timeline

LEAP = 10.0
"""Seconds a camera's time may step forward at once before it is called a jump, not a pause."""


def _utc() -> datetime:
    return datetime.now(UTC)


class Intake:
    """A `Receiver` for one camera over all its connections. All is called on the receiving thread."""

    def __init__(
        self,
        camera: str,
        request: FrameRequest,
        ring: Ring,
        decoders: Decoders,
        *,
        monotonic: Callable[[], float] = time.monotonic,
        utc: Callable[[], datetime] = _utc,
    ) -> None:
        self.level = 0
        """Of `2 ** level` pictures that are due one is looked at."""
        self.keys = 0
        """Key units that came."""
        self.looks = 0
        """Pictures that were handed out."""
        self.thinned = 0
        """Key units that were due and left out by `level`."""
        self.connections = 0
        self.counts = Counts()
        """Of all connections, kept by the client."""
        self.size: tuple[int, int] | None = None
        """Width and height of the last picture."""
        self.clock_off: float | None = None
        """Seconds the camera's own clock is ahead of ours, where it tells."""
        self._camera = camera
        self._ring = ring
        self._decoders = decoders
        self._monotonic = monotonic
        self._utc = utc
        self._timeline = Timeline(step=USUAL_STEP, longest=LEAP)
        self._heard: float | None = None
        self._pictured: float | None = None
        self._zero: datetime | None = None
        self._codec = ""
        self._packets = self._decoded = self._dropped = 0
        self._joined = (0.0, 0)
        """Stream time and packets at the begin of the connection."""
        self._turn = 0
        self._woken = False
        self.ask(request)

    def ask(self, request: FrameRequest) -> None:
        """Look like this from now on."""
        self.request = request
        self._pace = Pace(request.every)
        self._cadence = Cadence(request.need)
        self._held: list[Order] = []
        self._filming = False

    def wake(self) -> None:
        """Look at the next key unit, whatever the pace and the level say; once."""
        self._woken = True

    def opened(self, info: StreamInfo) -> None:
        """A new connection plays: its time joins on to that of the last one."""
        self._codec = info.codec
        self.connections += 1
        self._timeline.rejoin()
        self._zero = None
        self._held.clear()
        self._filming = False
        self._decoders.forget(self._camera)

    def clock(self, at: float, utc: float) -> None:
        """What the camera's own clock says is told, not used: it may be wrong by any amount."""
        self.clock_off = utc - self._utc().timestamp()

    def wall_stepped(self, by: float) -> None:
        """Our wall clock was set: the stream's time goes on, what UTC it stands for is another."""
        if self._zero is not None:
            self._zero += timedelta(seconds=by)

    def taken_at(self, at: float) -> datetime | None:
        """UTC of a time of the stream that is on; any thread."""
        return None if self._zero is None else self._zero + timedelta(seconds=at)

    def unit(self, unit: AccessUnit) -> None:
        """The next coded picture."""
        now = self._monotonic()
        at = self._timeline.at(unit.at, unit.at, 0.0 if self._heard is None else now - self._heard)
        self._heard = now
        self._packets += 1
        if self._zero is None:
            self._zero = self._utc() - timedelta(seconds=at)
            self._joined = (at, self._packets)
        self._ring.put(self._camera, Stamped(at, unit))
        if unit.broken:
            self._dropped += 1
            self._held.clear()
            return
        self.keys += unit.key
        due = self._pace.is_due(at) or (self._woken and unit.key)
        act = self._cadence.judge(at, key=unit.key, due=due)
        if self.level and self._cadence.everything:
            act = Act.ALONE if unit.key and due else Act.SKIP
        if unit.key:
            self._held.clear()
        if act is Act.SKIP:
            return
        self._held.append(Order(unit, at, self._zero, self.request.size, wanted=False))
        if act is Act.ALONE:
            self._look_at_key(at)
        elif act is Act.ALL:
            self._film()

    def shown(self, order: Order, frame: Frame | None) -> bool:
        """An order is done; whether it gave a picture of the connection that is on."""
        if frame is None:
            self._dropped += 1
            return False
        self.looks += 1
        self.size = (frame.width, frame.height)
        if self._zero is not order.zero:
            return False
        self._pictured = self._monotonic()
        return True

    def stream(self, state: DeviceStatus) -> StreamFacts:
        """What picture health must know."""
        now = self._monotonic()
        return StreamFacts(
            state,
            max(self._cadence.intervals, default=None),
            float("inf") if self._heard is None else now - self._heard,
            float("inf") if self._pictured is None else now - self._pictured,
        )

    def facts(self) -> Facts:
        """What is told of the camera; what takes an interval to measure is there once one was seen."""
        facts: Facts = {
            "packets": self._packets,
            "decoded": self._decoded,
            "dropped": self._dropped,
            "lost": self.counts.lost,
            "jumps": self.counts.jumps,
            "reconnects": max(0, self.connections - 1),
            "keys": self.keys,
            "looks": self.looks,
            "thinning": self.level,
        }
        if self.clock_off is not None:
            facts["clock_offset_s"] = round(self.clock_off, 1)
        if self.size is not None:
            width, height = self.size
            facts |= {"codec": self._codec, "width": width, "height": height}
            facts["sparse"] = self._cadence.everything
        if self._cadence.intervals and self._timeline.latest is not None:
            begin, before = self._joined
            rate = (self._packets - before) / max(self._timeline.latest - begin, USUAL_STEP)
            facts |= {"key_interval_s": round(max(self._cadence.intervals), 3), "fps": round(rate, 2)}
        return facts

    def _look_at_key(self, at: float) -> None:
        """One key unit by itself, unless it is another's turn."""
        self._filming = False
        self._pace.took(at)
        self._turn += 1
        if self._turn % (1 << self.level) and not self._woken:
            self.thinned += 1
            return
        self._woken = False
        self._decoded += 1
        self._decoders.still(self._camera, self._wanted(self._held[-1]))

    def _film(self) -> None:
        """Everything that is held, from a key unit on."""
        held, self._held = self._held, []
        if not (self._filming or held[0].unit.key):
            return
        self._filming = True
        orders = []
        for order in held:
            if self._pace.is_due(order.at):
                self._pace.took(order.at)
                order = self._wanted(order)
            orders.append(order)
        self._decoded += len(orders)
        self._decoders.film(self._camera, orders)

    @staticmethod
    def _wanted(order: Order) -> Order:
        return Order(order.unit, order.at, order.zero, order.size)
