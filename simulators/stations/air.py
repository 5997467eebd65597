"""A dust and noise station that speaks HJ 212-2017, or the edition of 2005."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, tzinfo
from typing import Any

from devices.hj212 import answers
from devices.hj212.frame import Framer, frame
from devices.hj212.packet import Packet, groups, read, write
from devices.stations import Broken
from simulators.stations.line import Heard, Line, Message

LENGTH_AT = slice(5, 6)
"""The last digit of the length."""
AMBIENT_AIR = "22"


class AirStation:
    """Makes the packets of one station; pure but for the count of those made within one millisecond."""

    def __init__(
        self, mn: str, zone: tzinfo, *, pw: str = "123456", flag: int | None = 5, clock_off: float = 0.0
    ) -> None:
        """`flag`: 5 asks for answers, 4 does not, 1 is the edition of 2005; `clock_off`: seconds ahead."""
        self.mn, self._zone, self._pw, self._flag = mn, zone, pw, flag
        self.clock_off = clock_off
        self._last = 0

    def line(self, address: tuple[str, int], *, wait: float = 10.0, tries: int = 3) -> Line:
        """Its line to a node."""
        return Line(address, self._hearer, LENGTH_AT, wait=wait, tries=tries)

    def values(
        self,
        at: float,
        values: Mapping[str, float],
        *,
        cn: str = "2011",
        taken: float | None = None,
        mark: str = "N",
    ) -> Message:
        """What it measured: factor code -> value; `taken` (Unix s) where that was not now."""
        field = "Rtd" if cn == "2011" else "Avg"
        items = ";".join(f"{code}-{field}={value:g},{code}-Flag={mark}" for code, value in values.items())
        data_time = self._local(at if taken is None else taken)
        return self._message(at, cn, f"DataTime={data_time:%Y%m%d%H%M%S};{items}", f"{cn} {dict(values)}")

    def parts(self, at: float, parts: list[Mapping[str, float]]) -> list[Message]:
        """The same in packets of their own; only the first tells the data time."""
        qn = self._qn(at)
        made = []
        for number, values in enumerate(parts, 1):
            items = ";".join(f"{code}-Rtd={value:g},{code}-Flag=N" for code, value in values.items())
            cp = (f"DataTime={self._local(at):%Y%m%d%H%M%S};" if number == 1 else "") + items
            packet = Packet(
                "2011", self.mn, AMBIENT_AIR, self._pw, qn, (self._flag or 0) | 2, len(parts), number, cp
            )
            made.append(Message(f"{qn}/{number}", frame(write(packet)), f"part {number} {dict(values)}"))
        return made

    def asks_for_time(self, at: float) -> Message:
        """A notice: its clock is to be set."""
        return self._message(at, answers.CLOCK_ASKED, "", "asks for the time")

    def _message(self, at: float, cn: str, cp: str, truth: str) -> Message:
        qn = self._qn(at)
        packet = Packet(cn, self.mn, AMBIENT_AIR, self._pw, qn, self._flag, cp=cp)
        return Message(f"{qn}/1", frame(write(packet)), truth)

    def _local(self, at: float) -> datetime:
        return datetime.fromtimestamp(at + self.clock_off, UTC).astimezone(self._zone)

    def _qn(self, at: float) -> str:
        local = self._local(at)
        qn = max(int(f"{local:%Y%m%d%H%M%S}{local.microsecond // 1000:03d}"), self._last + 1)
        self._last = qn
        return str(qn)

    def _hearer(self) -> Callable[[bytes], list[Heard]]:
        framer = Framer()

        def hear(data: bytes) -> list[Heard]:
            packets = [read(one) for one in framer.feed(data) if not isinstance(one, Broken)]
            return [self._heard(packet) for packet in packets]

        return hear

    def _heard(self, packet: Packet) -> Heard:
        if packet.cn in (answers.DATA_ANSWER, answers.NOTICE_ANSWER):
            inner = next((group["QN"] for group in groups(packet.cp) if "QN" in group), "")
            return Heard(answer=f"{packet.qn or inner}/{packet.pno}")
        said: dict[str, Any] = {"st": "91", "flag": 4}
        ready = Packet(answers.REQUEST_ANSWER, self.mn, pw=self._pw, qn=packet.qn, cp="QnRtn=1", **said)
        done = Packet(answers.RESULT, self.mn, pw=self._pw, qn=packet.qn, cp="ExeRtn=1", **said)
        return Heard(command=f"{packet.cn} {packet.cp}", reply=frame(write(ready)) + frame(write(done)))
