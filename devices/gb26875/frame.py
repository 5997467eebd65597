"""Packets in a stream of bytes (GB/T 26875.3-2011, 6.6, table 1).

    @@ serial 2, version 2, time 6, source 6, target 6, length 2, command 1, data 0 to 1024, sum 1 ##

Numbers go low byte first. The sum is over all between `@@` and itself, modulo 256. `##` may also stand
within the data: a packet's end is told by its length alone.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, tzinfo
from enum import IntEnum

from devices.framing import StreamFramer
from devices.stations import Broken, Fault

LONGEST = 1024
"""Bytes of an application data unit."""
_START, _END = b"@@", b"##"
_HEAD = 27
"""Up to the data."""
_TAIL = 3
ADDRESS = 6


class Command(IntEnum):
    """The command byte (table 2); 7 to 127 are reserved, those above are the makers' own."""

    CONTROL = 1
    DATA = 2
    CONFIRM = 3
    REQUEST = 4
    ANSWER = 5
    DENY = 6


@dataclass(frozen=True, slots=True)
class Frame:
    """One packet."""

    serial: int
    """Business serial number: rises by one, and stays the same in a repeat and in the answer."""
    command: int
    source: bytes
    """Address of who sends, as its six bytes came."""
    target: bytes
    data: bytes = b""
    version: bytes = b"\x01\x00"
    """Main version, and the maker's."""
    label: bytes = bytes(6)
    """When it was sent: see `moment`."""

    def answered(self, command: Command, label: bytes) -> Frame:
        """The packet that answers this one."""
        return replace(self, command=command, source=self.target, target=self.source, data=b"", label=label)


def write(frame: Frame) -> bytes:
    """`frame` as it goes over the line.

    Raises:
        ValueError: a field does not fit.

    """
    if len(frame.source) != ADDRESS or len(frame.target) != ADDRESS or len(frame.data) > LONGEST:
        raise ValueError("addresses have 6 bytes, and data at most 1024")
    middle = b"".join(
        (
            frame.serial.to_bytes(2, "little"),
            frame.version,
            frame.label,
            frame.source,
            frame.target,
            len(frame.data).to_bytes(2, "little"),
            bytes((frame.command,)),
            frame.data,
        )
    )
    return _START + middle + bytes((sum(middle) & 0xFF,)) + _END


class Framer(StreamFramer[Frame]):
    """Gives packets."""

    def _cut_off(self, found: list[Frame | Broken]) -> int:
        self._break(Fault.LENGTH, 1, found)
        return 1

    def _step(self, at: int, found: list[Frame | Broken]) -> tuple[int, bool]:
        have = self._bytes
        start = have.find(_START, at)
        if start != at:
            upto = start if start >= 0 else len(have) - have.endswith(b"@", at)
            if upto > at:
                self._break(Fault.RUBBISH, upto - at, found)
            return upto, start >= 0
        if len(have) < at + _HEAD:
            return at, False
        size = int.from_bytes(have[at + 24 : at + 26], "little")
        if size > LONGEST:
            self._break(Fault.LENGTH, 1, found)
            return at + 1, True
        end = at + _HEAD + size + _TAIL
        if len(have) < end:
            return at, False
        whole = bytes(have[at:end])
        if whole[-2:] != _END or whole[-3] != sum(whole[2:-3]) & 0xFF:
            self._break(Fault.END if whole[-2:] != _END else Fault.CHECK, 1, found)
            return at + 1, True
        self._lost = False
        found.append(_frame(whole))
        return end, True

    def _break(self, fault: Fault, size: int, found: list[Frame | Broken]) -> None:
        if not self._lost:
            found.append(Broken(fault, size))
        self._lost = True


def _frame(whole: bytes) -> Frame:
    return Frame(
        serial=int.from_bytes(whole[2:4], "little"),
        version=whole[4:6],
        label=whole[6:12],
        source=whole[12:18],
        target=whole[18:24],
        command=whole[26],
        data=whole[_HEAD:-_TAIL],
    )


def moment(label: bytes, zone: tzinfo) -> datetime | None:
    """The time in six bytes (8.2.2): second, minute, hour, day, month, year less 2000; None where they are
    none. The standard says nothing of a zone; devices run on local time.
    """
    second, minute, hour, day, month, year = label
    try:
        return datetime(2000 + year, month, day, hour, minute, second, tzinfo=zone)
    except ValueError:
        return None


def label_of(at: datetime, zone: tzinfo) -> bytes:
    """`at` as such six bytes."""
    local = at.astimezone(zone)
    parts = (local.second, local.minute, local.hour, local.day, local.month, local.year - 2000)
    return bytes(part & 0xFF for part in parts)
