"""Telemetry of Tasmota: `tele/TOPIC/SENSOR`, `STATE` and `LWT`, `stat/TOPIC/STATUS10` and `RESULT`.

    {"Time": "2026-11-22T16:00:00", "AM2301": {"Temperature": 21.5}, "Switch1": "OFF", "TempUnit": "C"}

`Time` is local and names no zone: the site's is taken. Values stand under the chip that measured them; a
chip that is there twice (`DS18B20-1`) and a switch that is not the sensor's own want a `mapping`. The
strength of the radio comes apart, in `STATE`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, tzinfo
from typing import Any

from devices.errors import PayloadError
from devices.sensors.decoders.base import Incoming, Post, Report, Sample
from devices.sensors.decoders.parts import UNKNOWN, mapped, part, text
from devices.sensors.naming import samples_of, value_of
from devices.sensors.payload import load_object, number
from devices.sensors.times import time_of
from devices.sensors.vocabulary import BINARY, STATES

_UNITS = {"F": "degF", "C": "Cel"}


class Tasmota:
    """`device` is the device's topic."""

    def __init__(self, zone: tzinfo) -> None:
        self._zone = zone
        self._signals: dict[str, float] = {}
        """Sensor -> dBm, as `STATE` said last."""

    def topics(self, post: Post) -> tuple[str, ...]:
        """What it says by itself and what it answers."""
        return (f"tele/{post.device}/+", f"stat/{post.device}/+")

    def decode(self, message: Incoming, posts: Sequence[Post]) -> Iterable[Report]:
        """See the module."""
        what = message.topic.rpartition("/")[2]
        if what == "LWT":
            return [Report(post, online=_online(message.payload)) for post in posts]
        if what not in ("SENSOR", "STATE", "STATUS10", "RESULT"):
            return []
        body = load_object(message.payload)
        if what == "STATE":
            return self._heard(body, posts)
        if what == "STATUS10":
            body = part(body, "StatusSNS")
        if what == "RESULT" and not any(name.startswith("Switch") for name in body):
            return []
        return [self._said(body, post) for post in posts]

    def _heard(self, body: dict[str, Any], posts: Sequence[Post]) -> list[Report]:
        level = part(body, "Wifi").get("Signal")
        if level is not None:
            self._signals |= dict.fromkeys((post.sensor for post in posts), number(level, "Wifi.Signal"))
        return []

    def _said(self, body: dict[str, Any], post: Post) -> Report:
        at = self._time(body)
        signal = self._signals.get(post.sensor)
        if post.mapping is not None:
            said = mapped(body, post.mapping, self._zone)
            return said.report(post, taken_at=said.taken_at or at, signal=said.signal or signal)
        refused: list[str] = []
        samples: dict[str, Sample] = {}
        for sample in _values(body, post.kind, refused):
            samples.setdefault(sample.quantity, sample)
        if not samples and not refused:
            refused.append(f"payload: {UNKNOWN}")
        return Report(post, tuple(samples.values()), taken_at=at, signal=signal, refused=tuple(refused))

    def _time(self, body: dict[str, Any]) -> datetime | None:
        return None if body.get("Time") is None else time_of(body["Time"], "Time", self._zone)


def _values(body: dict[str, Any], kind: str, refused: list[str]) -> Iterator[Sample]:
    temperature = _UNITS.get(text(body, "TempUnit"))
    yield from samples_of(
        {name: one for name, one in body.items() if not isinstance(one, dict)}, kind, refused
    )
    for chip, values in body.items():
        if not isinstance(values, dict) or chip.startswith("Switch"):
            continue
        named = {_told(chip, name): value for name, value in values.items()}
        for sample in samples_of(named, kind, refused):
            if sample.quantity in ("temperature", "cable_temperature") and temperature is not None:
                yield Sample(sample.quantity, sample.value, temperature)
            else:
                yield sample
    yield from _switch(body, kind, refused)


def _told(chip: str, name: str) -> str:
    """A fuel gauge calls its share only `Percent` or `Percentage`."""
    return "battery" if "bat" in chip.casefold() and name.startswith("Percent") else name


def _switch(body: dict[str, Any], kind: str, refused: list[str]) -> Iterator[Sample]:
    """The first switch of the board is what the sensor's kind says with two states."""
    state = body.get("Switch1")
    if isinstance(state, dict):
        state = state.get("Action")
    if state is not None and kind in BINARY:
        try:
            yield Sample(BINARY[kind], value_of(state, "Switch1", STATES))
        except PayloadError as error:
            refused.append(str(error))


def _online(payload: bytes) -> bool:
    if payload not in (b"Online", b"Offline"):
        raise PayloadError("LWT: must be Online or Offline")
    return payload == b"Online"
