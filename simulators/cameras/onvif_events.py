"""The events of a simulated camera: pull points that wait, are renewed, end, and are taken back.

Written from the ONVIF Core Specification, section 9, and WS-BaseNotification 1.3, apart from the client's
code.
"""

from __future__ import annotations

import asyncio
import re
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any
from xml.sax.saxutils import escape, quoteattr

MOTION = "tns1:RuleEngine/CellMotionDetector/Motion"
MOTION_ALARM = "tns1:VideoSource/MotionAlarm"
TAMPER = "tns1:RuleEngine/TamperDetector/Tamper"
SCENE_CHANGE = "tns1:VideoSource/GlobalSceneChange/ImagingService"
BLURRY = "tns1:VideoSource/ImageTooBlurry/ImagingService"
DARK = "tns1:VideoSource/ImageTooDark/ImagingService"
BRIGHT = "tns1:VideoSource/ImageTooBright/ImagingService"
TOPICS = (MOTION, MOTION_ALARM, TAMPER, SCENE_CHANGE, BLURRY, DARK, BRIGHT)

MOST = 4
"""Pull points at once; small cameras have as few."""
LIFE = 60.0
"""Seconds of one that did not ask for more (the specification's usual time is the camera's choice)."""
LONGEST = 3600.0
LONGEST_PULL = 120.0
_KEPT = 100
"""Notifications kept for somebody who does not pull; the oldest go first."""


class EventFault(StrEnum):
    """How a simulated camera's events can misbehave."""

    SILENT = "events_silent"
    """It accepts pulls and never answers them."""
    HASTY = "events_hasty"
    """It answers pulls at once that there is nothing."""
    EXPIRED = "events_expired"
    """It has forgotten every subscription, as after a restart."""
    WRONG_TIMES = "events_wrong_times"
    """It says that each subscription ended in 1970."""
    NO_RENEW = "events_no_renew"
    """It does not know Renew, and a pull does not renew either."""
    NONE = "events_none"
    """It has no events at all."""
    GARBAGE = "events_garbage"
    """It answers pulls with something that is no XML."""
    HANGS_UP = "events_hangs_up"
    """It closes the connection of a pull that has nothing, without an answer."""
    SHORT_PULLS = "events_short_pulls"
    """It refuses to wait for more than two seconds, and says so."""
    BY_HEADER = "events_by_header"
    """It has one address for all subscriptions and tells them apart by a header."""


class Hushed(Exception):
    """A call that is not answered: `hang_up` closes its connection."""

    def __init__(self, *, hang_up: bool) -> None:
        super().__init__()
        self.hang_up = hang_up


class Refused(Exception):
    """A call that is answered by a fault: side, code and reason, and its detail."""

    def __init__(self, code: str, reason: str, detail: str = "") -> None:
        super().__init__(code, reason, detail)


@dataclass(slots=True)
class Pullpoint:
    """One subscription."""

    ends: float
    """On the service's monotonic clock."""
    waiting: deque[str] = field(default_factory=lambda: deque(maxlen=_KEPT))
    news: asyncio.Event = field(default_factory=asyncio.Event)


class EventService:
    """The events of one camera; all its methods belong to the event loop that serves it."""

    def __init__(self, faults: set[Any], clock: Callable[[], float], monotonic: Callable[[], float]) -> None:
        """`faults` may change while it runs; `clock`: what the camera takes for the time, Unix seconds."""
        self.points: dict[str, Pullpoint] = {}
        """Those that are not ended."""
        self.calls: dict[str, int] = {}
        """How often each operation was called."""
        self._faults = faults
        self._clock = clock
        self._monotonic = monotonic
        self._states: dict[str, bool] = {}
        self._made = 0

    def say(self, topic: str, on: bool) -> None:
        """The camera finds that it is so; told to everybody who listens, unless it was so before."""
        if self._states.get(topic) == on:
            return
        self._states[topic] = on
        self.tell(self.notification(topic, on, "Changed"))

    def tell(self, notification: str) -> None:
        """Hand a notification (XML) to everybody who listens."""
        self._sweep()
        for point in self.points.values():
            point.waiting.append(notification)
            point.news.set()

    def notification(self, topic: str, on: bool, operation: str) -> str:
        """One NotificationMessage, as the specification has it."""
        name = "IsMotion" if topic == MOTION else "IsTamper" if topic == TAMPER else "State"
        at = datetime.fromtimestamp(self._clock(), UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
        return (
            '<wsnt:NotificationMessage><wsnt:Topic Dialect="http://www.onvif.org/ver10/tev/topicExpression/'
            f'ConcreteSet">{escape(topic)}</wsnt:Topic><wsnt:Message><tt:Message UtcTime="{at}" '
            f"PropertyOperation={quoteattr(operation)}><tt:Source><tt:SimpleItem "
            'Name="VideoSourceConfigurationToken" Value="source"/></tt:Source><tt:Data><tt:SimpleItem '
            f'Name="{name}" Value="{str(on).lower()}"/></tt:Data></tt:Message></wsnt:Message>'
            "</wsnt:NotificationMessage>"
        )

    async def answer(self, operation: str, call: Any, base: str, name: str) -> str:
        """The answer's body to a call of the subscription `name` (any text, for the service itself).

        Raises:
            Refused: it is answered by a fault.
            Hushed: it is not answered.
        """
        self.calls[operation] = self.calls.get(operation, 0) + 1
        self._sweep()
        match operation:
            case _ if EventFault.NONE in self._faults:
                raise Refused("ActionNotSupported", f"{operation} is not supported")
            case "GetEventProperties":
                return properties()
            case "CreatePullPointSubscription":
                return self._create(call, base)
            case "PullMessages":
                return await self._pull(self._found(name), call)
            case "Renew":
                if EventFault.NO_RENEW in self._faults:
                    raise Refused("ActionNotSupported", "Renew is not supported")
                point = self._found(name)
                point.ends = self._monotonic() + _seconds(call.findtext("{*}TerminationTime"), LIFE)
                return f"<wsnt:RenewResponse>{self._end(point)}{self._now()}</wsnt:RenewResponse>"
            case "Unsubscribe":
                self._found(name)
                del self.points[name]
                return "<wsnt:UnsubscribeResponse/>"
            case _:
                raise Refused("ActionNotSupported", f"{operation} is not supported")

    def _create(self, call: Any, base: str) -> str:
        if len(self.points) >= MOST:
            raise Refused("InvalidArgVal", "The device has no more pull points")
        self._made += 1
        name = str(self._made)
        life = _seconds(call.findtext("{*}InitialTerminationTime"), LIFE)
        point = self.points[name] = Pullpoint(self._monotonic() + life)
        point.waiting.extend(
            self.notification(topic, on, "Initialized") for topic, on in self._states.items()
        )
        by_header = EventFault.BY_HEADER in self._faults
        address = base if by_header else f"{base}?Idx={name}"
        told = (
            f'<wsa:ReferenceParameters><gw:SubscriptionId xmlns:gw="urn:gridwatch">{name}</gw:SubscriptionId>'
            "</wsa:ReferenceParameters>"
        )
        return (
            "<tev:CreatePullPointSubscriptionResponse><tev:SubscriptionReference>"
            f"<wsa:Address>{escape(address)}</wsa:Address>{told if by_header else ''}"
            f"</tev:SubscriptionReference>{self._now()}{self._end(point)}"
            "</tev:CreatePullPointSubscriptionResponse>"
        )

    async def _pull(self, point: Pullpoint, call: Any) -> str:
        wait = _seconds(call.findtext("{*}Timeout"), LONGEST_PULL)
        longest = 2.0 if EventFault.SHORT_PULLS in self._faults else LONGEST_PULL
        if wait > longest:
            raise Refused(
                "InvalidArgVal",
                "Timeout is too long",
                f"<tev:PullMessagesFaultResponse><tev:MaxTimeout>PT{longest:.0f}S</tev:MaxTimeout>"
                "<tev:MaxMessageLimit>100</tev:MaxMessageLimit></tev:PullMessagesFaultResponse>",
            )
        if EventFault.SILENT in self._faults:
            raise Hushed(hang_up=False)
        if not point.waiting and EventFault.HASTY not in self._faults:
            point.news.clear()
            try:
                async with asyncio.timeout(wait):
                    await point.news.wait()
            except TimeoutError:
                if EventFault.HANGS_UP in self._faults:
                    raise Hushed(hang_up=True) from None
        most = int(call.findtext("{*}MessageLimit") or _KEPT)
        told = "".join(point.waiting.popleft() for _ in range(min(most, len(point.waiting))))
        if EventFault.NO_RENEW not in self._faults:
            point.ends = max(point.ends, self._monotonic() + LIFE)
        return (
            f"<tev:PullMessagesResponse>{self._now('tev')}{self._end(point, 'tev')}{told}"
            "</tev:PullMessagesResponse>"
        )

    def _found(self, name: str) -> Pullpoint:
        if name not in self.points:
            raise Refused("ResourceUnknown", "The subscription does not exist")
        return self.points[name]

    def _sweep(self) -> None:
        """Forget those whose time is up."""
        now = self._monotonic()
        gone = EventFault.EXPIRED in self._faults
        self.points = {name: one for name, one in self.points.items() if one.ends > now and not gone}

    def _now(self, space: str = "wsnt") -> str:
        return f"<{space}:CurrentTime>{_time(self._clock())}</{space}:CurrentTime>"

    def _end(self, point: Pullpoint, space: str = "wsnt") -> str:
        ends = (
            0.0 if EventFault.WRONG_TIMES in self._faults else self._clock() + point.ends - self._monotonic()
        )
        return f"<{space}:TerminationTime>{_time(ends)}</{space}:TerminationTime>"


def name_in(path: str, header: Any) -> str:
    """Which subscription a call is for: by its address, else by its header."""
    _, _, found = path.partition("?Idx=")
    told = "" if header is None else header.findtext("{urn:gridwatch}SubscriptionId") or ""
    return found or told.strip()


def properties() -> str:
    """The answer to GetEventProperties."""
    tree: dict[str, Any] = {}
    for topic in TOPICS:
        at = tree
        for step in topic.removeprefix("tns1:").split("/"):
            at = at.setdefault(step, {})
    dialect = "http://www.onvif.org/ver10/tev/topicExpression/ConcreteSet"
    return (
        "<tev:GetEventPropertiesResponse><tev:TopicNamespaceLocation>http://www.onvif.org/onvif/ver10/topics/"
        "topicns.xml</tev:TopicNamespaceLocation><wsnt:FixedTopicSet>true</wsnt:FixedTopicSet>"
        f"<wstop:TopicSet>{_elements(tree, 'tns1:')}</wstop:TopicSet>"
        f"<wsnt:TopicExpressionDialect>{dialect}</wsnt:TopicExpressionDialect>"
        "<tev:MessageContentFilterDialect>http://www.onvif.org/ver10/tev/messageContentFilter/ItemFilter"
        "</tev:MessageContentFilterDialect><tev:MessageContentSchemaLocation>"
        "http://www.onvif.org/onvif/ver10/schema/onvif.xsd</tev:MessageContentSchemaLocation>"
        "</tev:GetEventPropertiesResponse>"
    )


def _elements(tree: Mapping[str, Any], prefix: str = "") -> str:
    return "".join(
        f"<{prefix}{name}>{_elements(below)}</{prefix}{name}>"
        if below
        else f'<{name} wstop:topic="true"><tt:MessageDescription IsProperty="true"/></{name}>'
        for name, below in tree.items()
    )


def _time(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _seconds(duration: str | None, usual: float) -> float:
    """An xs:duration of days, hours, minutes and seconds."""
    told = re.fullmatch(
        r"P(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+(?:\.\d+)?)S)?)?", (duration or "").strip()
    )
    if told is None or not any(told.groups()):
        return usual
    days, hours, minutes, seconds = (float(one or 0) for one in told.groups())
    return min(86400 * days + 3600 * hours + 60 * minutes + seconds, LONGEST)
