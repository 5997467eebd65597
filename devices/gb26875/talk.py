"""One line to a transmission device that speaks GB/T 26875.3: bytes in, what was said out."""

from __future__ import annotations

from datetime import datetime, timedelta, tzinfo

from devices.errors import PayloadError
from devices.gb26875 import answers
from devices.gb26875.frame import Command, Frame, Framer, moment
from devices.gb26875.samples import samples
from devices.gb26875.unit import items
from devices.stations import Broken, Said

CLOCK_OFF = timedelta(seconds=60)
"""A device whose clock is further off has it set, where the site wants that."""
CLOCK_EVERY = timedelta(hours=1)


class Talk:
    """What is remembered of one connection."""

    def __init__(self, zone: tzinfo, *, clock: bool = False) -> None:
        """`clock`: set the clock of a device when it is off."""
        self._zone, self._clock = zone, clock
        self._framer = Framer()
        self._serial = 0
        self._clock_set: datetime | None = None

    @property
    def waiting(self) -> int:
        """Bytes of a packet that is not whole."""
        return self._framer.waiting

    def feed(self, data: bytes, now: datetime) -> list[Said]:
        """What `data` completes, in order."""
        return [self._said(one, now) for one in self._framer.feed(data)]

    def give_up(self, now: datetime) -> list[Said]:
        """The same, since what has begun will not become whole."""
        return [self._said(one, now) for one in self._framer.give_up()]

    def ask(self, now: datetime) -> bytes:
        """Nothing: a fire alarm system is not asked, it tells."""
        return b""

    def _said(self, found: Frame | Broken, now: datetime) -> Said:
        if isinstance(found, Broken):
            return Said("", fault=found.fault)
        station, sent = found.source.hex(), moment(found.label, self._zone)
        if found.command == Command.DENY:
            return Said(station, sent_at=sent, fault="it denies a command of ours")
        if found.command not in (Command.DATA, Command.ANSWER):
            return Said(station, sent_at=sent)
        try:
            objects = items(found.data, self._zone)
        except PayloadError as error:
            return Said(station, (), sent, answers.deny(found, now, self._zone), str(error))
        values = tuple(sample for item in objects for sample in samples(item, found.serial, found.label))
        # An answer to a request is not confirmed (6.4).
        answer = answers.confirm(found, now, self._zone) if found.command == Command.DATA else b""
        return Said(station, values, sent, answer + self._set_clock(found, sent, now))

    def _set_clock(self, frame: Frame, sent: datetime | None, now: datetime) -> bytes:
        off = sent is None or abs(sent - now) > CLOCK_OFF
        recently = self._clock_set is not None and now - self._clock_set < CLOCK_EVERY
        if not self._clock or not off or recently:
            return b""
        self._clock_set = now
        self._serial = (self._serial + 1) & 0xFFFF
        return answers.set_clock(frame, self._serial, now, self._zone)
