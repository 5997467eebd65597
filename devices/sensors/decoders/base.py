"""What a decoder is given, what it answers, and nothing of any vendor.

A decoder is one file here and one line in `registry.py`. It takes bytes apart and says what they say in the
sender's own words; units, plausibility, clocks and telling redelivered messages apart are done for all of
them in `devices.sensors.canonical`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, Protocol

from devices.site.wiring import Mapping

Quality = Literal["good", "edge_time", "clock", "uncertain", "bad"]


@dataclass(frozen=True, slots=True)
class Incoming:
    """One message as the broker handed it over."""

    topic: str
    payload: bytes
    received_at: datetime
    """UTC."""
    retained: bool = False
    """The broker kept it: it was published at some time before we subscribed."""
    redelivered: bool = False
    """The broker sent it before without hearing an acknowledgement."""
    mid: int = 0
    """The broker's number of it, the same when it is sent again; 0 at QoS 0."""


@dataclass(frozen=True, slots=True)
class Post:
    """One sensor of the site, where it stands."""

    point: str
    sensor: str
    device: str
    """What the sensor is called in its own world."""
    kind: str = ""
    mapping: Mapping | None = None


@dataclass(frozen=True, slots=True)
class Sample:
    """One value, in the unit in which it was sent."""

    quantity: str
    """Our name of it (`devices.sensors.quantities`), or the sender's where we have none."""
    value: float
    unit: str | None = None
    """None: the quantity's own."""
    taken_at: datetime | None = None
    """Where it differs from the report's."""
    token: str | None = None
    """The same as the report's, for this value."""


@dataclass(frozen=True, slots=True)
class Report:
    """What one message says of one sensor."""

    post: Post
    samples: tuple[Sample, ...] = ()
    taken_at: datetime | None = None
    """By a clock that sent it along; None: there is none, and the time of arrival stands in."""
    counter: tuple[str, int] | None = None
    """`(boot, seq)` of a device that counts its messages and says when it began anew."""
    token: str | None = None
    """Tells this message from every other of the same moment; the payload itself unless given."""
    battery: float | None = None
    """Percent; a sample `battery` says the same."""
    signal: float | None = None
    """dBm."""
    quality: Quality | None = None
    """What the sender itself says of its values."""
    online: bool | None = None
    """The sender, or the broker in its name, says whether it is there."""
    boot: str = ""
    connection: int = 0
    """Of `online`: which run and which connection of the device says so."""
    historical: bool = False
    """Newer ones were told before: to be kept, not to be judged."""
    refused: tuple[str, ...] = ()
    """What of this message could not be used, `field: reason`; the rest of it can."""


@dataclass(frozen=True, slots=True)
class Ask:
    """A message to be published, at QoS 0, such as Sparkplug's request for a birth."""

    topic: str
    payload: bytes


@dataclass(frozen=True, slots=True)
class Learnt:
    """A topic under which a sensor will be heard, as it said itself."""

    post: Post
    topic: str


Said = Report | Ask | Learnt


class Decoder(Protocol):
    """Reads what one family of devices sends. It may remember what was said before, bounded."""

    def topics(self, post: Post) -> tuple[str, ...]:
        """The subscriptions under which this sensor is heard where the site does not give its topic."""
        ...

    def decode(self, message: Incoming, posts: Sequence[Post]) -> Iterable[Said]:
        """What `message` says of `posts`, the sensors that are heard under its topic.

        It may be given the same message again, and must then say the same.

        Raises:
            PayloadError: it says nothing that can be used; names the field, quotes no value.

        """
        ...
