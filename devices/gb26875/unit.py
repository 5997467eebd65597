"""What a packet carries: an application data unit (GB/T 26875.3-2011, clauses 7 and 8).

    type 1 | count of objects 1 | objects, each with the time at which it happened

Some devices leave the times out; both lengths are read.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, tzinfo

from devices.errors import PayloadError
from devices.gb26875.frame import moment
from devices.gb26875.tables import COMPONENT_ANALOG, KINDS, SILENT, Owner

_TIME = 6


@dataclass(frozen=True, slots=True)
class Item:
    """One information object."""

    type: int
    raw: bytes
    """All of it, by which it is told from others."""
    at: datetime | None
    """When it happened, by the device's clock."""
    bits: int = 0
    system: int | None = None
    """Type of the fire system (table 4)."""
    system_address: int | None = None
    component_type: int | None = None
    component: bytes | None = None
    """Address of a component, as its four bytes came."""
    analog: tuple[int, int] | None = None
    """Type and steps of an analog value."""
    text: str = ""
    """What the panel calls the component."""


def items(data: bytes, zone: tzinfo) -> tuple[Item, ...]:
    """The objects of an application data unit; none for types that tell nothing to keep.

    Raises:
        PayloadError: its type is not known, or its length is not what the count of objects makes it.

    """
    if len(data) < 2:
        raise PayloadError("data unit: shorter than its type and count")
    kind, count, rest = data[0], data[1], data[2:]
    if kind in SILENT:
        return ()
    known = KINDS.get(kind)
    if known is None:
        raise PayloadError(f"data unit: type {kind} is not known here")
    size = next((size for size in (known.size + _TIME, known.size) if size * count == len(rest)), None)
    if size is None or count == 0:
        raise PayloadError(f"data unit: {len(rest)} bytes are not {count} objects of type {kind}")
    timed = size > known.size
    return tuple(_item(kind, rest[at : at + size], timed, zone) for at in range(0, len(rest), size))


def _item(kind: int, raw: bytes, timed: bool, zone: tzinfo) -> Item:
    at = moment(raw[-_TIME:], zone) if timed else None
    if KINDS[kind].owner is Owner.TRANSMITTER:
        return Item(kind, raw, at, bits=raw[0])
    system, address = raw[0], raw[1]
    if KINDS[kind].owner is Owner.SYSTEM:
        # A state has two bytes of flags, an operation one of flags and one for who did it.
        bits = int.from_bytes(raw[2:4], "little") if kind == 1 else raw[2]
        return Item(kind, raw, at, bits, system, address)
    component_type, component = raw[2], raw[3:7]
    if kind == COMPONENT_ANALOG:
        analog = raw[7], int.from_bytes(raw[8:10], "little", signed=True)
        return Item(kind, raw, at, 0, system, address, component_type, component, analog)
    bits, text = int.from_bytes(raw[7:9], "little"), _text(raw[9:40])
    return Item(kind, raw, at, bits, system, address, component_type, component, text=text)


def _text(raw: bytes) -> str:
    """GB 18030, filled up with zeros; what cannot be read of it is left out, it is for people only."""
    text = raw.partition(b"\0")[0].decode("gb18030", errors="ignore")
    return "".join(letter for letter in text if letter.isprintable()).strip()
