"""Sparkplug B: births that name the metrics, data by alias alone, a death as last will.

Field numbers are those of the specification's `sparkplug_b.proto`; chapters 5 and 6 say what is in which
message. Each device is behind an edge node of its own, because a death belongs to a connection.
"""

from __future__ import annotations

from devices.sensors.quantities import KINDS, QUANTITIES
from simulators.sensors.shapes.protobuf import block, double, single, whole
from simulators.sensors.shapes.speech import Link, Publication, Sample, Who

_INT64, _FLOAT, _DOUBLE, _BOOLEAN, _STRING = 4, 9, 10, 11, 12
_SEQUENCE = 256


class Sparkplug:
    """A device with its edge node; `name` is GROUP/NODE/DEVICE."""

    def __init__(self, who: Who) -> None:
        self._group, self._node, self._device = who.name.split("/")
        self._quantities = (*KINDS[who.sensor.kind], "battery")
        self._seq = 0
        self._at_ms = 0
        self.asked: str | None = f"spBv1.0/{self._group}/NCMD/{self._node}"

    def born(self, link: Link) -> list[Publication]:
        """The births of node and device."""
        self._seq, self._at_ms = 0, round(link.at * 1000)
        death = _metric("bdSeq", None, _INT64, whole(11, _death(link)))
        rebirth = _metric("Node Control/Rebirth", None, _BOOLEAN, whole(14, 0))
        node = self._payload([death, rebirth])
        named = [
            _metric(
                name, alias, _type(name), _value(name, 0.0) if _switched(name) else whole(7, 1), _unit(name)
            )
            for alias, name in enumerate(self._quantities)
        ]
        return [
            Publication(f"spBv1.0/{self._group}/NBIRTH/{self._node}", node),
            Publication(self._topic("DBIRTH"), self._payload(named)),
        ]

    def gone(self, link: Link) -> Publication:
        """The node's death, which names the birth that it ends."""
        death = _metric("bdSeq", None, _INT64, whole(11, _death(link)))
        return Publication(f"spBv1.0/{self._group}/NDEATH/{self._node}", block(2, death))

    def measured(self, sample: Sample) -> list[Publication]:
        """Data of the device, by alias."""
        self._at_ms = round(sample.taken_at * 1000)
        stamp = whole(3, self._at_ms)
        metrics = [
            whole(2, self._quantities.index(name)) + stamp + whole(4, _type(name)) + _value(name, value)
            for name, value in sample.values.items()
        ]
        return [Publication(self._topic("DDATA"), self._payload(metrics))]

    def _topic(self, what: str) -> str:
        return f"spBv1.0/{self._group}/{what}/{self._node}/{self._device}"

    def _payload(self, metrics: list[bytes]) -> bytes:
        seq, self._seq = self._seq, (self._seq + 1) % _SEQUENCE
        return whole(1, self._at_ms) + b"".join(block(2, one) for one in metrics) + whole(3, seq)


def _death(link: Link) -> int:
    return (link.number - 1) % _SEQUENCE


def _metric(name: str, alias: int | None, kind: int, value: bytes, more: bytes = b"") -> bytes:
    known = b"" if alias is None else whole(2, alias)
    return block(1, name.encode()) + known + whole(4, kind) + more + value


def _switched(quantity: str) -> bool:
    return QUANTITIES[quantity].unit == "1"


def _type(quantity: str) -> int:
    if _switched(quantity):
        return _BOOLEAN
    return _FLOAT if quantity == "battery" else _DOUBLE


def _value(quantity: str, value: float) -> bytes:
    if _switched(quantity):
        return whole(14, int(value > 0))
    return single(12, value) if quantity == "battery" else double(13, value)


def _unit(quantity: str) -> bytes:
    """The property `engUnit`, a set of one key and one value."""
    text = block(8, QUANTITIES[quantity].unit.encode())
    return block(9, block(1, b"engUnit") + block(2, whole(1, _STRING) + text))
