"""The data segment of a packet: `QN=…;ST=…;CN=…;PW=…;MN=…;Flag=…;CP=&&…&&` (HJ 212-2017, 6.3.2 table 2).

HJ/T 212-2005 differs: QN and Flag may be missing in what a station sends by itself, and answers name the
request they belong to within CP. Both are read here; `Packet.edition` tells which one a station speaks.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from devices.errors import PayloadError

MAX_ITEMS = 1024
_FIELD = re.compile(r"[A-Za-z0-9]{1,16}")
_QN = re.compile(r"\d{17}")
_MN = re.compile(r"[A-Za-z0-9]{1,32}")
_CN = re.compile(r"\d{4}")
_ST = re.compile(r"[0-9A-Za-z]{0,4}")
_NUMBER = re.compile(r"\d{1,4}")
_ANSWER, _PARTS = 1, 2
"""Bits of Flag: A, an answer is asked for; D, the packet has numbers (6.3.2)."""
_EDITION = 2
"""Flag >> _EDITION is the standard's edition: 0 for 2005, 1 for 2017."""


@dataclass(frozen=True, slots=True)
class Packet:
    """One packet's fields; texts as they came."""

    cn: str
    """Command number, four digits."""
    mn: str
    """The station's number."""
    st: str = ""
    pw: str = field(default="", repr=False)
    qn: str = ""
    """17 digits, the station's clock to the millisecond; empty where it was missing or something else."""
    flag: int | None = None
    pnum: int = 1
    pno: int = 1
    cp: str = ""
    """What stands between `&&` and `&&`."""

    @property
    def edition(self) -> int:
        """2005 or 2017; a station without Flag is of 2005."""
        return 2017 if (self.flag or 0) >> _EDITION else 2005

    @property
    def wants_answer(self) -> bool:
        """Whether the other side waits for one."""
        return bool((self.flag or 0) & _ANSWER)

    @property
    def in_parts(self) -> bool:
        """Whether it has PNUM and PNO."""
        return bool((self.flag or 0) & _PARTS)

    def answered(self, cn: str, cp: str = "") -> Packet:
        """The packet that answers this one, as its edition wants it."""
        flag = (self.flag or 0) & ~_ANSWER
        if self.edition == 2005:
            inner = f"QN={self.qn};{cp}".rstrip(";") if self.qn else cp
            return replace(self, cn=cn, st="91", qn="", flag=flag, cp=inner)
        return replace(self, cn=cn, st="91", flag=flag, cp=cp)


def read(segment: bytes) -> Packet:
    """The fields of a data segment.

    Raises:
        PayloadError: a field is missing or not what it must be; names it and never quotes PW.

    """
    head, start, rest = text_of(segment).partition("CP=&&")
    fields = _fields(head.rstrip(";"))
    flag = fields.get("Flag")
    packet = Packet(
        cn=_checked(fields, "CN", _CN, "four digits"),
        mn=_checked(fields, "MN", _MN, "1 to 32 letters and digits"),
        st=_checked(fields, "ST", _ST, "at most 4 letters and digits", ""),
        pw=fields.get("PW", "")[:32],
        qn=qn if _QN.fullmatch(qn := fields.get("QN", "")) else "",
        flag=None if flag is None else _whole(flag, "Flag", 255),
        cp=rest.rpartition("&&")[0] if start else "",
    )
    if start and "&&" not in rest:
        raise PayloadError("CP: does not end with &&")
    if not packet.in_parts:
        return packet
    pnum, pno = (_whole(fields.get(name, "1"), name, 9999) for name in ("PNUM", "PNO"))
    if not 1 <= pno <= pnum:
        raise PayloadError("PNO: must be from 1 to PNUM")
    return replace(packet, pnum=pnum, pno=pno)


def write(packet: Packet) -> bytes:
    """`packet` as a data segment, in the order of the standard."""
    numbers = f"PNUM={packet.pnum};PNO={packet.pno};" if packet.in_parts else ""
    qn = f"QN={packet.qn};" if packet.qn else ""
    flag = "" if packet.flag is None else f"Flag={packet.flag};"
    head = f"{qn}ST={packet.st};CN={packet.cn};PW={packet.pw};MN={packet.mn};{flag}{numbers}"
    return f"{head}CP=&&{packet.cp}&&".encode("gb18030")


def text_of(data: bytes) -> str:
    """Text of a station: UTF-8, else GB 18030 (of which GBK and GB 2312 are parts).

    Raises:
        PayloadError: it is neither.

    """
    for encoding in ("utf-8", "gb18030"):
        try:
            return data.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise PayloadError("data segment: neither UTF-8 nor GB 18030")


def groups(cp: str) -> list[dict[str, str]]:
    """CP as the standard writes it: groups parted by `;`, in each items `name=value` parted by `,`.

    Raises:
        PayloadError: more items than any station has.

    """
    if cp.count(";") + cp.count(",") >= MAX_ITEMS:
        raise PayloadError(f"CP: more than {MAX_ITEMS} items")
    found = []
    for group in cp.split(";"):
        items = (item.partition("=") for item in group.split(","))
        if named := {name.strip(): value.strip() for name, equals, value in items if equals}:
            found.append(named)
    return found


def _fields(head: str) -> dict[str, str]:
    fields: dict[str, str] = {}
    for item in head.split(";") if head else ():
        name, equals, value = item.partition("=")
        if not equals or _FIELD.fullmatch(name) is None:
            raise PayloadError("data segment: is not made of NAME=VALUE parted by ;")
        if fields.setdefault(name, value) is not value:
            raise PayloadError(f"{name}: is there twice")
    return fields


def _checked(
    fields: Mapping[str, str], name: str, pattern: re.Pattern[str], what: str, default: str | None = None
) -> str:
    value = fields.get(name, default)
    if value is None or pattern.fullmatch(value) is None:
        raise PayloadError(f"{name}: must be {what}")
    return value


def _whole(text: str, name: str, highest: int) -> int:
    if _NUMBER.fullmatch(text) is None or int(text) > highest:
        raise PayloadError(f"{name}: must be a whole number up to {highest}")
    return int(text)
