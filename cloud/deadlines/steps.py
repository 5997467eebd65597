"""A case's steps, told from its log: when each one's clock ran, how it stands, what is due and when. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Literal
from uuid import UUID
from zoneinfo import ZoneInfo

from cloud.deadlines.clearing import boundary
from cloud.deadlines.durations import Durations, durations
from cloud.deadlines.limits import STEPS, Limit, Policy, Step, Terms
from cloud.deadlines.running import YELLOW, Light, Span, light, reached, used
from cloud.deadlines.worktime import NATURAL, Clock, WorkTime
from cloud.incidents.transitions import OPEN, State
from devices.site.hours import hours

_EACH: dict[Step, frozenset[State]] = {
    "acceptance": frozenset({State.DETECTED, State.VERIFYING}),
    "filing": frozenset({State.ACCEPTED}),
    "dispatch": frozenset({State.FILED}),
    "handling": frozenset({State.DISPATCHED, State.IN_PROGRESS}),
    "checking": frozenset({State.RESOLVED, State.CHECKING}),
}
STATES: Mapping[Step, frozenset[State]] = {
    **_EACH,
    "whole": frozenset().union(*_EACH.values()) - _EACH["acceptance"],
}
"""In which states a step's clock runs. In none of them is `suspended`: there every clock stands still."""
EXTENDED = frozenset({"handling", "whole"})
"""Steps whose limits move when more time is granted."""
LEFT_ALONE = "verify"
"""The action that leaves a case to be set right by itself: until it ends nobody is asked to take it up."""
_RESOLVED = _EACH["checking"]

Kind = Literal["yellow", "red", "clearing"]
"""What fires of a case."""
_PARTS: dict[Kind, float] = {"yellow": YELLOW, "red": 1.0}


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a case's log."""

    at: datetime
    source: State | None
    target: State
    action: str = ""
    detail: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Rules:
    """By what is counted: a policy at a site."""

    policy: Policy
    work: WorkTime

    def clock(self, limit: Limit) -> Clock:
        """The clock of a limit."""
        return self.work if limit.work else NATURAL


def rules_of(policy: Policy, zone: ZoneInfo) -> Rules:
    """The policy by the wall clock of `zone`."""
    return Rules(policy, WorkTime(zone, tuple(map(hours, policy.hours)), policy.calendar))


def rules_in(policy: Callable[[], Policy | None], zone: Callable[[], ZoneInfo]) -> Callable[[], Rules | None]:
    """The rules in force whenever asked; the years laid out are kept while policy and zone are the same."""
    last: Rules | None = None

    def now() -> Rules | None:
        nonlocal last
        there, where = policy(), zone()
        if there is None:
            last = None
        elif last is None or last.policy is not there or last.work.zone != where:
            last = rules_of(there, where)
        return last

    return now


@dataclass(frozen=True, slots=True)
class Standing:
    """How a step stands."""

    step: Step
    limit: Limit
    time: timedelta
    """The limit, counted."""
    used: timedelta
    light: Light
    running: bool
    due: datetime | None
    """When it is, or was, used up; None: it was not, and the clock stands still."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """Something that is to fire, or should have."""

    key: str
    kind: Kind
    due: datetime
    detail: Mapping[str, str]
    running: bool
    """Its clock runs; else it was due before its step ended, and fires only if it waits already."""


def since_opened(log: Sequence[Line]) -> Sequence[Line]:
    """The log from where the case was opened the last time; rework and returns go on with their clocks.

    So does what was merged with another case and is split off again: its clocks stood still.
    """
    opened = (
        at
        for at, line in enumerate(log)
        if line.target in OPEN and line.source not in OPEN and line.action != "split"
    )
    return log[max(opened, default=0) :]


def granted(step: Step, log: Sequence[Line]) -> timedelta:
    """What was added to a step's limit (延时), in time as its clock counts; `log`: since it was opened."""
    if step not in EXTENDED:
        return timedelta()
    hours = (line.detail.get("hours", 0) for line in log if line.action == "extend")
    return timedelta(hours=sum(hours))


def ran(step: Step, log: Sequence[Line]) -> tuple[Span, ...]:
    """When a step's clock ran. That of acceptance stands still while the case is left to be set right."""
    return spans(log, STATES[step], but=LEFT_ALONE if step == "acceptance" else None)


def spans(log: Sequence[Line], states: frozenset[State], but: str | None = None) -> tuple[Span, ...]:
    """When the case was in one of `states`; `log` is in order. A clock that was set back stops time.

    `but`: an action; what follows it until the state is left does not count.
    """
    found: list[Span] = []
    begin: datetime | None = None
    last: datetime | None = None
    rests = False
    for line in log:
        at = line.at if last is None else max(line.at, last)
        rests = line.action == but or (rests and line.target is line.source)
        if line.target in states and not rests:
            begin = begin or at
        elif begin is not None:
            found.append(Span(begin, at))
            begin = None
        last = at
    return (*found, Span(begin)) if begin is not None else tuple(found)


def standings(rules: Rules, event_class: str, log: Sequence[Line], now: datetime) -> Iterator[Standing]:
    """Every step that has a limit and has begun."""
    terms, log = rules.policy.terms(event_class), since_opened(log)
    for step, limit, found in _begun(terms, log):
        clock, time = rules.clock(limit), rules.policy.time(limit) + granted(step, log)
        part = used(clock, found, now)
        running = found[-1].end is None
        yield Standing(step, limit, time, part, light(part, time), running, reached(clock, time, found))


def wanted(rules: Rules, incident_id: UUID, event_class: str, log: Sequence[Line]) -> Iterator[Wanted]:
    """What is to fire, should nothing more happen: each step's yellow and red, and the clearing."""
    log = since_opened(log)
    terms = rules.policy.terms(event_class)
    for step, limit, found in _begun(terms, log):
        clock, time = rules.clock(limit), rules.policy.time(limit) + granted(step, log)
        detail, running = {"step": step, "limit": str(limit)}, found[-1].end is None
        for kind, part in _PARTS.items():
            due = reached(clock, time * part, found)
            if due is not None:
                yield Wanted(f"incident/{incident_id}/{step}/{kind}", kind, due, detail, running)
    end, closed = clearing_end(rules, terms, log), closed_at(log)
    if end is not None and (closed is None or end < closed):
        detail = {"clearing": str(terms.clearing)}
        yield Wanted(f"incident/{incident_id}/clearing", "clearing", end, detail, closed is None)


def clearing_end(rules: Rules, terms: Terms, log: Sequence[Line]) -> datetime | None:
    """By when what was opened with the first line of `log` is to be cleared."""
    if terms.clearing is None:
        return None
    return boundary(terms.clearing, log[0].at, rules.work.zone, rules.work.calendar.works)


def closed_at(log: Sequence[Line]) -> datetime | None:
    """When a case stopped to be open; `log` begins where it was opened the last time."""
    still = max(at for at, line in enumerate(log) if line.target in OPEN)
    return log[still + 1].at if still + 1 < len(log) else None


def _begun(terms: Terms, log: Sequence[Line]) -> Iterator[tuple[Step, Limit, tuple[Span, ...]]]:
    for step in STEPS:
        limit: Limit | None = getattr(terms.limits, step)
        if limit is not None and (found := ran(step, log)):
            yield step, limit, found


def durations_of(log: Sequence[Line]) -> Durations:
    """Detected → known → resolved → answered, since the case was opened the last time."""
    log = since_opened(log)
    known = next((line.at for line in log if line.target is State.ACCEPTED), None)
    resolved = next(
        (line.at for line in reversed(log) if line.target in _RESOLVED and line.source not in _RESOLVED), None
    )
    if log[-1].target in OPEN and log[-1].target not in _RESOLVED:
        resolved = None  # it is worked on again
    return durations(log[0].at, known, resolved, closed_at(log))
