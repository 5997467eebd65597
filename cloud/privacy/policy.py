"""How long things are kept and what is shown to whom, as a site's `privacy.yaml` says it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Self

from pydantic import Field, model_validator

from cloud.policies.kind import Kind, Policies, Sight
from devices.site.part import Part, Seconds

DAY = 86400.0
GIB = 1024**3


class Keep(Part):
    """For how long pictures stay: never deleted before `least`, always after `most`."""

    least: Seconds = 30 * DAY
    most: Seconds = 365 * DAY

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.least > self.most:
            raise ValueError("has to be kept longer than it may be; write least <= most")
        return self

    @property
    def span(self) -> tuple[timedelta, timedelta]:
        """Least and most."""
        return timedelta(seconds=self.least), timedelta(seconds=self.most)


class Disk(Part):
    """What photos and clips may take of the cloud's disk, in GiB."""

    quota: float = Field(default=100.0, gt=0, allow_inf_nan=False)
    reserve: float = Field(default=1.0, ge=0, allow_inf_nan=False)
    """Left free on that disk whatever the quota says: alarms go into the database, and that needs room."""


class PrivacyPolicy(Part):
    """The whole file."""

    evidence: Keep = Keep()
    """Of a case, from its closing."""
    classes: dict[str, Keep] = Field(default_factory=dict)
    """The same for classes by code; "05" is for all of its group."""
    unlinked: Keep = Keep(least=30 * DAY, most=90 * DAY)
    """Of no case: of alarms that never had one, and photos that were asked for."""
    on_duty_after_closing: Seconds = DAY
    """For so long the patrol room still sees originals of a case without being asked why."""
    people: tuple[str, ...] = ("person", "crowd")
    """Labels of alarms whose box shows people: it is as coarse in copies as the rest."""
    track_life: Seconds = DAY
    """For how long a worker's positions are kept."""
    disk: Disk = Disk()

    def keep(self, event_class: str) -> Keep:
        """For how long evidence of a class is kept."""
        code = event_class
        while code not in self.classes and "-" in code:
            code = code.rpartition("-")[0]
        return self.classes.get(code, self.evidence)


def _doubts(policy: PrivacyPolicy, seen: Sight) -> Iterator[str]:
    for code in policy.classes:
        if not any(one == code or one.startswith(f"{code}-") for one in seen.registry.classes):
            yield f"privacy: classes.{code}: the site has no such event class"


PRIVACY = Kind("privacy", PrivacyPolicy, doubts=_doubts)


def policy_in(policies: Policies) -> PrivacyPolicy:
    """The policy in force; without one, what every site begins with."""
    return policies.of(PRIVACY) or PrivacyPolicy()
