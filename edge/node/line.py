"""One connection of a station: from its bytes to answers, each given once what it answers is kept."""

from __future__ import annotations

import asyncio
import contextlib
import queue
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Protocol

from devices.gb26875.tables import URGENT
from devices.sensors.direct import Direct
from devices.stations import Said
from edge.node.inbox import Inbox
from edge.node.roll import Roll, Sorted

HELLO = 30.0
"""Seconds for the first whole packet."""
PACKET = 15.0
"""Seconds for a packet from its first byte to its last."""
STUCK = 2.0
"""Seconds without a byte of a packet that has begun: then packets are looked for behind its start."""
COMMIT = 30.0
"""Seconds for what was said to be kept. Later nobody waits for the answer any more: it is sent again."""
WRITE = 10.0
STRIKES = 20
"""Packets in a row of which nothing can be used; then the connection is closed."""
_PIECE = 4096
_FULL = 0.05
"""Seconds until it is tried again to hand over, while what decides is behind."""


class Talk(Protocol):
    """A protocol's side of one connection."""

    @property
    def waiting(self) -> int:
        """Bytes of a packet that is not whole."""

    def feed(self, data: bytes, now: datetime) -> list[Said]:
        """What `data` completes, in order."""

    def give_up(self, now: datetime) -> list[Said]:
        """The same, since what has begun will not become whole."""

    def ask(self, now: datetime) -> bytes:
        """What to say to one that has become silent; nothing where nothing helps."""


@dataclass(frozen=True, slots=True)
class House:
    """What all connections of one listener share."""

    roll: Callable[[], Roll]
    inbox: Inbox
    heard: Callable[[Said, Sorted, Line], Awaitable[None]]
    refused: Callable[[Said, str], Awaitable[None]]
    idle: float
    wall: Callable[[], float] = time.time


class Line:
    """One connection; `run` serves it to its end."""

    def __init__(
        self, house: House, talk: Talk, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        self._house, self._talk = house, talk
        self._reader, self._writer = reader, writer
        self.station = ""
        """Whose it is, once it said so."""
        self._last = self._began = time.monotonic()
        """When the last usable packet was whole; when the one that is waited for began."""
        self._strikes = 0

    def close(self) -> None:
        """End it now; what was not answered comes again."""
        self._writer.close()

    def ask(self) -> None:
        """It should have said something by now: ask for it."""
        if question := self._talk.ask(self._now()):
            self._writer.write(question)

    async def run(self) -> None:
        """Hear it until it ends, or until it says nothing for too long."""
        try:
            while self._strikes < STRIKES:
                said = await self._next()
                if said is None or not await self._take(said):
                    return
        except (ConnectionError, TimeoutError):
            return
        finally:
            self._writer.close()

    async def _next(self) -> list[Said] | None:
        """What comes next; None when the connection is over."""
        now = time.monotonic()
        due = self._last + (self._house.idle if self.station else HELLO)
        if self._talk.waiting:
            due = min(due, self._began + PACKET)
        if due <= now:
            return None
        patience = min(due - now, STUCK) if self._talk.waiting else due - now
        try:
            data = await asyncio.wait_for(self._reader.read(_PIECE), patience)
        except TimeoutError:
            return self._talk.give_up(self._now()) if self._talk.waiting else None
        if not data:
            return None
        if not self._talk.waiting:
            self._began = time.monotonic()
        said = self._talk.feed(data, self._now())
        if said:
            self._began = time.monotonic()
        return said

    async def _take(self, said: list[Said]) -> bool:
        """Have it all kept, then answer; whether the connection may go on."""
        roll, now = self._house.roll(), self._now()
        answers = b""
        found: list[Sorted] = []
        for one in said:
            known = bool(roll.sensors(one.station)) and not one.denied
            if one.fault or not known:
                await self._house.refused(one, one.fault or "the site has no such station")
            if not known:
                self._strikes += 1
                continue
            self._strikes, self._last, self.station = 0, time.monotonic(), one.station
            found.append(roll.sort(one, now))
            answers += one.answer
            await self._house.heard(one, found[-1], self)
        if any(one.judged or one.late or one.alive for one in found):
            await self._keep(found)
        if answers:
            self._writer.write(answers)
            await asyncio.wait_for(self._writer.drain(), WRITE)
        return True

    async def _keep(self, found: list[Sorted]) -> None:
        """Wait until it is safe.

        Raises:
            TimeoutError: it is not.
        """
        loop = asyncio.get_running_loop()
        kept = loop.create_future()

        def done() -> None:
            if not kept.done():
                kept.set_result(None)

        def ack() -> None:
            with contextlib.suppress(RuntimeError):  # the loop is closed, and with it the connection
                loop.call_soon_threadsafe(done)

        judged = tuple(reading for one in found for reading in one.judged)
        late = tuple(reading for one in found for reading in one.late)
        direct = Direct(
            judged,
            ack,
            late=late,
            alive=tuple({sensor for one in found for sensor in one.alive}),
            clock_right=all(one.clock_right for one in found),
            urgent=any(reading.quantity in URGENT and reading.value for reading in judged),
        )
        async with asyncio.timeout(COMMIT):
            while True:
                try:
                    self._house.inbox.put_nowait(direct)
                    break
                except queue.Full:
                    await asyncio.sleep(_FULL)
            await kept

    def _now(self) -> datetime:
        return datetime.fromtimestamp(self._house.wall(), UTC)
