"""JSON of a maker who follows nobody: nested, a list of channels, words in capitals, a unit of its own."""

from __future__ import annotations

from typing import Any

from devices.site.wiring import Mapping, Value
from simulators.sensors.shapes.speech import Link, Publication, Sample, Who, as_json

_SCALED = {"water_level": ("mm", 10.0), "residual_current": ("A", 0.001), "pm25": ("mg/m3", 0.001)}
"""What it sends in another unit than ours, and the factor."""
_WORDS = {"open": ("SHUT", "OPEN"), "pressed": ("IDLE", "HELP"), "blocked": ("CLEAR", "BROKEN")}


class Free:
    """A device whose site entry must say by `mapping` where its values stand."""

    asked = None

    def __init__(self, who: Who) -> None:
        self._topic = who.topic(f"maker/{who.name}/report")

    def born(self, link: Link) -> list[Publication]:
        """Nothing."""
        return []

    def gone(self, link: Link) -> None:
        """It has no such thing."""

    def measured(self, sample: Sample) -> list[Publication]:
        """One report; the battery stands apart."""
        channels = [
            {"ch": number, "val": _told(name, value)}
            for number, (name, value) in enumerate(sample.values.items())
            if name != "battery"
        ]
        body: dict[str, Any] = {
            "hdr": {"run": sample.boot, "no": sample.seq, "ts": int(sample.taken_at * 1000)},
            "dev stat": {"bat": sample.values["battery"], "sig": sample.rssi},
            "data": channels,
        }
        return [Publication(self._topic, as_json(body))]


def _told(quantity: str, value: float) -> float | str:
    if quantity in _WORDS:
        return _WORDS[quantity][value > 0]
    return round(value * _SCALED.get(quantity, ("", 1.0))[1], 6)


def mapping(quantities: tuple[str, ...]) -> Mapping:
    """How a site file says where a device of this maker has its values."""
    values = [
        Value(
            quantity=name,
            path=f"$.data[{number}].val",
            unit=_SCALED.get(name, ("", 1.0))[0],
            words={word: float(at) for at, word in enumerate(_WORDS.get(name, ()))},
        )
        for number, name in enumerate(quantities)
    ]
    return Mapping(
        values=(*values, Value(quantity="battery", path="$['dev stat'].bat")),
        time="$.hdr.ts",
        boot="$.hdr.run",
        seq="$.hdr.no",
        signal="$['dev stat'].sig",
    )
