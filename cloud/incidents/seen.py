"""What a seen condition does to an incident. Pure: cases in, cases and log lines out.

A `Case` is what decisions need of an incident: its state, and which of its conditions are still there.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from cloud.incidents.transitions import CLOSED, OPEN, Rule, State, Step, rule_for, steps
from devices.messages import ConditionState

REOPENABLE = (State.CLOSED, State.EVALUATED)
"""What was judged false, void or not ours stays so; when the same spot fills again that is a new incident."""

LOOKED_AT_AFTER = ("resolve", "resume")
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
    seen_gone_at: datetime | None = None


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
        case, lines = _take(case, "reopen")
    else:
        case = replace(case, version=case.version + 1)
        lines = [Line(case.version, "join", case.state, case.state, "condition")]
    case, more = hear(case, word)
    return case, lines + more


def hear(case: Case, word: Word) -> tuple[Case, list[Line]]:
    """A revision of one of the case's own conditions. Something there while it is checked is rework."""
    gone = word.state is ConditionState.CLEARED
    present = case.present - {word.condition_id} if gone else case.present | {word.condition_id}
    severity = case.severity if case.state in CLOSED else min(case.severity, word.severity)
    case = replace(case, present=present, severity=severity)
    if present and case.state is State.CHECKING:
        return _take(case, "seen_again")
    if gone and not present and case.state in OPEN:
        case = replace(case, seen_gone_at=word.changed_at)
    return look(case)


def act(case: Case, rule: Rule) -> tuple[Case, list[Line]]:
    """What a person does. What is reported done, or taken up again, may have been seen gone already."""
    case, lines = walk(case, steps(rule, case.state, case.suspended_from))
    if rule.action in LOOKED_AT_AFTER:
        case, more = look(case)
        lines += more
    return case, lines


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
