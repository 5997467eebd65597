"""What a case's own acts do to its clocks."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from cloud.deadlines.limits import Policy
from cloud.deadlines.running import Light
from cloud.deadlines.steps import Line, closed_at, rules_of, standings, wanted
from cloud.incidents.transitions import State

NOON = datetime(2026, 11, 23, 4, 0, tzinfo=UTC)
RULES = rules_of(
    Policy.model_validate({"default": {"limits": {"handling": "4 h", "whole": "8 h", "filing": "1 h"}}}),
    ZoneInfo("Asia/Shanghai"),
)


def log(*lines: tuple[float, str, State, dict[str, Any]]) -> list[Line]:
    found, state = [Line(NOON, None, State.DETECTED, "open")], State.DETECTED
    for hours, action, target, detail in lines:
        found.append(Line(NOON + timedelta(hours=hours), state, target, action, detail))
        state = target
    return found


HANDLED = (
    (0.0, "accept", State.ACCEPTED, {}),
    (0.0, "dispatch", State.DISPATCHED, {}),
    (1.0, "start", State.IN_PROGRESS, {}),
)


def due(lines: list[Line]) -> dict[str, float]:
    found = wanted(RULES, UUID(int=0), "05-06", lines)
    return {one.key.split("/", 2)[2]: (one.due - NOON) / timedelta(hours=1) for one in found if one.running}


def test_granted_time_moves_handling_and_the_whole_and_nothing_else() -> None:
    more = log(*HANDLED, (2.0, "extend", State.IN_PROGRESS, {"hours": 2.5}))
    assert (due(log(*HANDLED))["handling/red"], due(log(*HANDLED))["whole/red"]) == (4.0, 8.0)
    assert (due(more)["handling/red"], due(more)["whole/red"]) == (6.5, 10.5)
    assert due(more)["handling/yellow"] == 0.8 * 6.5
    late = NOON + timedelta(hours=5)
    (handling,) = [one for one in standings(RULES, "05-06", more, late) if one.step == "handling"]
    assert (handling.light, handling.time) == (Light.GREEN, timedelta(hours=6.5))
    filing = [one.time for one in standings(RULES, "05-06", more, late) if one.step == "filing"]
    assert filing == [timedelta(hours=1)]


def test_asked_for_is_not_granted_and_a_case_opened_again_has_its_own_time() -> None:
    asked = log(*HANDLED, (2.0, "ask_extend", State.IN_PROGRESS, {"hours": 2}))
    assert due(asked) == due(log(*HANDLED))
    again = log(
        *HANDLED,
        (2.0, "extend", State.IN_PROGRESS, {"hours": 2}),
        (3.0, "close", State.CLOSED, {}),
        (4.0, "reopen", State.ACCEPTED, {}),
        (4.0, "dispatch", State.DISPATCHED, {}),
    )
    assert due(again)["handling/red"] == 8.0


def test_the_clocks_of_what_was_merged_stood_still_until_it_was_split_off() -> None:
    merged = log(*HANDLED, (2.0, "merge", State.VOID, {}))
    assert due(merged) == {}
    assert closed_at(merged) == NOON + timedelta(hours=2)
    split = log(*HANDLED, (2.0, "merge", State.VOID, {}), (12.0, "split", State.IN_PROGRESS, {}))
    assert closed_at(split) is None
    assert (due(split)["handling/red"], due(split)["whole/red"]) == (14.0, 18.0)
