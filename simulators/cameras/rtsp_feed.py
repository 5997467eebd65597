"""What plays on one path, and to whom: one task a path, which runs only while somebody watches."""

from __future__ import annotations

import asyncio
import logging
import random
import socket
import struct
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from simulators.cameras.rtsp_faults import JUMP, Fault, Faults, damaged
from simulators.cameras.rtsp_segment import CLOCK, FRAMING, HEADER, Segment, Unit

log = logging.getLogger(__name__)

MOST_WAITING = 4 << 20
"""Bytes a slow reader may leave waiting before it misses frames, up to the next key frame."""
SILENCING = {Fault.STALL, Fault.MUTE, Fault.AUDIO_ONLY}
LATE = 1.0
"""Seconds of lag after which the feed's clock is set anew, rather than hurrying after it."""
REPORT_EVERY = 5.0
"""Seconds between sender reports (RFC 3550, section 6.2)."""
NTP_EPOCH = 2_208_988_800
"""Seconds from 1900 to 1970."""


class Programme(Protocol):
    """Says what a camera shows."""

    def segment(self, at: float) -> Segment:
        """What is shown from `at` on, in seconds of the server's clock.

        Asked when a segment ends and before each key frame inside one: another answer than the segment
        that is playing switches there, to the other's beginning. The same answer goes on, or begins again
        at its end.
        """


@dataclass(frozen=True, slots=True)
class Looping:
    """One segment for ever."""

    only: Segment

    def segment(self, at: float) -> Segment:
        """The one there is."""
        return self.only


@dataclass(slots=True, eq=False)
class Viewer:
    """One client that plays a path."""

    transport: asyncio.WriteTransport
    channel: int
    """Interleaved channel of RTP; RTCP has the next one."""
    waiting: bool = True
    """For a key frame."""
    packets: int = 0
    octets: int = 0
    reported: float = float("-inf")


class Feed:
    """The player of one path."""

    def __init__(
        self,
        path: str,
        programme: Programme,
        faults: Faults,
        now: Callable[[], float],
        utc: Callable[[], float],
    ) -> None:
        """`now`: the clock that drives the programme; `utc`: Unix time for sender reports."""
        self.frames_sent = 0
        """Frames given to viewers, for measuring."""
        self.keys_sent = 0
        """Key frames among them."""
        self._path = path
        self._programme = programme
        self._faults = faults
        self._now = now
        self._utc = utc
        self._viewers: set[Viewer] = set()
        self._task: asyncio.Task[None] | None = None
        self._ssrc = random.getrandbits(32)
        self._seq = random.getrandbits(16)
        self._base = random.getrandbits(32)
        self._segment = programme.segment(now())
        self._begin = 0.0
        self._index = 0

    @property
    def viewers(self) -> int:
        """How many watch."""
        return len(self._viewers)

    def on_air(self) -> Segment:
        """What a client that asks now would see."""
        self._catch_up()
        return self._segment

    def next_key(self) -> tuple[int, int]:
        """Sequence number and RTP time of the next key frame, where a new viewer starts."""
        self._catch_up()
        seq, units = self._seq, self._segment.units
        for unit in units[self._index :]:
            if unit.key:
                return seq & 0xFFFF, self._stamp(self._begin + unit.due, unit)
            seq += len(unit.offsets)
        return seq & 0xFFFF, self._stamp(self._begin + self._segment.duration, units[0])

    def join(self, viewer: Viewer) -> None:
        """Send to this client from the next key frame on."""
        self._catch_up()
        self._viewers.add(viewer)
        if self._task is None:
            self._task = asyncio.create_task(self._play(), name=f"feed {self._path}")

    def leave(self, viewer: Viewer) -> None:
        """Send no more to this client."""
        self._viewers.discard(viewer)
        if not self._viewers and self._task is not None:
            self._task.cancel()
            self._task = None

    async def _play(self) -> None:
        while True:
            unit = self._segment.units[self._index]
            due = self._begin + unit.due
            wait = due - self._now()
            if wait < -LATE:
                log.debug("%s: %.1f s late, clock set anew", self._path, -wait)
                self._begin -= wait
                due -= wait
            await asyncio.sleep(max(wait, 0.0))
            self._send(unit, due)
            self._advance()

    def _catch_up(self) -> None:
        """If nobody watches, nothing was counted: go to where the clock stands."""
        if self._task is not None:
            return
        at = self._now()
        self._segment = self._programme.segment(at)
        self._begin = at - at % self._segment.duration
        units = self._segment.units
        self._index = next((n for n, unit in enumerate(units) if self._begin + unit.due >= at), 0)
        if self._index == 0 and self._begin < at:
            self._begin += self._segment.duration

    def _advance(self) -> None:
        units = self._segment.units
        self._seq = (self._seq + len(units[self._index].offsets)) & 0xFFFF
        self._index += 1
        ended = self._index == len(units)
        if not ended and not units[self._index].key:
            return
        at = self._begin + (self._segment.duration if ended else units[self._index].due)
        following = self._programme.segment(at)
        if ended or following is not self._segment:
            self._segment, self._begin, self._index = following, at, 0

    def _stamp(self, due: float, unit: Unit) -> int:
        jump = JUMP if Fault.TIMESTAMP_JUMP in self._faults.of(self._path) else 0
        return (self._base + round((due + jump) * CLOCK) + unit.shift) & 0xFFFFFFFF

    def _send(self, unit: Unit, due: float) -> None:
        faults = self._faults.of(self._path)
        if faults & SILENCING:
            for viewer in self._viewers:
                viewer.waiting = True
            return
        stamp = self._stamp(due, unit)
        rendered: dict[int, bytes] = {}
        for viewer in list(self._viewers):
            transport = viewer.transport
            if Fault.DROP in faults or Fault.HALF_FRAME in faults:
                self._viewers.discard(viewer)
                if Fault.DROP in faults:
                    reset(transport)
                else:
                    data = unit.render(self._seq, stamp, self._ssrc, viewer.channel)
                    transport.write(data[: len(data) // 2])
                    transport.close()
                continue
            if viewer.waiting and not unit.key:
                continue
            viewer.waiting = transport.get_write_buffer_size() > MOST_WAITING
            if viewer.waiting:
                continue
            if viewer.channel not in rendered:
                data = unit.render(self._seq, stamp, self._ssrc, viewer.channel)
                if unit.key and Fault.CORRUPT_KEY in faults:
                    data = damaged(unit, data)
                rendered[viewer.channel] = data
            data = rendered[viewer.channel]
            if due - viewer.reported >= REPORT_EVERY:
                transport.write(self._report(viewer, stamp))
                viewer.reported = due
            if Fault.PER_PACKET_WRITES in faults:
                for begin, end in zip(unit.offsets, (*unit.offsets[1:], len(data)), strict=True):
                    transport.write(data[begin:end])
            else:
                transport.write(data)
            viewer.packets += len(unit.offsets)
            viewer.octets += len(data) - (FRAMING + HEADER) * len(unit.offsets)
            self.frames_sent += 1
            self.keys_sent += unit.key

    def _report(self, viewer: Viewer, stamp: int) -> bytes:
        """A sender report: this RTP time is this NTP time (RFC 3550, section 6.4.1)."""
        ntp = int((self._utc() + NTP_EPOCH) * (1 << 32)) & (1 << 64) - 1
        counts = (viewer.packets & 0xFFFFFFFF, viewer.octets & 0xFFFFFFFF)
        body = struct.pack(">BBHIQIII", 0x80, 200, 6, self._ssrc, ntp, stamp, *counts)
        return struct.pack(">BBH", 0x24, viewer.channel + 1, len(body)) + body


def reset(transport: asyncio.WriteTransport) -> None:
    """End a connection with RST, as a camera that loses its power does once it is back."""
    sock = transport.get_extra_info("socket")
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    transport.abort()
