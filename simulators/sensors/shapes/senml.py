"""A SenML pack (RFC 8428) with base name, base time and units of its registries (RFC 8428, RFC 8798)."""

from __future__ import annotations

from typing import Any

from devices.sensors.quantities import QUANTITIES
from simulators.sensors.shapes.speech import Link, Publication, Sample, Who, as_json

_AS: dict[str, tuple[str, float]] = {"cm": ("m", 0.01), "mm": ("mm", 1), "deg": ("rad", 0.017453292519943295)}
"""Unit of ours -> one of the registry, and the factor."""


class Senml:
    """A device whose records share name and time; two states are `vb`."""

    asked = None

    def __init__(self, who: Who) -> None:
        self._topic = who.topic(f"senml/{who.name}")
        self._base = f"urn:dev:mac:{who.seed:016x}:"  # RFC 9039

    def born(self, link: Link) -> list[Publication]:
        """Nothing."""
        return []

    def gone(self, link: Link) -> None:
        """SenML has no such thing."""

    def measured(self, sample: Sample) -> list[Publication]:
        """One pack."""
        records = [_record(name, value, sample) for name, value in sample.values.items()]
        records[0] = {"bn": self._base, "bt": round(sample.taken_at, 3), **records[0]}
        return [Publication(self._topic, as_json(records))]


def _record(name: str, value: float, sample: Sample) -> dict[str, Any]:
    unit = QUANTITIES[name].unit
    if unit == "1":
        return {"n": name, "vb": value > 0}
    symbol, factor = _AS.get(unit, (unit, 1))
    return {"n": name, "u": sample.odd_unit or symbol, "v": round(value * factor, 6)}
