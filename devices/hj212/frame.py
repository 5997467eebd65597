"""Packets in a stream of bytes: `##`, length in four digits, data segment, CRC in four hex digits, CR LF.

HJ 212-2017, 6.3.1 (table 1) and annex A. The data segment is text without CR, LF or `##`, which is how a
packet that was cut off or tells a wrong length is known as soon as the next one begins.
"""

from __future__ import annotations

from devices.framing import StreamFramer
from devices.stations import Broken, Fault

LONGEST = 4096
"""Bytes of a data segment. The standard has 1024; devices in the field send longer ones."""
_HEAD = 6
_CRC = 4
_START = b"##"


def _table() -> tuple[int, ...]:
    table = []
    for byte in range(256):
        rest = byte
        for _ in range(8):
            rest = rest >> 1 ^ (0xA001 if rest & 1 else 0)
        table.append(rest)
    return tuple(table)


_TABLE = _table()


def crc16(segment: bytes) -> int:
    """The check of annex A: its register takes `(crc >> 8) ^ byte`, which is not the CRC of Modbus.

    >>> f"{crc16(b'QN=20160801085857223;ST=32;CN=1062;PW=100000;MN=010000A8900016F000169DC0;Flag=5;"
    ...          b'CP=&&RtdInterval=30&&'):04X}"
    '1C80'
    """
    crc = 0xFFFF
    for byte in segment:
        # Eight shifts of a 16 bit register: the low byte goes through the table, the high byte moves down.
        mixed = crc >> 8 ^ byte
        crc = mixed >> 8 ^ _TABLE[mixed & 0xFF]
    return crc


def frame(segment: bytes) -> bytes:
    """`segment` as it goes over the line.

    Raises:
        ValueError: longer than `LONGEST`.

    """
    if len(segment) > LONGEST:
        raise ValueError(f"a data segment of {len(segment)} bytes; at most {LONGEST} go into a packet")
    return b"##%04d%s%04X\r\n" % (len(segment), segment, crc16(segment))


class Framer(StreamFramer[bytes]):
    """Gives data segments."""

    def _cut_off(self, found: list[bytes | Broken]) -> int:
        return self._break(Fault.LENGTH, 0, found)[0]

    def _step(self, at: int, found: list[bytes | Broken]) -> tuple[int, bool]:
        have = self._bytes
        while at < len(have) and have[at] in b"\r\n":
            at += 1
        start = have.find(_START, at)
        if start != at:
            upto = start if start >= 0 else len(have) - have.endswith(b"#", at)
            if upto > at and not self._lost:
                found.append(Broken(Fault.RUBBISH, upto - at))
                self._lost = True
            return upto, start >= 0
        digits = bytes(have[at + 2 : at + _HEAD])
        if digits and not digits.isdigit():
            return self._break(Fault.RUBBISH if self._lost else Fault.LENGTH, at, found)
        if len(digits) < _HEAD - 2:
            return at, False
        end = at + _HEAD + int(digits) + _CRC
        body = bytes(have[at + _HEAD : end])
        if int(digits) > LONGEST or b"\r" in body or b"\n" in body or _START in body:
            return self._break(Fault.LENGTH, at, found)
        if len(have) < end:
            return at, False
        segment, told = body[:-_CRC], body[-_CRC:]
        if told.upper() != b"%04X" % crc16(segment):
            return self._break(Fault.CHECK, at, found)
        self._lost = False
        found.append(segment)
        return end, True

    def _break(self, fault: Fault, at: int, found: list[bytes | Broken]) -> tuple[int, bool]:
        """Leave the start at `at`; what follows up to the next one belongs to the same fault."""
        if fault is not Fault.RUBBISH:
            found.append(Broken(fault, 2))
        self._lost = True
        # `###0101`: the second `#` may be the start of the packet.
        return at + (1 if self._bytes[at + 2 : at + 3] == b"#" else 2), True
