"""One line to a station that speaks HJ 212: bytes in, what was said out."""

from __future__ import annotations

import hmac
from datetime import datetime, timedelta, tzinfo

from devices.errors import PayloadError
from devices.hj212 import answers
from devices.hj212.factors import SPANS
from devices.hj212.frame import Framer
from devices.hj212.packet import Packet, read
from devices.hj212.samples import Values, data_time, samples, sent_at
from devices.stations import Broken, Said

CLOCK_OFF = timedelta(seconds=60)
"""A station whose clock is further off has it set, where the site wants that."""
CLOCK_EVERY = timedelta(hours=1)
_REPLIES = {answers.REQUEST_ANSWER: "QnRtn", answers.RESULT: "ExeRtn"}


class Talk:
    """What is remembered of one connection."""

    def __init__(self, zone: tzinfo, password: str | None, *, clock: bool = False) -> None:
        """`clock`: set the clock of a station when it is off, or when it asks."""
        self._zone, self._password, self._clock = zone, password, clock
        self._framer = Framer()
        self._part: tuple[str, datetime] | None = None
        """QN and data time of a packet in parts: only its first part need tell it."""
        self._last: tuple[datetime, str, datetime | None] | None = None
        """Data time, QN and mark of what it measured last."""
        self._clock_set: datetime | None = None
        self._heard: Packet | None = None
        """Its last packet of values."""

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
        """The request for what is measured now, to a station that has become silent; nothing before its first
        values.
        """
        return b"" if self._heard is None else answers.read_now(self._heard, now, self._zone)

    def _said(self, found: bytes | Broken, now: datetime) -> Said:
        if isinstance(found, Broken):
            return Said("", fault=found.fault)
        try:
            packet = read(found)
        except PayloadError as error:
            return Said("", fault=str(error))
        sent = sent_at(packet, self._zone)
        if self._password is not None and not hmac.compare_digest(
            packet.pw.encode(), self._password.encode()
        ):
            return Said(packet.mn, sent_at=sent, fault="PW: is wrong", denied=True)
        try:
            values = self._values(packet, sent)
            fault = f"{', '.join(values.unreadable)[:60]}: is no number" if values.unreadable else ""
        except PayloadError as error:
            values, fault = Values(()), str(error)
        answer = (answers.confirm(packet) or b"") + self._set_clock(packet, sent, now)
        return Said(packet.mn, values.samples, sent, answer, fault)

    def _values(self, packet: Packet, sent: datetime | None) -> Values:
        if (name := _REPLIES.get(packet.cn)) is not None:
            told = answers.returned(packet, name)
            if told not in (None, answers.QN_RETURNS["1"], answers.EXE_RETURNS["1"]):
                raise PayloadError(f"{name}: {told}")
            return Values(())
        if packet.cn not in SPANS:
            if packet.cn in (answers.CLOCK_ASKED, answers.DATA_ANSWER, answers.NOTICE_ANSWER):
                return Values(())
            raise PayloadError(f"CN: {packet.cn} carries no values known here")
        self._heard = packet
        taken = data_time(packet, self._zone)
        if taken is None and self._part is not None and self._part[0] == packet.qn:
            taken = self._part[1]
        if taken is None:
            taken = sent
        if taken is None:
            raise PayloadError("DataTime: is missing")
        if packet.in_parts:
            self._part = packet.qn, taken
        return samples(packet, taken, self._mark(packet, taken, sent))

    def _mark(self, packet: Packet, taken: datetime, sent: datetime | None) -> datetime | None:
        """By what to tell values apart whose data time stands still while QN goes on: by QN."""
        if packet.cn != answers.READ_NOW or packet.in_parts or sent is None:
            return None
        mark = None
        if self._last is not None and self._last[0] == taken:
            mark = sent if self._last[1] < packet.qn else self._last[2]
        self._last = taken, packet.qn, mark
        return mark

    def _set_clock(self, packet: Packet, sent: datetime | None, now: datetime) -> bytes:
        if not self._clock:
            return b""
        off = sent is not None and abs(sent - now) > CLOCK_OFF
        recently = self._clock_set is not None and now - self._clock_set < CLOCK_EVERY
        if packet.cn != answers.CLOCK_ASKED and (not off or recently):
            return b""
        self._clock_set = now
        return answers.set_clock(packet, now, self._zone)
