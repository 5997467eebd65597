"""What can be asked of a zone in a camera's picture: things that stay, and people for a time."""

from __future__ import annotations

import re
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, BeforeValidator, Field, WithJsonSchema, model_validator

from devices.messages import Identifier, Severity
from devices.site.hours import hours
from devices.site.labels import GROUPS
from devices.site.part import Part, Seconds

EASING = 2 / 3
"""What opened at a count or share clears below this part of it, unless the rule says otherwise."""


def _time(text: str) -> str:
    if hours(text).by_calendar:
        raise ValueError("goes by the calendar, which is for sensors; write days of the week")
    return text


def listed(value: object) -> object:
    """One written time stands for a list of one."""
    return (value,) if isinstance(value, str) else value


def _share(value: object) -> object:
    match = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*%\s*", value) if isinstance(value, str) else None
    if match is not None:
        return float(match[1]) / 100
    if isinstance(value, str):
        raise ValueError('is not a share; write for example "30 %" or 0.3')
    return value


Schedule = Annotated[
    tuple[Annotated[str, AfterValidator(_time)], ...],
    BeforeValidator(listed),
    WithJsonSchema(
        {
            "anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}}],
            "description": 'Times by the site\'s clock: "22:00-06:00", "mon-fri 07:30-09:00"; none: always.',
        }
    ),
]
"""Times of the week by the site's clock, within which a rule holds; none given: always."""
Share = Annotated[
    float,
    BeforeValidator(_share),
    Field(gt=0, le=1, allow_inf_nan=False),
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "number", "exclusiveMinimum": 0, "maximum": 1},
                {"type": "string", "pattern": r"^\d+(\.\d+)? *%$"},
            ],
            "description": 'A part of the zone\'s area: 0.3, or written "30 %".',
        }
    ),
]
"""A part of a whole; the file may also say "30 %"."""
Unknown = Literal["report", "ignore"]
"""What becomes of things that stay and that nobody can name: reported as suspected, or left alone."""


class ZoneRule(Part):
    """What all rules of a zone have."""

    kind: str
    id: Identifier
    event_class: str


class ParkedRule(ZoneRule):
    """Things of these labels stay in the zone for `dwell`, `count` of them or covering `share` of it.

    One condition for the zone. It is over when fewer than `clear_count` are left, and they cover less than
    `clear_share`.
    """

    kind: Literal["parked"]
    labels: tuple[str, ...] = Field(min_length=1)
    """Detector labels, or names of groups of them, that count."""
    count: int = Field(default=1, ge=1)
    """Without it a rule that has a `share` goes by the share alone."""
    clear_count: int | None = Field(default=None, ge=1)
    share: Share | None = None
    clear_share: Share | None = None
    dwell: Seconds
    unknown: Unknown = "report"
    severity: Severity = Severity.MEDIUM
    schedule: Schedule = ()

    @property
    def enough(self) -> int | None:
        """How many open a condition; None: only the share does."""
        return None if self.share is not None and "count" not in self.model_fields_set else self.count

    @property
    def least(self) -> int:
        """With fewer, it is over as far as the count goes."""
        return self.clear_count or max(1, round(EASING * (self.enough or 1)))

    @property
    def least_share(self) -> float:
        """With a smaller covered share, it is over as far as the share goes; 0 without one."""
        return self.clear_share or EASING * (self.share or 0.0)

    @property
    def counts_ground(self) -> bool:
        """It must know how much ground things cover: for its share, or to count those that stand in heaps."""
        return self.share is not None or (self.enough or 0) > 1

    @model_validator(mode="after")
    def _clears_under_what_opens(self) -> Self:
        for name, limit, clear in (
            ("count", self.enough, self.clear_count),
            ("share", self.share, self.clear_share),
        ):
            if clear is not None and limit is None:
                raise ValueError(f"has `clear_{name}` without `{name}`; give both or neither")
            if clear is not None and limit is not None and clear > limit:
                raise ValueError(f"never clears steadily; set `clear_{name}` to at most `{name}`")
        return self


class LeftRule(ZoneRule):
    """Whatever stays in the zone for `dwell`, named or not: each thing is a condition of its own."""

    kind: Literal["left"]
    labels: tuple[str, ...] = ()
    """Detector labels, or names of groups of them, that count; empty: anything but people and animals."""
    dwell: Seconds
    unknown: Unknown = "report"
    severity: Severity = Severity.MEDIUM
    schedule: Schedule = ()


class CrowdRule(ZoneRule):
    """At least `count` people at a time in the zone for `dwell`; over when fewer than `clear_count`."""

    kind: Literal["crowd"]
    count: int = Field(ge=2)
    clear_count: int | None = Field(default=None, ge=1)
    dwell: Seconds
    clear_after: Seconds = 30.0
    severity: Severity = Severity.MEDIUM
    schedule: Schedule = ()

    @property
    def least(self) -> int:
        """With fewer, it is over."""
        return self.clear_count or max(1, round(EASING * self.count))

    @model_validator(mode="after")
    def _clears_under_what_opens(self) -> Self:
        if self.clear_count is not None and self.clear_count > self.count:
            raise ValueError("never clears steadily; set `clear_count` to at most `count`")
        return self


class ClosedRule(ZoneRule):
    """Somebody is in the zone while it is closed: seen in `seen` of the last `looks` looks."""

    kind: Literal["closed"]
    seen: int = Field(default=3, ge=1)
    looks: int = Field(default=5, ge=1, le=60)
    clear_after: Seconds = 30.0
    severity: Severity = Severity.MEDIUM
    schedule: Schedule = ()
    """When it is closed; none given: always."""

    @model_validator(mode="after")
    def _can_be_met(self) -> Self:
        if self.seen > self.looks:
            raise ValueError("can never open; set `seen` to at most `looks`")
        return self


class LoiteringRule(ZoneRule):
    """The zone is occupied by somebody, whoever it is, for `dwell` without a gap longer than `gap`."""

    kind: Literal["loitering"]
    dwell: Seconds
    gap: Seconds = 20.0
    clear_after: Seconds = 30.0
    severity: Severity = Severity.MEDIUM
    schedule: Schedule = ()


class DogRule(ZoneRule):
    """A dog is in the zone for `dwell`, with somebody or without."""

    kind: Literal["dog"]
    dwell: Seconds
    clear_after: Seconds = 30.0
    severity: Severity = Severity.MEDIUM
    schedule: Schedule = ()


StayRule = ParkedRule | LeftRule
"""Rules for things that stay."""
PersonRule = CrowdRule | ClosedRule | LoiteringRule | DogRule
"""Rules for somebody, for a time; nobody is told from anybody else."""
CameraRule = Annotated[
    ParkedRule | LeftRule | CrowdRule | ClosedRule | LoiteringRule | DogRule, Field(discriminator="kind")
]
"""What can be asked of a zone in a camera's picture."""


def labels_of(rule: StayRule) -> frozenset[str]:
    """The detector's labels that the rule counts, its groups spelt out; empty: any thing."""
    return frozenset(label for name in rule.labels for label in GROUPS.get(name, (name,)))
