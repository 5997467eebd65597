"""What a site decides about alarms, as its `alarms.yaml` says it: data, never code."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from datetime import date, datetime, timedelta
from typing import Annotated, Self

from pydantic import AfterValidator, Field, model_validator

from cloud.areas.registry import RANK, Registry
from cloud.policies.kind import Kind, Policies, Sight
from devices.messages import Identifier, Severity
from devices.site.hours import hours, open_at
from devices.site.model import Names
from devices.site.part import Part, Seconds

LOOK_AHEAD = 8
"""Days within which a weekly window ends, unless it never does."""


def _times(written: tuple[str, ...]) -> tuple[str, ...]:
    for text in written:
        if hours(text).by_calendar:
            raise ValueError("write days of the week here, not `workdays` or `restdays`")
    return written


class Suppression(Part):
    """What is allowed somewhere at some hours, such as a legal night market: seen, stored, calls nobody."""

    id: Identifier
    name: Names
    reason: str = Field(min_length=1)
    """Who allowed it, by what decision."""
    classes: tuple[str, ...] = Field(min_length=1)
    """Codes; "05" is for all of its group."""
    where: tuple[Identifier, ...] = Field(min_length=1)
    """Ids of places, points, grids, communities or the street."""
    hours: Annotated[tuple[str, ...], Field(min_length=1), AfterValidator(_times)]
    """By the site's clock: "fri sat 18:00-23:00"."""
    first_day: date | None = None
    last_day: date | None = None
    no_worse_than: Severity = Severity.MEDIUM
    """What is worse calls all the same."""

    def holds(self, local: datetime) -> bool:
        """Whether it is allowed at `local`, the site's wall clock."""
        if self.first_day and local.date() < self.first_day:
            return False
        if self.last_day and local.date() > self.last_day:
            return False
        return open_at(self.hours, local)

    def ends(self, local: datetime) -> datetime:
        """When the window that `local` lies in is over; after `LOOK_AHEAD` days at the latest."""
        midnight = local.replace(hour=0, minute=0, second=0, microsecond=0)
        turns = {0, *(time.ends for text in self.hours for time in [hours(text)])}
        candidates = sorted(
            midnight + timedelta(days=day, minutes=minute) for day in range(LOOK_AHEAD) for minute in turns
        )
        found = (one for one in candidates if one > local and not self.holds(one))
        return next(found, midnight + timedelta(days=LOOK_AHEAD))


class Reason(Part):
    """Why an alarm was false."""

    id: Identifier
    name: Names


class Longest(Part):
    """For how long a person may put an alarm aside, by how bad it is."""

    critical: Seconds = 900.0
    """Fire, SOS."""
    high: Seconds = 3600.0
    medium: Seconds = 8 * 3600.0
    low: Seconds = 24 * 3600.0

    @model_validator(mode="after")
    def _worse_is_shorter(self) -> Self:
        if not self.critical <= self.high <= self.medium <= self.low:
            raise ValueError(
                "lets something worse be shelved longer; write critical <= high <= medium <= low"
            )
        return self

    def of(self, severity: Severity) -> timedelta:
        """The longest shelf for `severity`."""
        return timedelta(seconds=getattr(self, severity.value))


FALSE_REASONS = (
    Reason(id="light", name=Names(zh="光线、阴影、反光", en="Light, shadow or reflection")),
    Reason(id="weather", name=Names(zh="雨雪雾、水迹", en="Rain, snow, fog or wet ground")),
    Reason(id="passing", name=Names(zh="行人车辆路过", en="Somebody or something passing by")),
    Reason(id="fixed_thing", name=Names(zh="固定物、本来就有", en="A thing that belongs there")),
    Reason(id="allowed", name=Names(zh="此处此时允许", en="Allowed here at this hour")),
    Reason(id="zone", name=Names(zh="区域画得不对", en="The zone is drawn wrongly")),
    Reason(id="wrong_thing", name=Names(zh="识别成了别的东西", en="Taken for something else")),
    Reason(id="device", name=Names(zh="设备故障", en="The device is faulty")),
    Reason(id="test", name=Names(zh="测试、演练", en="A test or drill")),
    Reason(id="other", name=Names(zh="其他", en="Something else")),
)


class AlarmPolicy(Part):
    """The whole file."""

    longest_shelf: Longest = Longest()
    service_at_most: Seconds = 7 * 86400.0
    """For how long a device may be out of service before somebody says so again."""
    seats: int = Field(default=1, ge=1, le=50)
    """Operators who share the alarms; the figures are counted for one."""
    false_reasons: tuple[Reason, ...] = FALSE_REASONS
    suppressions: tuple[Suppression, ...] = ()

    @model_validator(mode="after")
    def _named_once(self) -> Self:
        for named in (self.false_reasons, self.suppressions):
            ids = [one.id for one in named]
            if double := {one for one in ids if ids.count(one) > 1}:
                raise ValueError(f"names {', '.join(sorted(double))} twice; give each its own id")
        return self

    def suppression(
        self, event_class: str, around: Collection[str], severity: Severity, local: datetime
    ) -> Suppression | None:
        """What allows this class here now; `around`: the place, its point, grid, community and street."""
        for one in self.suppressions:
            coded = any(event_class == code or event_class.startswith(f"{code}-") for code in one.classes)
            near = not set(one.where).isdisjoint(around)
            if coded and near and RANK[severity] >= RANK[one.no_worse_than] and one.holds(local):
                return one
        return None


def around(place: str, point: str, registry: Registry) -> tuple[str, ...]:
    """The ids by which a policy may name where something is: the place, its point, grid and areas above."""
    area = registry.grid_of(point)
    above = []
    while area is not None:
        above.append(area.id)
        area = registry.areas.get(area.parent) if area.parent else None
    return (place, point, *above)


def _doubts(policy: AlarmPolicy, seen: Sight) -> Iterator[str]:
    """What a policy names and the registry does not know."""
    registry = seen.registry
    known = {*registry.areas, *registry.points, *registry.owners}
    for one in policy.suppressions:
        for name in one.where:
            if name not in known:
                yield f"alarms: suppressions.{one.id}.where: nothing has the id {name!r}"
        for code in one.classes:
            if not any(had == code or had.startswith(f"{code}-") for had in registry.classes):
                yield f"alarms: suppressions.{one.id}.classes: the site has no event class {code!r}"


ALARMS = Kind("alarms", AlarmPolicy, doubts=_doubts)


def policy_in(policies: Policies) -> AlarmPolicy:
    """The alarms' policy in force; without one, what every site begins with."""
    return policies.of(ALARMS) or AlarmPolicy()
