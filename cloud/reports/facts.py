"""A case's log → its marks: for each index when the case counts, and whether it went well. Pure.

An index is a share of marks: of those of a span of time, how many are hits. So a percentage and the cases
behind it are the same rows. A mark stands where something was decided: a step with a limit when it was done
or its limit ran out, whichever came first; the outcome of a case when it ended. Of a case that was reopened
only its last life counts, except for calls (whistles) and reports.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise

from cloud.deadlines.limits import Step
from cloud.deadlines.running import reached
from cloud.deadlines.steps import LEFT_ALONE, STATES, Line, Rules, durations_of, granted, ran, since_opened
from cloud.deadlines.worktime import NATURAL
from cloud.escalation.levels import finished_at
from cloud.escalation.policy import LEVELS
from cloud.incidents.guards import DONE, REWORK
from cloud.incidents.transitions import State

S = State
MINUTE = timedelta(seconds=60)
"""一分钟受理."""
PUBLIC = frozenset({"citizen", "hotline", "open311"})
"""Sources that are not our own."""
ENDED = frozenset({S.CLOSED, S.EVALUATED})
NO_CASE = frozenset({S.VOID, S.REJECTED, S.FALSE_ALARM})
_AFTER_FILING = frozenset({S.FILED, S.DISPATCHED, S.IN_PROGRESS, S.RESOLVED, S.CHECKING}) | ENDED
OVER: Mapping[Step, frozenset[State]] = {
    "acceptance": _AFTER_FILING | {S.ACCEPTED},
    "filing": _AFTER_FILING,
    "dispatch": _AFTER_FILING - {S.FILED},
    "handling": frozenset({S.RESOLVED, S.CHECKING}) | ENDED,
    "checking": ENDED,
    "whole": ENDED,
}
"""In which states a step is done."""
IN_TIME: Mapping[Step, str] = {
    "acceptance": "verified_in_time",
    "filing": "filed_in_time",
    "dispatch": "dispatched_in_time",
    "handling": "handled_in_time",
    "checking": "checked_in_time",
    "whole": "closed_in_time",
}
DONE_AT_ALL: Mapping[Step, str] = {"handling": "handled", "whole": "closed"}
DURATIONS = ("to_know", "to_resolve", "to_answer", "total")
TWICE = 2
"""Sent back so often a case is rework."""
CHECKS = ("check", "confirm", "check_failed")
"""What whoever checks does; closing is another's."""


@dataclass(frozen=True, slots=True)
class Entry(Line):
    """A line of the log with its number and who made it."""

    version: int = 0
    cause: str = ""
    person: str | None = None
    """Its user name; None: the system."""


@dataclass(frozen=True, slots=True)
class Case:
    """What of a case never changes, and its log, oldest line first."""

    event_class: str
    source: str
    log: Sequence[Entry]


@dataclass(frozen=True, slots=True)
class Mark:
    """That a case counts for an index."""

    code: str
    at: datetime
    hit: bool
    version: int
    """The line of the log that decided; where a limit ran out, the last one there is."""
    value: int | None = None
    """Seconds, of durations."""
    person: str | None = None
    """Whose doing it was."""
    organisation: str | None = None


@dataclass(frozen=True, slots=True)
class _Judged:
    at: datetime
    in_time: bool
    done: bool
    line: Entry


def until(case: Case, end: datetime) -> Case | None:
    """The case as it stood at `end`; None: it was not there yet."""
    log = [line for line in case.log if line.at < end]
    return Case(case.event_class, case.source, log) if log else None


def marks(case: Case, rules: Rules | None) -> list[Mark]:
    """Every mark of a case; `rules`: the limits it is measured by, None: it has none."""
    found = [*_acceptance(case), *_window(case), *_calls(case), *_report(case), *_filing(case)]
    if rules is not None:
        found += _steps(case, rules)
    return [*found, *_outcome(case)]


def _life(case: Case) -> Sequence[Entry]:
    """The log since the case was opened the last time."""
    return case.log[len(case.log) - len(since_opened(case.log)) :]


def _stands(log: Sequence[Entry]) -> State:
    """Where it is, or was when it was suspended."""
    for line in reversed(log):
        if line.target is not S.SUSPENDED:
            return line.target
        if line.source is not None and line.source is not S.SUSPENDED:
            return line.source
    return log[-1].target


def _left(log: Sequence[Entry], states: frozenset[State]) -> Entry:
    """The line that ended the last stay in `states`; the last of all while it goes on."""
    last = log[-1]
    for before, line in pairwise(log):
        if before.target in states and line.target not in states:
            last = line
    return last


def _judge(case: Case, rules: Rules, step: Step) -> _Judged | None:
    """When a step was done or its limit ran out; None: neither, or it has no limit."""
    limit = getattr(rules.policy.terms(case.event_class).limits, step)
    log = _life(case)
    if limit is None or not (stays := ran(step, log)):
        return None
    due = reached(rules.clock(limit), rules.policy.time(limit) + granted(step, log), stays)
    done = _stands(log) in OVER[step]
    line = _left(log, STATES[step])
    if due is not None:
        return _Judged(due, False, done, line)
    return _Judged(line.at, True, True, line) if done else None


def _acceptance(case: Case) -> Iterator[Mark]:
    """一分钟受理: somebody took it up within 60 s of being asked. What was over by itself asks nobody."""
    log = _life(case)
    asked = ran("acceptance", log)
    if not asked:
        return
    end = reached(NATURAL, MINUTE, asked)
    line = _left(log, STATES["acceptance"])
    taken = line.target not in STATES["acceptance"]
    if taken and (end is None or line.at <= end):
        if line.person is not None:
            yield Mark("accepted_60s", line.at, True, line.version, person=line.person)
    elif end is not None:
        yield Mark("accepted_60s", end, False, line.version, person=line.person if taken else None)


def _window(case: Case) -> Iterator[Mark]:
    """自行整改率: of what was left to be set right by itself, what was."""
    left = False
    for line in _life(case):
        if line.action == LEFT_ALONE and line.detail:
            left = True
        elif left and (line.action == "self_corrected" or line.target in OVER["acceptance"] - {S.CHECKING}):
            yield Mark("self_corrected", line.at, line.action == "self_corrected", line.version)
            return


def _calls(case: Case) -> Iterator[Mark]:
    """吹哨报到: of each call with a clock, whether the department checked in in time."""
    late: set[str] = set()
    for line in case.log:
        if line.action not in ("checked_in", "check_in_late"):
            continue
        whose = line.detail["organisation"]
        if line.action == "check_in_late" or not line.detail["late"]:
            yield Mark(
                "checked_in_in_time", line.at, line.action == "checked_in", line.version, organisation=whose
            )
        elif line.detail["call"] not in late:
            yield Mark("checked_in_in_time", line.at, False, line.version, organisation=whose)
        late.add(line.detail["call"])


def _report(case: Case) -> Iterator[Mark]:
    """有效上报率: of what grid workers reported, what was taken up and is a case still."""
    if case.source != "worker":
        return
    judged = next((one for one in case.log if one.target in OVER["acceptance"] | NO_CASE), None)
    if judged is not None:
        valid = case.log[-1].target not in NO_CASE
        yield Mark("valid_report", judged.at, valid, judged.version, person=case.log[0].person)


def _filing(case: Case) -> Iterator[Mark]:
    """漏报率, 监督举报率: of what was filed, what the public told of, and what nobody else had seen."""
    log = _life(case)
    filed = next((one for one in log if one.target in _AFTER_FILING), None)
    if filed is None or filed.target is not S.FILED:
        return
    public = case.source in PUBLIC
    ours = any(_seen(one) for one in case.log if one.at <= filed.at)
    yield Mark("public_report", filed.at, public, filed.version)
    yield Mark("missed", filed.at, public and not ours, filed.version)


def _seen(line: Entry) -> bool:
    """Whether one of our devices tells of it with this line: itself, or a case of its own that was merged."""
    return line.action == "join" or (line.action == "merged" and bool(line.detail.get("alarms")))


def _steps(case: Case, rules: Rules) -> Iterator[Mark]:
    """What each step with a limit says. What went on by itself, nobody had to accept."""
    organisation, handler = _whose(case)
    for step, code in IN_TIME.items():
        judged = _judge(case, rules, step)
        if judged is None or (step == "acceptance" and judged.in_time and judged.line.person is None):
            continue
        handled = step in ("handling", "whole")
        person = handler if handled else _doer(case, step, judged.line) if judged.done else None
        of = organisation if handled else None
        version = judged.line.version
        yield Mark(code, judged.at, judged.in_time, version, person=person, organisation=of)
        if step in DONE_AT_ALL:
            done = DONE_AT_ALL[step]
            yield Mark(done, judged.at, judged.done, version, person=person, organisation=of)


def _doer(case: Case, step: Step, line: Entry) -> str | None:
    """Whose doing the end of a step was: who checked, not who closed."""
    checks = (one.person for one in reversed(_life(case)) if one.action in CHECKS and one.person)
    return next(checks, line.person) if step == "checking" else line.person


def _outcome(case: Case) -> Iterator[Mark]:
    """What is told once a case has ended: how, at which level, how often it went back, how long it took."""
    log, last = _life(case), case.log[-1].target
    end = next((one for one in log if one.target in ENDED | NO_CASE), None)
    if end is None:
        return
    organisation, handler = _whose(case)

    def mark(code: str, hit: bool, value: int | None = None) -> Mark:
        return Mark(code, end.at, hit, end.version, value, handler, organisation)

    filed = any(one.target is S.FILED for one in log)
    if filed:
        back = any(one.action == "return" and one.source is S.FILED for one in log)
        yield mark("filed_right", last in ENDED and not back)
    if case.source == "edge":
        yield mark("false_case", last is S.FALSE_ALARM)
    if last not in ENDED:
        return
    whom = [_addressee(one) for one in log if one.target is S.DISPATCHED and one.source is not S.DISPATCHED]
    if named := [one for one in whom if one]:
        yield mark("dispatched_right", len(set(named)) == 1)
    yield mark("rework", sum(one.action in REWORK for one in log[1:]) >= TWICE)
    yield mark("extended", any(one.action == "extend" for one in log))
    yield mark("self_handled", any(one.action == "self_handle" for one in log))
    yield mark("reopened", len(log) < len(case.log))
    level = finished_at(case.log)
    for one in LEVELS:
        yield mark(f"finished_{one}", level == one)
    took = durations_of(case.log)
    for name in DURATIONS:
        if (seconds := getattr(took, name)) is not None:
            yield mark(name, True, seconds)


def _addressee(line: Entry) -> str | None:
    """Whom a dispatch names: a department, or else a person."""
    found: str | None = line.detail.get("organisation") or line.detail.get("handler")
    return found


def _whose(case: Case) -> tuple[str | None, str | None]:
    """The organisation it was dispatched to last, and the person who worked on it last."""
    organisation = handler = None
    for line in _life(case):
        if line.action == "dispatch":
            organisation = line.detail.get("organisation")
            handler = line.detail.get("handler") or handler
        elif line.action == "assign":
            handler = line.detail["handler"]
        elif line.action in ("claim", "start", *DONE):
            handler = line.person or handler
        elif line.action == "playbook":  # a stage that finds it dispatched already hands it on
            organisation = line.detail.get("organisation", organisation)
    return organisation, handler
