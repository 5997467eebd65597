"""Whether an alarm is aside now, and by what: the decision alone, over what was loaded. Pure.

Three things put alarms aside. The strongest names the state: a device out of service, before what is allowed
by design, before what a person shelved. A shelf is for a place and class, not for one alarm: what chatters
makes new alarms, and those are meant. It ends early for what is worse than what was shelved.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from cloud.alarms.machine import AlarmPhase, S
from cloud.alarms.policy import AlarmPolicy, around
from cloud.areas.registry import RANK, Registry
from cloud.incidents.store import Key
from devices.messages import Severity


@dataclass(frozen=True, slots=True)
class Aside:
    """Why an alarm calls nobody, and until when."""

    state: AlarmPhase
    until: datetime
    by: str
    """Who shelved it or took the device out; the id of what allows it."""
    reason: str


@dataclass(frozen=True, slots=True)
class Shelf:
    """Of a place and class."""

    id: UUID
    severity: int
    """Rank of what was shelved; what is worse breaks out."""
    since: datetime
    until: datetime
    by: str
    reason: str


@dataclass(frozen=True, slots=True)
class Service:
    """A device that is being worked on."""

    id: UUID
    since: datetime
    until: datetime
    by: str
    reason: str


@dataclass(frozen=True, slots=True)
class Subject:
    """What the decision needs of an alarm."""

    place: str
    event_class: str
    device: str
    point: str
    severity: Severity


@dataclass(frozen=True, slots=True)
class Sources:
    """All that may put the alarms of one batch aside."""

    policy: AlarmPolicy
    registry: Registry
    shelves: Mapping[Key, Shelf] = field(default_factory=dict)
    services: Mapping[str, Service] = field(default_factory=dict)

    def aside(self, subject: Subject, now: datetime, *, calls: bool = False) -> Aside | None:
        """By what the alarm is aside at `now`; None: it calls.

        `calls`: it does already, and goes on when what it shows is allowed from now on.
        """
        service = self.services.get(subject.device)
        if service is not None and service.until > now:
            return Aside(S.OUT_OF_SERVICE, service.until, service.by, service.reason)
        local = now.astimezone(self.registry.timezone)
        near = around(subject.place, subject.point, self.registry) if self.policy.suppressions else ()
        allowed = self.policy.suppression(subject.event_class, near, subject.severity, local)
        if allowed is not None and not calls:
            return Aside(S.SUPPRESSED, allowed.ends(local).astimezone(now.tzinfo), allowed.id, allowed.reason)
        shelf = self.shelves.get((subject.place, subject.event_class))
        if shelf is not None and shelf.until > now and RANK[subject.severity] >= shelf.severity:
            return Aside(S.SHELVED, shelf.until, shelf.by, shelf.reason)
        return None
