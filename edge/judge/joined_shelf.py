"""What a join remembers as JSON for the store, and back; its clock may have begun anew in between."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace
from typing import Any
from uuid import UUID

from devices.messages import JoinedPart
from edge.judge.joined import Life, Notes, Source
from edge.judge.shelf import case_from_json, case_to_json


def notes_to_json(notes: Notes) -> dict[str, Any]:
    """All of it, its times as they are."""
    return {
        "lives": [_life_to_json(one) for one in notes.lives],
        "case": None if notes.case is None else case_to_json(notes.case, 0.0),
        "members": [list(one) for one in notes.members],
        "spent": [list(one) for one in sorted(notes.spent)],
        "named": [one.model_dump(mode="json") for one in notes.named],
        "last": None if notes.last is None else str(notes.last),
        "last_at": None if notes.last is None else notes.last_at,
    }


def notes_from_json(raw: Mapping[str, Any]) -> Notes:
    """And back."""
    return Notes(
        lives=tuple(_life_from_json(one) for one in raw["lives"]),
        case=None if raw["case"] is None else case_from_json(raw["case"], 0.0),
        members=tuple(_source(one) for one in raw["members"]),
        spent=frozenset(_source(one) for one in raw["spent"]),
        named=tuple(JoinedPart.model_validate(one) for one in raw["named"]),
        last=None if raw["last"] is None else UUID(raw["last"]),
        last_at=-math.inf if raw["last_at"] is None else float(raw["last_at"]),
    )


def moved(notes: Notes, by: float, latest: float) -> Notes:
    """By a clock that shows `by` seconds more; nothing lies later than `latest` on it."""

    def then(at: float) -> float:
        return min(at + by, latest)

    return replace(
        notes,
        lives=tuple(
            replace(one, begin=then(one.begin), end=None if one.end is None else then(one.end))
            for one in notes.lives
        ),
        case=None if notes.case is None else replace(notes.case, since=then(notes.case.since)),
        last_at=then(notes.last_at),
    )


def _life_to_json(life: Life) -> dict[str, Any]:
    return {
        "id": str(life.id),
        "source": list(life.source),
        "begin": life.begin,
        "shown": life.shown.model_dump(mode="json"),
        "score": life.score,
        "suspected": life.suspected,
        "held": life.held,
        "end": life.end,
        "told": life.told,
    }


def _life_from_json(raw: Mapping[str, Any]) -> Life:
    return Life(
        id=UUID(raw["id"]),
        source=_source(raw["source"]),
        begin=float(raw["begin"]),
        shown=JoinedPart.model_validate(raw["shown"]),
        score=float(raw["score"]),
        suspected=bool(raw["suspected"]),
        held=bool(raw["held"]),
        end=None if raw["end"] is None else float(raw["end"]),
        told=bool(raw["told"]),
    )


def _source(raw: list[Any]) -> Source:
    part, key = raw
    return int(part), str(key)
