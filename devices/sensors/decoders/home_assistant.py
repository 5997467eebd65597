"""Home Assistant's MQTT discovery: a device says by retained messages what it has and where it tells it.

`homeassistant/COMPONENT/DEVICE/OBJECT/config` of one entity, or `homeassistant/device/DEVICE/config` of
all. Topics that a device names are subscribed to. Of templates only a path is read (`value_json.a.b`,
`value_json['a'][0]`), with the filters that change no value of ours; any other is refused, since a template
is a program.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import tzinfo
from typing import Any

from devices.errors import PayloadError
from devices.sensors.decoders.base import Incoming, Learnt, Post, Report, Said, Sample
from devices.sensors.decoders.parts import json_or_text, mapped, part, plainly, text
from devices.sensors.naming import plain, value_of, word_of, words_of
from devices.sensors.paths import find
from devices.sensors.payload import load_object
from devices.sensors.quantities import QUANTITIES
from devices.sensors.vocabulary import BINARY

MAX_ENTITIES = 64
"""Of one device."""
_LONG = {
    "avty": "availability",
    "avty_mode": "availability_mode",
    "avty_t": "availability_topic",
    "cmps": "components",
    "dev_cla": "device_class",
    "obj_id": "object_id",
    "p": "platform",
    "pl_avail": "payload_available",
    "pl_not_avail": "payload_not_available",
    "pl_off": "payload_off",
    "pl_on": "payload_on",
    "stat_t": "state_topic",
    "t": "topic",
    "uniq_id": "unique_id",
    "unit_of_meas": "unit_of_measurement",
    "val_tpl": "value_template",
}
_CLASSES = {
    "temperature": "temperature",
    "humidity": "humidity",
    "battery": "battery",
    "pm25": "pm25",
    "pm10": "pm10",
    "carbon_monoxide": "co",
    "sound_pressure": "laeq",
}
"""Device class of a `sensor` -> quantity."""
_OF_KIND = {("distance", "water_level"): "water_level", ("current", "leakage"): "residual_current"}
"""Those that say so only in one kind of sensor."""
_TWO_STATES = {
    "smoke": "smoke",
    "gas": "gas_alarm",
    "carbon_monoxide": "co_alarm",
    "heat": "heat",
    "moisture": "water",
    "tamper": "tamper",
    "battery": "battery_low",
    "door": "open",
    "opening": "open",
    "garage_door": "open",
    "window": "open",
    "motion": "motion",
    "occupancy": "motion",
    "presence": "motion",
}
"""Device class of a `binary_sensor` -> quantity."""
_STEP = r"(?:\.[A-Za-z_][A-Za-z0-9_]{0,63}|\['[^'\\]{1,64}'\]|\[\"[^\"'\\]{1,64}\"\]|\[\d{1,4}\])"
_FILTER = r"(?:\s*\|\s*(?:float|int|is_defined|round)(?:\(\s*-?[\d.]{0,8}\s*\))?){0,4}"
_TEMPLATE = re.compile(rf"\s*\{{\{{-?\s*value_json({_STEP}{{1,8}}){_FILTER}\s*-?\}}\}}\s*")
_WHOLE = re.compile(rf"\s*\{{\{{-?\s*value{_FILTER}\s*-?\}}\}}\s*")


@dataclass(frozen=True, slots=True)
class _Entity:
    """One value that a device tells."""

    topic: str
    path: str
    quantity: str
    unit: str | None
    states: Mapping[str, float] | None
    """Of two states: what is sent for each."""


@dataclass(frozen=True, slots=True)
class _Place:
    """How a topic tells whether a device is on line."""

    there: str
    away: str
    mode: str
    """Of several topics: `all` or `any` of them must say so, else the last word counts."""


class HomeAssistant:
    """`device` is the node id in its discovery topics."""

    def __init__(self, zone: tzinfo) -> None:
        """Its states have no times."""
        self._entities: dict[str, dict[str, tuple[_Entity, ...]]] = {}
        """Sensor -> discovery topic -> what was said there."""
        self._presence: dict[tuple[str, str], _Place] = {}
        """(sensor, topic) -> how it is said there whether it is on line."""
        self._there: dict[tuple[str, str], bool] = {}
        """The same -> what was said there last."""

    def topics(self, post: Post) -> tuple[str, ...]:
        """Where it says what it has."""
        name = post.device
        return (f"homeassistant/+/{name}/+/config", f"homeassistant/+/{name}/config")

    def decode(self, message: Incoming, posts: Sequence[Post]) -> Iterator[Said]:
        """See the module."""
        config = message.topic.startswith("homeassistant/") and message.topic.endswith("/config")
        for post in posts:
            if config:
                yield from self._found(message, post)
            else:
                yield from self._told(message, post)

    def _found(self, message: Incoming, post: Post) -> Iterator[Said]:
        known = self._entities.setdefault(post.sensor, {})
        if not message.payload:
            known.pop(message.topic, None)
            return
        body = _spelt_out(load_object(message.payload))
        kind = message.topic.split("/")[1]
        refused: list[str] = []
        entities = list(_entities(kind, body, post, refused))
        others = sum(len(each) for topic, each in known.items() if topic != message.topic)
        if others + len(entities) > MAX_ENTITIES:
            raise PayloadError(f"payload: more than {MAX_ENTITIES} entities of one device")
        known[message.topic] = tuple(entities)
        yield from (Learnt(post, one.topic) for one in entities)
        for topic, place in _availability(body):
            if len(self._presence) < 100 * MAX_ENTITIES:
                self._presence[post.sensor, topic] = place
                yield Learnt(post, topic)
        if refused:
            yield Report(post, refused=tuple(refused))

    def _told(self, message: Incoming, post: Post) -> Iterator[Report]:
        place = self._presence.get((post.sensor, message.topic))
        if place is not None:
            self._there[post.sensor, message.topic] = _online(message.payload, place)
            yield Report(post, online=self._online(post.sensor, message.topic, place.mode))
            return
        body = json_or_text(message.payload)
        if post.mapping is not None:
            yield mapped(body, post.mapping).report(post)
            return
        samples: dict[str, Sample] = {}
        refused: list[str] = []
        for each in self._entities.get(post.sensor, {}).values():
            for one in each:
                value = find(one.path, body) if one.topic == message.topic else None
                if value is None:
                    continue
                try:
                    told = _value(one, value)
                    samples.setdefault(one.quantity, Sample(one.quantity, told, one.unit))
                except PayloadError as error:
                    refused.append(str(error))
        if samples or refused:
            yield Report(post, tuple(samples.values()), refused=tuple(refused))

    def _online(self, sensor: str, topic: str, mode: str) -> bool:
        """By all places that said something, or the last one, as the device wants it."""
        said = [there for (whose, _), there in self._there.items() if whose == sensor]
        match mode:
            case "all":
                return all(said)
            case "any":
                return any(said)
            case _:
                return self._there[sensor, topic]


def _value(entity: _Entity, value: object) -> float:
    if entity.states is not None:
        told = plainly({"": value}, "")
        if told in entity.states:
            return entity.states[told]
    return value_of(value, entity.quantity, words_of(entity.quantity))


def _spelt_out(body: Mapping[str, Any]) -> dict[str, Any]:
    """`body` without abbreviations and without the base topic `~`."""
    base = text(body, "~")

    def whole(value: Any) -> Any:
        if isinstance(value, str) and base and value.startswith("~"):
            return base + value[1:]
        if isinstance(value, str) and base and value.endswith("~"):
            return value[:-1] + base
        return value

    return {_LONG.get(name, name): whole(value) for name, value in body.items()}


def _entities(kind: str, body: dict[str, Any], post: Post, refused: list[str]) -> Iterator[_Entity]:
    if kind == "device":
        shared = {"state_topic": body.get("state_topic")}
        for name, one in list(part(body, "components").items())[:MAX_ENTITIES]:
            if isinstance(one, dict):
                own = {"object_id": name, **shared, **_spelt_out({"~": body.get("~", ""), **one})}
                yield from _entity(text(own, "platform"), own, post, refused)
    else:
        yield from _entity(kind, body, post, refused)


def _entity(kind: str, body: dict[str, Any], post: Post, refused: list[str]) -> Iterator[_Entity]:
    if kind not in ("sensor", "binary_sensor"):
        return
    topic = text(body, "state_topic")
    quantity = _quantity(kind, body, post)
    if not topic or quantity is None:
        return  # a switch's time of last change, a firmware's version
    template = text(body, "value_template")
    path = _path(template)
    if path is None:
        refused.append("value_template: only a path such as value_json.a.b is read; give a `mapping`")
        return
    states = None
    if kind == "binary_sensor":
        states = {plainly(body, "payload_on") or "ON": 1.0, plainly(body, "payload_off") or "OFF": 0.0}
    yield _Entity(topic, path, quantity, text(body, "unit_of_measurement") or None, states)


def _quantity(kind: str, body: dict[str, Any], post: Post) -> str | None:
    named = next((word for name in _names(body) if (word := word_of(name, post.kind)) is not None), None)
    if named is not None and (kind == "sensor" or QUANTITIES[named.quantity].unit == "1"):
        return named.quantity
    told = text(body, "device_class")
    if kind == "sensor":
        return _OF_KIND.get((told, post.kind)) or _CLASSES.get(told)
    return _TWO_STATES.get(told) or BINARY.get(post.kind)


def _names(body: dict[str, Any]) -> Iterable[str]:
    """What it may be called, best first; an `unique_id` often ends in it."""
    for field in ("object_id", "name"):
        if text(body, field):
            yield plain(text(body, field))
    yield text(body, "unique_id").rpartition("_")[2]


def _path(template: str) -> str | None:
    if not template or _WHOLE.fullmatch(template):
        return "$"
    match = _TEMPLATE.fullmatch(template)
    return None if match is None else "$" + match[1].replace('"', "'")


def _availability(body: dict[str, Any]) -> Iterator[tuple[str, _Place]]:
    """Topics, and what is said there."""
    there = text(body, "payload_available") or "online"
    away = text(body, "payload_not_available") or "offline"
    mode = text(body, "availability_mode")
    if text(body, "availability_topic"):
        yield text(body, "availability_topic"), _Place(there, away, mode)
    listed = body.get("availability")
    for one in (listed if isinstance(listed, list) else [listed])[:4]:
        if isinstance(one, dict):
            own = _spelt_out(one)
            topic = text(own, "topic")
            if topic:
                given = (text(own, "payload_available") or there, text(own, "payload_not_available") or away)
                yield topic, _Place(*given, mode)


def _online(payload: bytes, place: _Place) -> bool:
    said = json_or_text(payload)
    state = said.get("state") if isinstance(said, dict) else said
    if state not in (place.there, place.away):
        raise PayloadError("availability: is neither of the two words for it")
    return bool(state == place.there)
