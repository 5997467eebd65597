"""Cases as JSON for the store, and back. On the shelf times are UTC seconds; `offset` is what must be
added to the judge's own clock to get there. What comes back lies no later than `latest` on that clock: a
node without a battery for its clock may wake up earlier than it fell asleep.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from devices.messages import ConditionState, HintKind, Severity
from edge.judge import window
from edge.judge.case import Case, Past
from edge.judge.course import Course
from edge.judge.level import Level, Trace
from edge.judge.panel import Notes
from edge.judge.people import Presence
from edge.judge.stays import Ledger


def case_to_json(case: Case, offset: float) -> dict[str, Any]:
    """One case."""
    return {
        "id": str(case.id),
        "rev": case.rev,
        "state": case.state,
        "since": case.since + offset,
        "at_least": case.at_least,
        "label": case.label,
        "score": case.score,
        "box": case.box,
        "count": case.count,
        "count_error": case.count_error,
        "suspected": case.suspected,
        "value": case.value,
        "limit": case.limit,
        "severity": case.severity,
        "quiet": case.quiet,
        "members": sorted(str(member) for member in case.members),
        "reopens": None if case.reopens is None else str(case.reopens),
        "hints": list(case.hints),
    }


def case_from_json(raw: Mapping[str, Any], offset: float, latest: float = math.inf) -> Case:
    """One case back."""
    return Case(
        id=UUID(raw["id"]),
        rev=int(raw["rev"]),
        state=ConditionState(raw["state"]),
        since=min(float(raw["since"]) - offset, latest),
        at_least=bool(raw["at_least"]),
        label=str(raw["label"]),
        score=float(raw["score"]),
        box=None if raw["box"] is None else _box(raw["box"]),
        count=raw["count"],
        count_error=raw.get("count_error"),
        suspected=bool(raw.get("suspected", False)),
        value=raw["value"],
        limit=raw.get("limit"),
        severity=None if raw.get("severity") is None else Severity(raw["severity"]),
        quiet=bool(raw.get("quiet", False)),
        members=frozenset(UUID(member) for member in raw["members"]),
        reopens=None if raw["reopens"] is None else UUID(raw["reopens"]),
        hints=tuple(HintKind(one) for one in raw.get("hints", ())),
    )


def ledger_to_json(notes: Notes, offset: float) -> dict[str, Any]:
    """What a rule in a zone remembers."""
    if isinstance(notes, Presence):
        return {
            "people": True,
            "case": None if notes.case is None else case_to_json(notes.case, offset),
            "since": None if notes.since is None else notes.since + offset,
            "at_least": notes.at_least,
            "occupied": notes.occupied,
            "away": notes.away,
            "empty": notes.empty,
            "looks": list(notes.looks),
            "last_at": None if notes.last_at is None else notes.last_at + offset,
            "blind": notes.blind,
            "cleared": _cleared_to_json(notes.cleared, offset),
        }
    return {
        "cases": {key: case_to_json(case, offset) for key, case in notes.cases.items()},
        "cleared": _cleared_to_json(notes.cleared, offset),
        "closed": {str(slot): seconds for slot, seconds in notes.closed.items()},
        "singles": {str(slot): list(one) for slot, one in notes.singles.items()},
    }


def ledger_from_json(raw: Mapping[str, Any], offset: float, latest: float = math.inf) -> Notes:
    """And back."""
    cleared = tuple(
        (UUID(past), min(float(at) - offset, latest), _box(box)) for past, at, box in raw["cleared"]
    )
    if raw.get("people"):
        return Presence(
            case=None if raw["case"] is None else case_from_json(raw["case"], offset, latest),
            since=_then(raw["since"], offset, latest),
            at_least=bool(raw["at_least"]),
            occupied=float(raw["occupied"]),
            away=float(raw["away"]),
            empty=None if raw["empty"] is None else float(raw["empty"]),
            looks=tuple(bool(one) for one in raw["looks"]),
            last_at=_then(raw["last_at"], offset, latest),
            blind=bool(raw["blind"]),
            cleared=cleared,
        )
    return Ledger(
        {key: case_from_json(case, offset, latest) for key, case in raw["cases"].items()},
        cleared,
        {UUID(slot): float(seconds) for slot, seconds in raw.get("closed", {}).items()},
        {UUID(slot): (float(foot), float(area)) for slot, (foot, area) in raw.get("singles", {}).items()},
    )


def cases_of(notes: Notes) -> tuple[Case, ...]:
    """The cases that stand open in them."""
    if isinstance(notes, Presence):
        return () if notes.case is None else (notes.case,)
    return tuple(notes.cases.values())


def level_to_json(level: Level, offset: float) -> dict[str, Any]:
    """What a rule of a sensor remembers."""
    return {
        "case": None if level.case is None else case_to_json(level.case, offset),
        "past_since": None if level.past_since is None else level.past_since + offset,
        "back_since": None if level.back_since is None else level.back_since + offset,
        "last": None if level.last is None else str(level.last),
        "last_at": None if level.last_at is None else level.last_at + offset,
        "marks": [(at + offset, *more) for at, *more in level.trace.marks],
        "value": level.trace.last,
    }


def level_from_json(raw: Mapping[str, Any], offset: float, latest: float = math.inf) -> Level:
    """And back. What lies after `latest` is moved back as a whole: the times between its readings stay."""
    marks = [(float(at) - offset, *map(float, more)) for at, *more in raw.get("marks", ())]
    ahead = max(0.0, max((mark[0] + _reach(mark) for mark in marks), default=-math.inf) - latest)
    value = raw.get("value")
    return Level(
        case=None if raw["case"] is None else case_from_json(raw["case"], offset, latest),
        past_since=_then(raw["past_since"], offset, latest),
        back_since=_then(raw["back_since"], offset, latest),
        last=None if raw["last"] is None else UUID(raw["last"]),
        last_at=_then(raw.get("last_at"), offset, latest),
        trace=Trace(
            tuple((at - ahead, *more) for at, *more in marks), None if value is None else float(value)
        ),
    )


def course_to_json(course: Course, offset: float) -> dict[str, Any]:
    """How a device's clock runs beside ours; both in UTC, so that neither of our clocks matters."""
    return {
        "lead": None if course.lead is None else course.lead + offset,
        "taken": None if math.isinf(course.taken) else course.taken,
        "at": None if math.isinf(course.at) else course.at + offset,
        "boot": course.boot,
        "seq": course.seq,
        "before": course.before,
    }


def course_from_json(raw: Mapping[str, Any], offset: float, latest: float = math.inf) -> Course:
    """And back."""
    at = _then(raw["at"], offset, latest)
    return Course(
        lead=None if raw["lead"] is None else float(raw["lead"]) - offset,
        taken=-math.inf if raw["taken"] is None else float(raw["taken"]),
        at=-math.inf if at is None else at,
        boot=str(raw["boot"]),
        seq=int(raw["seq"]),
        before=str(raw["before"]),
    )


def _reach(mark: tuple[float, ...]) -> float:
    """Of a window's cell: how long after its beginning its last reading was taken."""
    return mark[2] if len(mark) == window.WIDE else 0.0


def _then(at: float | None, offset: float, latest: float) -> float | None:
    return None if at is None else min(float(at) - offset, latest)


def _box(raw: list[float]) -> tuple[float, float, float, float]:
    x0, y0, x1, y1 = (float(part) for part in raw)
    return x0, y0, x1, y1


def _cleared_to_json(cleared: Sequence[Past], offset: float) -> list[list[Any]]:
    return [[str(past), at + offset, list(box)] for past, at, box in cleared]
