"""What a seen condition does to an incident. Pure: cases in, cases and log lines out.

A `Case` is what decisions need of an incident: its state, and which of its conditions are still there.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from cloud.incidents.transitions import CLOSED, OPEN, State, Step, rule_for, steps
from devices.messages import ConditionState

REOPENABLE = (State.CLOSED, State.EVALUATED)
"""What was judged false, void or not ours does not come back when the same spot fills again: it is a new incident."""


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
    seen_gone_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Line:
    """One line of an incident's log, with the version it made."""

    version: int
    action: str
    source: State | None
    target: State
    cause: str


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
    """A further condition at the same place: the case is reopened if closed, reworked if it was being checked."""
    lines: list[Line] = []
    if case.state in REOPENABLE:
        case, lines = _take(case, "reopen")
    else:
        case = replace(case, version=case.version + 1)
        lines = [Line(case.version, "join", case.state, case.state, "condition")]
    if word.state is not ConditionState.CLEARED and case.state is State.CHECKING:
        case, more = _take(case, "seen_again")
        lines += more
    case, more = hear(case, word)
    return case, lines + more


def hear(case: Case, word: Word) -> tuple[Case, list[Line]]:
    """A revision of one of the case's own conditions."""
    gone = word.state is ConditionState.CLEARED
    present = case.present - {word.condition_id} if gone else case.present | {word.condition_id}
    severity = case.severity if case.state in CLOSED else min(case.severity, word.severity)
    case = replace(case, present=present, severity=severity)
    if gone and not present and case.state in OPEN:
        case = replace(case, seen_gone_at=word.changed_at)
    return look(case)


def look(case: Case) -> tuple[Case, list[Line]]:
    """Once nothing of it is there any more, a case on the ladder goes to checking."""
    if case.present or rule_for("seen_gone", case.state) is None:
        return case, []
    return _take(case, "seen_gone")


def _take(case: Case, action: str) -> tuple[Case, list[Line]]:
    rule = rule_for(action, case.state)
    assert rule is not None, f"{action} from {case.state}"
    case, lines = walk(case, steps(rule, case.state, case.suspended_from))
    if action in ("reopen", "seen_again"):
        case = replace(case, seen_gone_at=None)
    return case, lines


def walk(case: Case, taken: tuple[Step, ...]) -> tuple[Case, list[Line]]:
    """Follow steps of the table: each is one version and one line."""
    lines = []
    for step in taken:
        from_suspended = step.source if step.target is State.SUSPENDED else None
        case = replace(case, state=step.target, version=case.version + 1, suspended_from=from_suspended)
        lines.append(Line(case.version, step.action, step.source, step.target, step.cause))
    return case, lines
