"""Which sensors a message is about and which decoder reads it: the one door from deliveries to readings."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import tzinfo

from paho.mqtt.matcher import MQTTMatcher

from devices.errors import PayloadError
from devices.messages import Reading
from devices.sensors.canonical import readings
from devices.sensors.decoders.base import Ask, Decoder, Incoming, Learnt, Post, Report
from devices.sensors.decoders.registry import DECODERS, Make
from devices.sensors.payload import MAX_BYTES
from devices.sensors.presence import Presence
from devices.site.model import Point
from devices.site.wiring import topic_filter

MAX_LEARNT = 64
"""Topics one sensor may say that it is heard under."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """Something that could not be used."""

    sensor: str | None
    """Whose it was; None where that cannot be told."""
    reason: str
    """`field: what is wrong with it`, without values."""


@dataclass(frozen=True, slots=True)
class Heard:
    """All that one message says."""

    readings: tuple[Reading, ...] = ()
    late: tuple[Reading, ...] = ()
    """To be kept only: newer ones were told before."""
    presence: tuple[Presence, ...] = ()
    asks: tuple[Ask, ...] = ()
    refused: tuple[Refusal, ...] = ()


class Router:
    """Takes each message to the decoders of the sensors that are heard under its topic. For one thread."""

    def __init__(
        self, points: Iterable[Point], zone: tzinfo, decoders: Mapping[str, Make] = DECODERS
    ) -> None:
        """`zone`: of times that are sent without one."""
        self._zone = zone
        self._decoders = decoders
        self._made: dict[str, Decoder] = {}
        self._learnt: dict[str, dict[str, None]] = {}
        """Sensor -> the topics that it said it is heard under, in the order in which it did."""
        self.restock(points, zone)

    def restock(self, points: Iterable[Point], zone: tzinfo) -> None:
        """Hear the sensors of these points; what decoders learnt of those that stay is kept."""
        if zone != self._zone:
            self._zone, self._made = zone, {}
        everywhere = [(point.id, sensor) for point in points for sensor in point.sensors]
        self._sensors = [(point, sensor) for point, sensor in everywhere if sensor.station is None]
        self._learnt = {sensor.id: self._learnt.get(sensor.id, {}) for _, sensor in self._sensors}
        self._stock()

    @property
    def filters(self) -> tuple[str, ...]:
        """What to subscribe to; may grow with every message that was heard."""
        return tuple(self._heard)

    def hear(self, message: Incoming) -> Heard:
        """What `message` says. Never raises on anything in it."""
        found = self._posts_of(message.topic)
        if not found:
            return Heard(refused=(Refusal(None, "topic: no sensor of the site is heard there"),))
        heard = [self._decoded(name, message, posts) for name, posts in found.items()]
        return Heard(
            tuple(one for each in heard for one in each.readings),
            tuple(one for each in heard for one in each.late),
            tuple(one for each in heard for one in each.presence),
            tuple(one for each in heard for one in each.asks),
            tuple(one for each in heard for one in each.refused),
        )

    def _decoded(self, name: str, message: Incoming, posts: list[Post]) -> Heard:
        taken: list[Reading] = []
        late: list[Reading] = []
        presence: list[Presence] = []
        asks: list[Ask] = []
        refused: list[Refusal] = []
        try:
            if len(message.payload) > MAX_BYTES:
                raise PayloadError(f"payload: {len(message.payload)} bytes; at most {MAX_BYTES} are taken")
            for said in self._made[name].decode(message, posts):
                if isinstance(said, Ask):
                    asks.append(said)
                elif isinstance(said, Learnt):
                    self._learn(name, said)
                else:
                    some, why = readings(said, message)
                    (late if said.historical else taken).extend(some)
                    presence += _presence(said)
                    refused += [Refusal(said.post.sensor, reason) for reason in why]
        except PayloadError as error:
            whose = posts[0].sensor if len(posts) == 1 else None
            refused.append(Refusal(whose, str(error)))
        return Heard(tuple(taken), tuple(late), tuple(presence), tuple(asks), tuple(refused))

    def _posts_of(self, topic: str) -> dict[str, list[Post]]:
        """Decoder -> the sensors that are heard under `topic`, in the site's order."""
        found: dict[str, dict[str, Post]] = {}
        for heard in self._matcher.iter_match(topic):  # type: ignore[no-untyped-call]
            for name, post in heard:
                found.setdefault(name, {})[post.sensor] = post
        return {name: list(posts.values()) for name, posts in found.items()}

    def _stock(self) -> None:
        self._heard: dict[str, list[tuple[str, Post]]] = {}
        """Filter -> the sensors that are heard under it, with their decoders."""
        for point, sensor in self._sensors:
            if sensor.station is not None:  # it speaks to the node itself
                continue
            name = sensor.decoder
            post = Post(point, sensor.id, sensor.device or sensor.id, sensor.kind, sensor.mapping)
            if name not in self._made:
                self._made[name] = self._decoders[name](self._zone)
            usual = (sensor.topic,) if sensor.topic else self._made[name].topics(post)
            for one in dict.fromkeys((*usual, *self._learnt[sensor.id])):
                self._heard.setdefault(one, []).append((name, post))
        self._matcher = MQTTMatcher()  # type: ignore[no-untyped-call]
        for one, posts in self._heard.items():
            self._matcher[one] = posts

    def _learn(self, name: str, said: Learnt) -> None:
        """Hear a sensor under a topic that it named itself, which is one topic and no wildcard."""
        known = self._learnt[said.post.sensor]
        if said.topic in known:
            return
        try:
            topic_filter(said.topic)
        except ValueError as error:
            raise PayloadError(f"topic: {error}") from None
        if "+" in said.topic or "#" in said.topic:
            raise PayloadError("topic: has a wildcard")
        if len(known) >= MAX_LEARNT:
            raise PayloadError(f"topic: more than {MAX_LEARNT} of one device")
        known[said.topic] = None
        posts = self._heard.setdefault(said.topic, [])
        posts.append((name, said.post))
        self._matcher[said.topic] = posts


def _presence(report: Report) -> list[Presence]:
    if report.online is None:
        return []
    return [Presence(report.post.point, report.post.sensor, report.online, report.boot, report.connection)]
