"""Cases as JSON for the store, and back. On the shelf times are UTC seconds; `offset` is what must be
added to the judge's own clock to get there.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from devices.messages import ConditionState
from edge.judge.case import Case
from edge.judge.stays import Ledger
from edge.judge.threshold import Level


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
        "value": case.value,
        "members": sorted(str(member) for member in case.members),
        "reopens": None if case.reopens is None else str(case.reopens),
    }


def case_from_json(raw: Mapping[str, Any], offset: float) -> Case:
    """One case back."""
    return Case(
        id=UUID(raw["id"]),
        rev=int(raw["rev"]),
        state=ConditionState(raw["state"]),
        since=float(raw["since"]) - offset,
        at_least=bool(raw["at_least"]),
        label=str(raw["label"]),
        score=float(raw["score"]),
        box=None if raw["box"] is None else _box(raw["box"]),
        count=raw["count"],
        value=raw["value"],
        members=frozenset(UUID(member) for member in raw["members"]),
        reopens=None if raw["reopens"] is None else UUID(raw["reopens"]),
    )


def ledger_to_json(ledger: Ledger, offset: float) -> dict[str, Any]:
    """What a rule in a zone remembers."""
    return {
        "cases": {key: case_to_json(case, offset) for key, case in ledger.cases.items()},
        "cleared": [[str(past), at + offset, box] for past, at, box in ledger.cleared],
    }


def ledger_from_json(raw: Mapping[str, Any], offset: float) -> Ledger:
    """And back."""
    return Ledger(
        {key: case_from_json(case, offset) for key, case in raw["cases"].items()},
        tuple((UUID(past), float(at) - offset, _box(box)) for past, at, box in raw["cleared"]),
    )


def level_to_json(level: Level, offset: float) -> dict[str, Any]:
    """What a threshold rule remembers."""
    return {
        "case": None if level.case is None else case_to_json(level.case, offset),
        "past_since": None if level.past_since is None else level.past_since + offset,
        "back_since": None if level.back_since is None else level.back_since + offset,
        "last": None if level.last is None else str(level.last),
        "last_at": None if level.last_at is None else level.last_at + offset,
    }


def level_from_json(raw: Mapping[str, Any], offset: float) -> Level:
    """And back."""
    return Level(
        case=None if raw["case"] is None else case_from_json(raw["case"], offset),
        past_since=None if raw["past_since"] is None else float(raw["past_since"]) - offset,
        back_since=None if raw["back_since"] is None else float(raw["back_since"]) - offset,
        last=None if raw["last"] is None else UUID(raw["last"]),
        last_at=None if raw.get("last_at") is None else float(raw["last_at"]) - offset,
    )


def _box(raw: list[float]) -> tuple[float, float, float, float]:
    x0, y0, x1, y1 = (float(part) for part in raw)
    return x0, y0, x1, y1
