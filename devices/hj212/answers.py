"""What the platform says: answers to packets, and the two commands that it sends by itself."""

from __future__ import annotations

from datetime import datetime, tzinfo

from devices.hj212.frame import frame
from devices.hj212.packet import Packet, write

DATA_ANSWER = "9014"
NOTICE_ANSWER = "9013"
CLOCK_ASKED = "1013"
"""A station asks for its clock to be set; a notice (6.6.5)."""
SET_CLOCK = "1012"
READ_NOW = "2011"
REQUEST_ANSWER = "9011"
RESULT = "9012"
_ASKED = 1
"""Flag bit A: the station shall answer."""

QN_RETURNS = {
    "1": "ready to execute",
    "2": "refused",
    "3": "PW is wrong",
    "4": "MN is wrong",
    "5": "ST is wrong",
    "6": "Flag is wrong",
    "7": "QN is wrong",
    "8": "CN is wrong",
    "9": "CRC is wrong",
    "100": "unknown fault",
}
"""QnRtn in a 9011 (6.6.5 table 7)."""
EXE_RETURNS = {
    "1": "done",
    "2": "failed, nobody knows why",
    "3": "failed, conditions are not met",
    "4": "no line to the instrument",
    "5": "busy",
    "6": "out of order",
    "100": "no data",
}
"""ExeRtn in a 9012 (6.6.5 table 8)."""


def confirm(packet: Packet) -> bytes | None:
    """The answer to `packet`, for once it is kept; None where the station waits for none."""
    if not packet.wants_answer or packet.cn in (REQUEST_ANSWER, RESULT):
        return None
    return frame(write(packet.answered(NOTICE_ANSWER if packet.cn == CLOCK_ASKED else DATA_ANSWER)))


def set_clock(packet: Packet, now: datetime, zone: tzinfo) -> bytes:
    """The command that sets the clock of the station that sent `packet`."""
    return _command(packet, SET_CLOCK, f"SystemTime={now.astimezone(zone):%Y%m%d%H%M%S}", now, zone)


def read_now(packet: Packet, now: datetime, zone: tzinfo) -> bytes:
    """The request for what the station that sent `packet` measures now."""
    return _command(packet, READ_NOW, "", now, zone)


def returned(packet: Packet, name: str) -> str | None:
    """`QnRtn` or `ExeRtn` of an answer, in words; None where there is none."""
    table = QN_RETURNS if name == "QnRtn" else EXE_RETURNS
    _, found, rest = packet.cp.partition(f"{name}=")
    code = rest.partition(";")[0].partition("&")[0].strip()
    return table.get(code, f"{name} {code[:8]}") if found else None


def _command(packet: Packet, cn: str, cp: str, now: datetime, zone: tzinfo) -> bytes:
    local = now.astimezone(zone)
    qn = f"{local:%Y%m%d%H%M%S}{local.microsecond // 1000:03d}"
    edition = (packet.flag or 0) & ~3
    flag = edition | _ASKED
    return frame(write(Packet(cn=cn, mn=packet.mn, st=packet.st, pw=packet.pw, qn=qn, flag=flag, cp=cp)))
