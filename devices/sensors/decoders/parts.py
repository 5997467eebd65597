"""What several decoders share: values by name or by the site's mapping, and fields of JSON objects."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from typing import Any

from devices.errors import PayloadError
from devices.sensors.decoders.base import Post, Report, Sample
from devices.sensors.naming import samples_of, value_of, words_of
from devices.sensors.paths import find
from devices.sensors.payload import MAX_SEQ, load_json, number
from devices.sensors.times import time_of
from devices.site import wiring

UNKNOWN = "none of its values is known; say by `mapping` where they stand"


@dataclass(frozen=True, slots=True)
class Measured:
    """What a part of a message says of one sensor."""

    samples: tuple[Sample, ...] = ()
    refused: tuple[str, ...] = ()
    taken_at: datetime | None = None
    counter: tuple[str, int] | None = None
    signal: float | None = None

    def report(self, post: Post, **more: Any) -> Report:
        """As a report, with what else the decoder knows."""
        known = {"taken_at": self.taken_at, "counter": self.counter, "signal": self.signal}
        refused = (*self.refused, *more.pop("refused", ()))
        given = {name: value for name, value in more.items() if value is not None}
        return Report(post, self.samples, refused=refused, **{**known, **given})


def measured(body: Any, post: Post, zone: tzinfo = UTC, place: str = "payload") -> Measured:
    """What `body` says of `post`: by the site's mapping if it has one, else by the names of its fields."""
    if post.mapping is not None:
        return mapped(body, post.mapping, zone)
    refused: list[str] = []
    samples = tuple(samples_of(body, post.kind, refused)) if isinstance(body, dict) else ()
    if not samples and not refused:
        refused.append(f"{place}: {UNKNOWN}")
    return Measured(samples, tuple(refused))


def mapped(body: Any, mapping: wiring.Mapping, zone: tzinfo = UTC) -> Measured:
    """What stands at the paths of `mapping`; what is not there is left out."""
    samples: list[Sample] = []
    refused: list[str] = []
    for one in mapping.values:
        value = find(one.path, body)
        if value is None:
            continue
        try:
            told = value_of(value, one.quantity, one.words or words_of(one.quantity))
            samples.append(Sample(one.quantity, told * one.factor, one.unit or None))
        except PayloadError as error:
            refused.append(str(error))
    if not samples and not refused:
        refused.append("mapping: nothing stands at any of its paths")
    taken_at, counter, signal = None, None, None
    try:
        if mapping.time is not None and (time := find(mapping.time, body)) is not None:
            taken_at = time_of(time, "mapping.time", zone)
        if mapping.signal is not None and (level := find(mapping.signal, body)) is not None:
            signal = number(level, "mapping.signal")
        counter = _counter(body, mapping)
    except PayloadError as error:
        refused.append(str(error))
    return Measured(tuple(samples), tuple(refused), taken_at, counter, signal)


def _counter(body: Any, mapping: wiring.Mapping) -> tuple[str, int] | None:
    if mapping.boot is None or mapping.seq is None:
        return None
    boot, seq = find(mapping.boot, body), find(mapping.seq, body)
    if isinstance(boot, bool) or not isinstance(boot, str | int) or not 1 <= len(str(boot)) <= 64:
        raise PayloadError("mapping.boot: must be a text of 1 to 64 letters or a whole number")
    if isinstance(seq, bool) or not isinstance(seq, int) or not 0 <= seq <= MAX_SEQ:
        raise PayloadError("mapping.seq: must be a whole number, 0 or more")
    # No device's own name of a run may be one of ours (`devices.sensors.identity`).
    return str(boot).replace("@", "."), seq


def part(body: Mapping[str, Any], name: str) -> dict[str, Any]:
    """The object under `name`; empty where there is none."""
    value = body.get(name)
    return value if isinstance(value, dict) else {}


def text(body: Mapping[str, Any], name: str) -> str:
    """The text under `name`; empty where there is none."""
    value = body.get(name)
    return value if isinstance(value, str) else ""


def plainly(body: Mapping[str, Any], name: str) -> str:
    """The text, number or truth under `name` as text; empty where there is none, or lists and objects."""
    value = body.get(name)
    return str(value) if isinstance(value, str | int | float) else ""


def strongest(receptions: object) -> float | None:
    """The best `rssi` (dBm) among those of several gateways."""
    if not isinstance(receptions, list):
        return None
    levels = [one.get("rssi") for one in receptions if isinstance(one, dict)]
    believed = (one for one in levels if isinstance(one, int | float) and -200 <= one <= 30)
    return max((float(one) for one in believed), default=None)


def json_or_text(payload: bytes) -> Any:
    """JSON, or the text itself where it is none.

    Raises:
        PayloadError: neither.

    """
    try:
        return load_json(payload)
    except PayloadError:
        if len(payload) > 64 or payload[:1] in (b"{", b"["):
            raise
        try:
            return payload.decode()
        except UnicodeDecodeError:
            raise PayloadError("payload: not UTF-8") from None
