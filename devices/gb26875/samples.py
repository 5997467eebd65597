"""The values in an information object."""

from __future__ import annotations

from collections.abc import Iterator
from zlib import crc32

from devices.gb26875.tables import ANALOGS, KINDS, OPERATIONS
from devices.gb26875.unit import Item
from devices.stations import Place, Sample


def samples(item: Item, serial: int, label: bytes = b"") -> tuple[Sample, ...]:
    """Each flag as a value of 0 or 1, or the analog value; of an operation only what was done.

    The same object under the same serial number is a repeat. A serial number alone would not do: devices
    count from 0 again when they start, and a fire must not be taken for a message of yesterday. Where the
    object has no time of its own, the packet's `label` stands in.

    Bit 0 ("test" rather than "normal") makes nothing uncertain: most devices never set it, also in a fire.
    """
    told = item.raw if item.at is not None else item.raw + label
    boot = f"{crc32(told, item.type):08x}"
    component = None if item.component is None else item.component.hex()
    place = Place(item.system, item.system_address, component)
    return tuple(
        Sample(name, value, unit, item.at, boot, serial, place=place) for name, value, unit in _values(item)
    )


def _values(item: Item) -> Iterator[tuple[str, float, str]]:
    if item.analog is not None:
        kind, steps = item.analog
        name, unit, step = ANALOGS.get(kind, (f"analog_{kind}", "", 1))
        yield name, round(steps * step, 6), unit
    for bit, name in KINDS[item.type].bits.items():
        value = item.bits >> bit & 1
        if value or item.type not in OPERATIONS:
            yield name, float(value), "1"
