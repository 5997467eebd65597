"""Who is told how, in which order, as a site's `push.yaml` says: data.

Addresses of robots and hooks are secrets: the file names the environment variable that holds one.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from datetime import datetime, time, timedelta
from pathlib import Path
from typing import Annotated, Literal
from zoneinfo import ZoneInfo

from pydantic import Field, field_validator

from cloud.policies.kind import Kind, Sight
from cloud.policies.reading import read
from devices.messages import Severity
from devices.site.part import Hold, Part, Seconds
from devices.site.source import Finding

PAGE = "page"
"""The channel that needs no address: the stream of the pages that are open."""
NOTICES = (
    "incident", "whistle", "support", "playbook", "deadline", "escalation", "webhook", "seats_empty",
    "grid_uncovered", "grid_upload", "inspection",
)  # fmt: skip
"""What people are told of; a kind that no ladder takes reaches nobody."""
NOTICE = "notice"
"""Instead of a target: whom the notice itself names."""
KINDS = ("wecom", "dingtalk", "feishu", "sms", "apprise")
_TARGET = (
    r"^(notice|person:\S+|role:[a-z_]+|organisation:\S+|duty:(primary|backup|grid_leader|shift_leader)"
    r"|group:(duty|office|\S+))$"
)
_ADDRESS = r"^GRIDWATCH_PUSH_([A-Z0-9_]|\{(grid|community|office|group)\})+$"
_HOURS = re.compile(r"^([01]\d|2[0-3]):([0-5]\d)-([01]\d|2[0-3]):([0-5]\d)$")


class Channel(Part):
    """A way to people outside of the page."""

    kind: Literal["wecom", "dingtalk", "feishu", "sms", "apprise"]
    address: Annotated[str, Field(pattern=_ADDRESS, max_length=100)]
    """Name of the environment variable that holds the address (or, with `_FILE` after it, names a file that
    does); the key to sign with is in the one with `_KEY` after it. `{grid}`, `{community}`, `{office}` and
    `{group}` are filled in by where the case lies, in capitals, what is no letter or digit as `_`."""
    timeout: Seconds = Field(default=5.0, le=60)
    """Within which it must have answered, waiting for its turn included."""
    per_minute: int = Field(default=20, ge=1, le=1000)
    """Messages that it takes in a minute; what is more is folded into one. WeCom and DingTalk: 20."""


class Rung(Part):
    """One step of a ladder."""

    name: str = Field(min_length=1, max_length=40)
    to: Annotated[tuple[Annotated[str, Field(pattern=_TARGET, max_length=200)], ...], Field(min_length=1)]
    by: Annotated[tuple[str, ...], Field(min_length=1)]
    """`page`, or names of `channels`; all of them are tried at once."""
    wait: Hold
    """Until the next rung, from when this one began. If nobody could be reached, the next comes at once."""


End = Literal["read", "acknowledged", "accepted"]


class Ladder(Part):
    """Rungs in order, for some notices."""

    name: str = Field(min_length=1, max_length=40)
    kinds: Annotated[tuple[str, ...], Field(min_length=1)] = ("incident",)
    classes: tuple[str, ...] = ()
    """Codes of event classes; "05" is all of its group. None: all."""
    severities: tuple[Severity, ...] = ()
    """None: all."""
    market: bool = False
    """Only where a joint-defence group looks after the place."""
    ends_with: Annotated[tuple[End, ...], Field(min_length=1)] = ("acknowledged", "accepted")
    """What anybody has to do so that no further rung comes. `accepted`: any step of a person."""
    rounds: int = Field(default=1, ge=1, le=10)
    """How often all rungs are gone through."""
    rungs: Annotated[tuple[Rung, ...], Field(min_length=1, max_length=12)]


class Quiet(Part):
    """Hours of the night in which less is said."""

    hours: str
    """By the site's clock: "22:00-07:00"."""
    severities: Annotated[tuple[Severity, ...], Field(min_length=1)]
    channels: tuple[str, ...] = ()
    """That are held until the hours are over; none: all but the page."""

    @field_validator("hours")
    @classmethod
    def _written(cls, value: str) -> str:
        if not _HOURS.match(value) or value[:5] == value[6:]:
            raise ValueError('is not a time of the day; write for example "22:00-07:00"')
        return value

    def until(self, at: datetime, zone: ZoneInfo) -> datetime | None:
        """When the hours that hold at `at` (aware) are over; None: none hold."""
        begin, end = (time.fromisoformat(part) for part in self.hours.split("-"))
        local = at.astimezone(zone)
        clock = local.time()
        inside = begin <= clock < end if begin < end else clock >= begin or clock < end
        if not inside:
            return None
        day = local.date() + timedelta(days=1 if begin > end and clock >= begin else 0)
        return datetime.combine(day, end, zone)


class PushPolicy(Part):
    """The whole file."""

    page: str | None = Field(default=None, pattern=r"^https?://[^\s/?#@]+$", max_length=200)
    """Where phones reach the page, for the link in a message: "https://gridwatch.example.org"."""
    channels: dict[Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]{0,39}$")], Channel] = Field(
        default_factory=dict
    )
    ladders: tuple[Ladder, ...] = ()
    """The first that fits is taken."""
    quiet: tuple[Quiet, ...] = ()

    def ladder(self, name: str | None) -> Ladder | None:
        """The ladder of that name."""
        return next((one for one in self.ladders if one.name == name), None)

    def ladder_for(
        self, kind: str, event_class: str | None, severity: Severity, market: bool
    ) -> Ladder | None:
        """The first ladder that fits."""
        for one in self.ladders:
            codes = not one.classes or any(
                event_class is not None and (event_class == code or event_class.startswith(f"{code}-"))
                for code in one.classes
            )
            grave = not one.severities or severity in one.severities
            if kind in one.kinds and codes and grave and (market or not one.market):
                return one
        return None

    def held(self, severity: Severity, at: datetime, zone: ZoneInfo) -> dict[str, datetime]:
        """Channels that are silent at `at`, each with when it speaks again."""
        found: dict[str, datetime] = {}
        for one in self.quiet:
            until = one.until(at, zone) if severity in one.severities else None
            for channel in (one.channels or self.channels) if until else ():
                found[channel] = max(until or at, found.get(channel, at))
        return found

    def patience(self, channels: Collection[str]) -> timedelta:
        """How long an answer by one of `channels` may take."""
        known = [self.channels[name].timeout for name in channels if name in self.channels]
        return timedelta(seconds=max(known, default=0.0))


def _faults(policy: PushPolicy) -> Iterator[Finding]:
    """Names that name nothing, or that stand twice."""
    known = {PAGE, *policy.channels}
    names: set[str] = set()
    if PAGE in policy.channels:
        yield Finding(("channels", PAGE), "is the name of the page itself", "rename the channel")
    for at, ladder in enumerate(policy.ladders):
        if ladder.name in names:
            yield Finding(("ladders", at, "name"), f"{ladder.name!r} stands twice", "rename one")
        names.add(ladder.name)
        for number, rung in enumerate(ladder.rungs):
            for name in rung.by:
                if name not in known:
                    fix = f"name one of {', '.join(sorted(known))}"
                    yield Finding(
                        ("ladders", at, "rungs", number, "by"), f"there is no channel {name!r}", fix
                    )
    for at, quiet in enumerate(policy.quiet):
        for name in quiet.channels:
            if name not in policy.channels:
                yield Finding(
                    ("quiet", at, "channels"), f"there is no channel {name!r}", "add it, or drop it"
                )


def _doubts(policy: PushPolicy, seen: Sight) -> Iterator[str]:
    """What is probably not meant so."""
    for ladder in policy.ladders:
        for rung in ladder.rungs:
            for target in rung.to:
                kind, _, name = target.partition(":")
                if kind == "person" and name not in seen.people:
                    yield f"push: ladder {ladder.name}, rung {rung.name}: there is no user {name!r}"
    if policy.channels and policy.page is None:
        yield "push: `page` is not set, so messages carry no link to the case"
    taken = {kind for one in policy.ladders for kind in one.kinds}
    if lost := [kind for kind in NOTICES if kind not in taken and kind != "incident"]:
        yield f"push: no ladder takes {', '.join(lost)}, so nobody is told of those"
    if not any("incident" in one.kinds and not one.classes and not one.market for one in policy.ladders):
        yield "push: no ladder takes every incident; those that none takes call nobody but the wall"


PUSH = Kind("push", PushPolicy, _faults, _doubts)


def load_push(path: Path) -> PushPolicy:
    """The policy in the YAML file at `path`.

    Raises:
        SettingsError: one line a fault: `file:line: field: what is wrong; fix`.
    """
    return read(path, PUSH)[1]
