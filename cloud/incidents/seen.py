"""What a seen condition does to an incident. Pure: cases in, cases and log lines out.

A `Case` is what decisions need of an incident: its state, and which of its conditions are still there.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from cloud.incidents.transitions import CLOSED, OPEN, REMEMBERS, Rule, State, Step, rule_for, steps
from devices.messages import ConditionState

REOPENABLE = (State.CLOSED, State.EVALUATED)
"""What was judged false, void or not ours stays so; when the same spot fills again that is a new incident."""

_LOOKS = {"clear": "seen_gone", "there": "still_there", "unsure": "await_check"}

LOOKED_AT_AFTER = ("resolve", "self_handle", "resume", "split")
"""Not after `check_failed`: there a person says that the camera is wrong."""


@dataclass(frozen=True, slots=True)
class Case:
    """An incident as decisions see it."""

    id: UUID
    state: State
    version: int
    severity: int
    """Rank: 0 is the worst."""
    present: frozenset[UUID]
    """Its conditions that are not cleared."""
    suspended_from: State | None = None
    """Where `resume` or `split` leads back to."""
    seen_gone_at: datetime | None = None
    told: bool = True
    """Some device tells of it; else only people can say how it stands."""


@dataclass(frozen=True, slots=True)
class Line:
    """One line of an incident's log, with the version it made."""

    version: int
    action: str
    source: State | None
    target: State
    cause: str
    reason: str | None = None
    detail: Mapping[str, Any] = field(default_factory=dict)
    """JSON, for whoever reads of it."""


@dataclass(frozen=True, slots=True)
class Word:
    """What one revision of a condition says."""

    condition_id: UUID
    state: ConditionState
    severity: int
    changed_at: datetime


def opened(incident_id: UUID, word: Word) -> tuple[Case, list[Line]]:
    """A new incident from a new condition; one already cleared goes on to checking at once."""
    case = Case(incident_id, State.DETECTED, 1, word.severity, frozenset())
    case, lines = hear(case, word)
    return case, [Line(1, "open", None, State.DETECTED, "condition"), *lines]


def joined(case: Case, word: Word) -> tuple[Case, list[Line]]:
    """A further condition at the same place: reopens a closed case, sends one being checked to rework."""
    lines: list[Line] = []
    if case.state in REOPENABLE:
        case, lines = _take(case, "reopen", cause="seen_again")
    else:
        case = replace(case, version=case.version + 1)
        lines = [Line(case.version, "join", case.state, case.state, "condition")]
    case, more = hear(replace(case, told=True), word, fresh=True)
    return case, lines + more


def hear(case: Case, word: Word, *, fresh: bool = False) -> tuple[Case, list[Line]]:
    """A revision of one of the case's own conditions. Something seen there while it is checked is rework.

    Unless the condition is new to the case (`fresh`), it must have been seen after the look that said it was
    gone: words may arrive late.
    """
    gone = word.state is ConditionState.CLEARED
    present = case.present - {word.condition_id} if gone else case.present | {word.condition_id}
    severity = case.severity if case.state in CLOSED else min(case.severity, word.severity)
    case = replace(case, present=present, severity=severity)
    if case.state is State.CHECKING and not gone:
        later = case.seen_gone_at is None or word.changed_at > case.seen_gone_at
        again = fresh or (word.state is ConditionState.OPEN and later)
        return _take(case, "seen_again") if again else (case, [])
    if gone and not present and case.state in OPEN:
        case = replace(case, seen_gone_at=word.changed_at)
    return look(case)


def act(case: Case, rule: Rule, to: State | None = None) -> tuple[Case, list[Line]]:
    """What a person does. What is reported done, or taken up again, may have been seen gone already."""
    case, lines = walk(case, steps(rule, case.state, case.suspended_from, to))
    if rule.action in LOOKED_AT_AFTER:
        case, more = look(case)
        lines += more
    return case, lines


def look(case: Case) -> tuple[Case, list[Line]]:
    """Once nothing of it is there any more, a case on the ladder goes to checking.

    One that no device tells of goes there once it is said to be done.
    """
    action = "seen_gone" if case.told else "await_check"
    if case.present or rule_for(action, case.state) is None:
        return case, []
    return _take(case, action)


def looked(
    case: Case, look: Literal["clear", "there", "unsure"], at: datetime, detail: Mapping[str, Any]
) -> tuple[Case, list[Line]]:
    """What a second look, taken at `at`, says of a case that is reported done; unsure: a person must look."""
    case, lines = _take(case, _LOOKS[look])
    lines = [replace(line, detail=detail) for line in lines]
    return (replace(case, seen_gone_at=at) if look == "clear" else case), lines


def taken_up(case: Case, present: frozenset[UUID]) -> tuple[Case, list[Line]]:
    """Another case's conditions come to this one; what is there while it is checked is rework."""
    case = replace(case, present=case.present | present, told=True)
    if present and case.state is State.CHECKING:
        return _take(case, "seen_again")
    return case, []


def _take(case: Case, action: str, cause: str | None = None) -> tuple[Case, list[Line]]:
    rule = rule_for(action, case.state)
    assert rule is not None, f"{action} from {case.state}"
    case, lines = walk(case, steps(rule, case.state, case.suspended_from, cause=cause))
    if action in ("reopen", "seen_again", "still_there"):
        case = replace(case, seen_gone_at=None)
    return case, lines


def walk(case: Case, taken: tuple[Step, ...]) -> tuple[Case, list[Line]]:
    """Follow steps of the table: each is one version and one line."""
    lines = []
    for step in taken:
        before = step.source if step.action in REMEMBERS else None
        if step.target is step.source:
            before = case.suspended_from
        case = replace(case, state=step.target, version=case.version + 1, suspended_from=before)
        lines.append(Line(case.version, step.action, step.source, step.target, step.cause))
    return case, lines
