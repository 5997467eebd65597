"""What a camera says in its notifications: topics, states and times, in all the spellings that cameras use.

Everything here is pure and takes XML that was read already; whatever cannot be made out is left out.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from lxml import etree

from devices.messages import HintKind

MOST = 200
"""Notifications read of one answer; a pull asks for fewer, and some cameras send all that they have."""
BELIEVED = timedelta(minutes=10)
"""A time further than this from ours, once the clocks are compared, is no time."""

_TOPICS: Mapping[str, HintKind] = {
    "ruleengine/cellmotiondetector/motion": HintKind.MOTION,
    "ruleengine/motionregiondetector/motion": HintKind.MOTION,
    "videosource/motionalarm": HintKind.MOTION,
    "videoanalytics/motiondetection": HintKind.MOTION,
    "ruleengine/tamperdetector/tamper": HintKind.TAMPER,
    "videosource/tampering": HintKind.TAMPER,
    "videosource/globalscenechange": HintKind.SCENE_CHANGE,
    "videosource/imagetooblurry": HintKind.BLURRY,
    "videosource/imagetoodark": HintKind.DARK,
    "videosource/imagetoobright": HintKind.BRIGHT,
}
"""ONVIF Imaging Service, section 6 (events), and Analytics Service, annex A. The last three levels come once
for each service that tells (`/ImagingService`, `/AnalyticsService`, `/RecordingService`)."""
_TRUE = {"true", "1", "yes", "on", "active", "start", "started", "alarm"}
_FALSE = {"false", "0", "no", "off", "inactive", "stop", "stopped", "normal"}
_STATES = ("ismotion", "istamper", "state", "value", "active", "logicalstate")
"""Names under which the state is told, likeliest first; any other is taken where none of these is there."""


@dataclass(frozen=True, slots=True)
class Notice:
    """One thing that a camera says of its picture."""

    kind: HintKind
    on: bool
    """It holds; False: it holds no more."""
    at: datetime
    """When, UTC by our clock."""
    news: bool = True
    """It has just changed; False: it was so when we began to listen."""
    source: str = ""
    """The camera's own name of what it watches."""


def kind_of(topic: str) -> HintKind | None:
    """The kind of a topic, whatever prefixes and ends the camera gives it; None for one of another matter.

    >>> kind_of("tns1:RuleEngine/CellMotionDetector/Motion//.")
    <HintKind.MOTION: 'motion'>
    >>> kind_of("tns1:VideoSource/GlobalSceneChange/ImagingService")
    <HintKind.SCENE_CHANGE: 'scene_change'>
    """
    steps = [step.rpartition(":")[2].strip().lower() for step in topic.strip().rstrip("/.").split("/")]
    return _TOPICS.get("/".join(steps)) or _TOPICS.get("/".join(steps[:2]))


def spelled(value: str) -> bool | None:
    """A truth value as cameras spell it; None for anything else.

    >>> spelled(" TRUE "), spelled("0"), spelled("maybe")
    (True, False, None)
    """
    plain = value.strip().lower()
    return True if plain in _TRUE else False if plain in _FALSE else None


def moment(text: str | None) -> datetime | None:
    """An xs:dateTime; None for what is none, such as 0000-00-00T00:00:00Z. Without a zone it is UTC."""
    try:
        # More digits of a second than six are cut: Python 3.11 takes no others.
        read = datetime.fromisoformat(re.sub(r"(\.\d{6})\d+", r"\1", (text or "").strip()))
        return read.astimezone(UTC) if read.tzinfo else read.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        return None


def notices_of(answer: Any, now: datetime, offset: float = 0.0) -> tuple[Notice, ...]:
    """The notices in an answer (an lxml element), in their order.

    `now` is our time; `offset`: seconds that the camera's clock is ahead of it.
    """
    found = []
    for number, item in enumerate(answer.iter("{*}NotificationMessage")):
        if number == MOST:
            break
        notice = _notice(item, now, offset)
        if notice is not None:
            found.append(notice)
    return tuple(found)


def offered(answer: Any) -> frozenset[HintKind]:
    """The kinds in an answer to GetEventProperties (an lxml element): its topic set is a tree of names."""
    return frozenset(kind for topic in answer.iter("{*}TopicSet") for kind in _in(topic, ()))


def _in(element: Any, above: tuple[str, ...]) -> Iterator[HintKind]:
    for child in element:
        if not isinstance(child.tag, str) or len(above) > 5:
            continue
        path = (*above, etree.QName(child).localname)
        kind = kind_of("/".join(path))
        if kind is not None:
            yield kind
        yield from _in(child, path)


def _notice(item: Any, now: datetime, offset: float) -> Notice | None:
    kind = kind_of(item.findtext("{*}Topic") or "")
    message = item.find("{*}Message/{*}Message")
    if kind is None or message is None:
        return None
    operation = (message.get("PropertyOperation") or "").strip().lower()
    on = False if operation == "deleted" else _state(message, stateless=not operation)
    if on is None:
        return None
    return Notice(
        kind, on, _dated(message.get("UtcTime"), now, offset), operation != "initialized", _source(message)
    )


def _state(message: Any, *, stateless: bool) -> bool | None:
    """What its data say; a notice without property and state tells that something happened."""
    told = {
        (one.get("Name") or "").strip().lower(): state
        for one in message.findall("{*}Data/{*}SimpleItem")
        if (state := spelled(one.get("Value") or "")) is not None
    }
    named = next((told[name] for name in _STATES if name in told), None)
    if named is not None:
        return named
    return next(iter(told.values()), True if stateless else None)


def _source(message: Any) -> str:
    items = message.findall("{*}Source/{*}SimpleItem")
    values = ((one.get("Value") or "").strip() for one in items)
    return next((value[:64] for value in values if value), "")


def _dated(text: str | None, now: datetime, offset: float) -> datetime:
    """When by our clock: the camera's time, if it can be believed."""
    told = moment(text)
    if told is None:
        return now
    try:
        ours = told - timedelta(seconds=offset)
    except OverflowError:
        return now
    return min(ours, now) if abs(ours - now) <= BELIEVED else now
