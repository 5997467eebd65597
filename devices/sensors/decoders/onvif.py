"""Metadata events of ONVIF Profile M over MQTT: `PREFIX/onvif-ej/EVENT/&SOURCE`, JSON.

    {"UtcTime": "2026-11-22T08:00:00.000Z", "Source": {"InputToken": "1"}, "Data": {"LogicalState": true}}

From the ONVIF Core specification, event broker, and the Analytics specification, JSON over MQTT. Cameras
differ: some keep the namespace (`tns1:`) in the topic, write states as words, or lists of `SimpleItem`
instead of an object. What else a camera tells, such as how its disk is, is passed over.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import tzinfo
from typing import Any

from devices.errors import PayloadError
from devices.sensors.decoders.base import Incoming, Post, Report, Sample
from devices.sensors.decoders.parts import mapped, text
from devices.sensors.naming import plain, value_of, words_of
from devices.sensors.payload import load_object
from devices.sensors.quantities import QUANTITIES
from devices.sensors.times import time_of
from devices.sensors.vocabulary import BINARY, STATES

MARK = "onvif-ej"
_STATES = ("Device/Trigger/DigitalInput", "Device/Trigger/Relay")
"""Events whose `LogicalState` is what the sensor's kind says with two states."""
_ITEMS: dict[str, tuple[str, str | None]] = {
    "IsTamper": ("tamper", None),
    "IsMotion": ("motion", None),
    "IsInside": ("motion", None),
    "TemperatureReading": ("temperature", "K"),
    "Temperature": ("temperature", "K"),
}
"""Item of `Data` -> quantity and unit; radiometry is in kelvin (ONVIF Thermal specification)."""


class Onvif:
    """`device` is the prefix that the camera puts before its topics."""

    def __init__(self, zone: tzinfo) -> None:
        """Its times are in UTC."""

    def topics(self, post: Post) -> tuple[str, ...]:
        """All events of one camera."""
        return (f"{post.device}/{MARK}/#",)

    def decode(self, message: Incoming, posts: Sequence[Post]) -> Iterable[Report]:
        """See the module."""
        event = _event(message.topic)
        body = load_object(message.payload)
        if body.get("PropertyOperation") == "Deleted":
            return []
        at = None if body.get("UtcTime") is None else time_of(body["UtcTime"], "UtcTime")
        token = f"{message.topic} {message.payload!r}"
        reports = []
        for post in posts:
            if post.mapping is not None:
                said = mapped(body, post.mapping)
                if said.samples:
                    reports.append(said.report(post, taken_at=said.taken_at or at, token=token))
                continue
            refused: list[str] = []
            samples = _samples(event, body, post.kind, refused)
            if samples or refused:
                reports.append(Report(post, samples, taken_at=at, token=token, refused=tuple(refused)))
        return reports


def _event(topic: str) -> str:
    """The event's path without namespaces and source."""
    levels = topic.split("/")
    after = levels[levels.index(MARK) + 1 :] if MARK in levels else levels
    return "/".join(level.rpartition(":")[2] for level in after if not level.startswith("&"))


def _samples(event: str, body: dict[str, Any], kind: str, refused: list[str]) -> tuple[Sample, ...]:
    source, data = _items(body.get("Source")), _items(body.get("Data"))
    found: dict[str, Sample] = {}
    try:
        if event.startswith(_STATES) and "LogicalState" in data and kind in BINARY:
            found[BINARY[kind]] = Sample(
                BINARY[kind], value_of(data["LogicalState"], "Data.LogicalState", STATES)
            )
        if event.startswith("RuleEngine/CountAggregation/Counter") and "Count" in data:
            # A counting rule that was given the name of one of our quantities counts that.
            name = plain(text(source, "Rule"))
            if name in QUANTITIES:
                found[name] = Sample(name, value_of(data["Count"], "Data.Count", {}))
        for item, (quantity, unit) in _ITEMS.items():
            if item in data:
                value = value_of(data[item], f"Data.{item}", words_of(quantity))
                found.setdefault(quantity, Sample(quantity, value, unit))
    except PayloadError as error:
        refused.append(str(error))
    return tuple(found.values())


def _items(value: object) -> dict[str, Any]:
    """The items of `Source` or `Data` by name, in either of the two forms."""
    if not isinstance(value, dict):
        return {}
    listed = value.get("SimpleItem")
    if listed is None:
        return value
    items = listed if isinstance(listed, list) else [listed]
    return {
        item["Name"]: item.get("Value")
        for item in items
        if isinstance(item, dict) and isinstance(item.get("Name"), str)
    }
