"""The playbook's engine against a brute-force simulation of the same playbook, second by second."""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cloud.deadlines.limits import Policy
from cloud.deadlines.steps import Line, rules_of
from cloud.errors import SettingsError
from cloud.incidents.transitions import State
from cloud.playbooks.engine import DISSOLVE, FILE, MARK, OVERDUE, PROJECT, WINDOW, History, next_steps
from cloud.playbooks.policy import Playbook, load_playbooks
from tests.cloud.sender_for_tests import START

S = State
RULES = rules_of(Policy(), ZoneInfo("Asia/Shanghai"))
NAME = {"zh": "名", "en": "name"}


def book(window: int | None = 5, stages: tuple[int | None, ...] = (4, 6), times: int = 3) -> Playbook:
    """Times in minutes."""
    return Playbook.model_validate(
        {
            "name": NAME,
            "window": window and f"{window} min",
            "stages": [
                {
                    "id": f"s{at}",
                    "name": NAME,
                    "message": NAME,
                    "tell": ["lead"],
                    "within": time and f"{time} min",
                }
                for at, time in enumerate(stages)
            ],
            "recurrence": {"times": times, "within": "30 min", "project": NAME, "tasks": [NAME]},
        }
    )


def minutes(count: float) -> datetime:
    return START + timedelta(minutes=count)


@dataclass
class Case:
    """A case as a log, changed by people, the camera and the playbook."""

    lines: list[Line] = field(default_factory=lambda: [Line(START, None, S.DETECTED, "open")])
    filed_before: tuple[datetime, ...] = ()

    @property
    def state(self) -> State:
        return self.lines[-1].target

    def go(self, at: datetime, target: State, action: str = "", **detail: Any) -> None:
        self.lines.append(Line(at, self.state, target, action, detail))

    def history(self) -> History:
        mine = [one.at for one in self.lines if one.source is S.ACCEPTED and one.target is S.FILED]
        return History(self.lines, True, (*self.filed_before, *mine))

    def do(self, step: str, at: datetime) -> None:
        """What the effect of a step does to the log."""
        mark = {MARK: step}
        if step == WINDOW:
            self.go(at, S.VERIFYING, "verify", **mark)
        elif step == DISSOLVE:
            self.go(at, S.CLOSED, "self_corrected", **mark)
        elif step == FILE:
            if self.state is S.VERIFYING:
                self.go(at, S.ACCEPTED, "accept")
            self.go(at, S.FILED, "file", **mark)
        elif step == "stage/s1" and self.state is S.FILED:
            self.go(at, S.DISPATCHED, "dispatch", **mark)
        else:
            self.go(at, self.state, "playbook", **mark)


def run(playbook: Playbook, case: Case, until: datetime) -> list[tuple[str, float]]:
    """Do what is due up to `until`, in order of time; each step and its minute."""
    done: list[tuple[str, float]] = []
    while due := [one for one in next_steps(playbook, case.history(), RULES) if one.due <= until]:
        step = min(due, key=lambda one: one.due)
        assert len(done) < 50, "a step that is done stays due"
        case.do(step.step, max(step.due, case.lines[-1].at))
        done.append((step.step, (step.due - START) / timedelta(minutes=1)))
    return done


class TestOneCase:
    def test_still_there_it_is_filed_told_dispatched_and_goes_up(self) -> None:
        case = Case()
        assert run(book(), case, minutes(100)) == [
            (WINDOW, 0), (FILE, 5), ("stage/s0", 5), ("stage/s1", 9), (OVERDUE, 15),
        ]  # fmt: skip
        assert case.state is S.DISPATCHED

    def test_gone_within_the_window_it_dissolves_and_is_never_filed(self) -> None:
        case = Case()
        run(book(), case, minutes(1))
        case.go(minutes(4.9), S.CHECKING, "seen_gone")
        assert run(book(), case, minutes(100)) == [(DISSOLVE, 4.9)]
        assert S.FILED not in {line.target for line in case.lines}

    def test_gone_within_the_window_with_departments_called_it_waits_for_their_reports(self) -> None:
        case = Case()
        run(book(), case, minutes(1))
        case.go(minutes(2), S.VERIFYING, "whistled")
        case.go(minutes(3), S.CHECKING, "seen_gone")
        assert run(book(), case, minutes(100)) == []

    def test_gone_after_the_window_a_person_checks_it(self) -> None:
        case = Case()
        run(book(), case, minutes(6))
        case.go(minutes(6), S.CHECKING, "seen_gone")
        assert run(book(), case, minutes(100)) == []
        assert case.state is S.CHECKING

    def test_what_opened_and_went_before_anybody_looked_dissolves_too(self) -> None:
        case = Case()
        case.go(minutes(0), S.CHECKING, "seen_gone")
        assert run(book(), case, minutes(9)) == [(DISSOLVE, 0)]

    def test_what_a_person_takes_up_waits_in_no_window(self) -> None:
        case = Case()
        run(book(), case, minutes(1))
        case.go(minutes(2), S.ACCEPTED, "accept")
        assert run(book(), case, minutes(100)) == []
        case.go(minutes(20), S.CHECKING, "seen_gone")
        assert run(book(), case, minutes(100)) == [], "it is a person's: nothing closes it by itself"

    def test_filed_by_hand_the_stages_begin_all_the_same(self) -> None:
        case = Case()
        case.go(minutes(1), S.ACCEPTED, "accept")
        case.go(minutes(2), S.FILED, "file")
        assert run(book(None), case, minutes(2)) == [("stage/s0", 2)]

    def test_what_a_person_sends_back_to_be_verified_is_theirs(self) -> None:
        case = Case()
        run(book(), case, minutes(1))
        case.go(minutes(2), S.ACCEPTED, "accept")
        case.go(minutes(3), S.VERIFYING, "return")
        assert run(book(), case, minutes(100)) == []
        case.go(minutes(3.5), S.CHECKING, "seen_gone")
        assert run(book(), case, minutes(100)) == []

    def test_gone_after_the_window_while_nobody_did_what_was_due_is_not_dissolved(self) -> None:
        case = Case()
        run(book(), case, minutes(1))
        case.go(minutes(7), S.CHECKING, "seen_gone")
        assert run(book(), case, minutes(100)) == []

    def test_opened_again_filed_by_hand_and_returned_it_is_not_filed_by_itself(self) -> None:
        case = filed_at(1)
        for target in (S.CLOSED, S.ACCEPTED, S.FILED, S.ACCEPTED):
            case.go(minutes(2), target)
        assert run(book(), case, minutes(100)) == []

    def test_no_camera_no_window(self) -> None:
        assert next_steps(book(), replace(Case().history(), camera=False), RULES) == ()

    def test_suspended_and_checked_its_clock_stands_still(self) -> None:
        case = Case()
        run(book(), case, minutes(6))
        case.go(minutes(6), S.SUSPENDED, "suspend")
        assert run(book(), case, minutes(50)) == []
        case.go(minutes(50), S.FILED, "resume")
        assert run(book(), case, minutes(53)) == [("stage/s1", 53)], "one of four minutes was used"
        case.go(minutes(54), S.IN_PROGRESS, "start")
        case.go(minutes(55), S.CHECKING, "seen_gone")
        case.go(minutes(65), S.IN_PROGRESS, "seen_again")
        assert run(book(), case, minutes(200)) == [(OVERDUE, 69)], "two of six minutes were used"

    def test_opened_again_it_has_had_its_window_and_the_stages_begin_anew(self) -> None:
        case = Case()
        run(book(), case, minutes(10))
        case.go(minutes(11), S.CHECKING, "seen_gone")
        case.go(minutes(12), S.CLOSED, "close")
        assert run(book(), case, minutes(19)) == []
        case.go(minutes(20), S.ACCEPTED, "reopen")
        assert run(book(), case, minutes(25)) == [(FILE, 20), ("stage/s0", 20), ("stage/s1", 24)]

    def test_the_third_filing_in_the_time_makes_a_project_and_an_older_one_does_not_count(self) -> None:
        for before, project in (((-20, -10), True), ((-25, -10), False), ((-10,), False)):
            case = Case(filed_before=tuple(map(minutes, before)))
            steps = [step for step, _ in run(book(), case, minutes(6))]
            assert (PROJECT in steps) is project, before

    def test_a_stage_without_an_end_never_ends(self) -> None:
        assert run(book(None, (None,)), filed_at(0), minutes(10**6)) == [("stage/s0", 0)]

    def test_another_playbook_meanwhile_goes_on_from_what_was_done(self) -> None:
        case = filed_at(0)
        run(book(None, (4, 6)), case, minutes(1))
        assert run(book(None, (2, 1, 1)), case, minutes(2.5)) == [("stage/s1", 2)]


def filed_at(at: float) -> Case:
    case = Case()
    case.go(minutes(at), S.ACCEPTED, "accept")
    case.go(minutes(at), S.FILED, "file")
    return case


RUNS = {S.FILED, S.DISPATCHED, S.IN_PROGRESS}


@dataclass
class Simulated:
    """The playbook as a person would work through it with a stopwatch: one tick a minute."""

    window: int | None
    stages: tuple[int, ...]
    times: int
    state: State = S.DETECTED
    waited: int = 0
    stage: int = -1
    used: int = 0
    filed: list[int] = field(default_factory=list)
    untouched: bool = True
    reopened: bool = False
    project: bool = False
    over: bool = False
    done: list[tuple[str, int]] = field(default_factory=list)

    def tick(self, now: int) -> None:
        """What is due in this minute, until nothing more is."""
        while step := self._due(now):
            self.done.append((step, now))

    def _due(self, now: int) -> str | None:
        if self.window is not None and not self.reopened:
            if self.state is S.DETECTED:
                self.state = S.VERIFYING
                return WINDOW
            if self.state is S.VERIFYING and self.waited >= self.window:
                return self._file(now)
            if self.state is S.CHECKING and self.untouched and self.waited < self.window:
                self.state = S.CLOSED
                return DISSOLVE
        if self.window is not None and self.reopened and self.state is S.ACCEPTED:
            return self._file(now)
        if self.state not in RUNS:
            return None
        if not self.project and sum(now - 30 < at for at in self.filed) >= self.times:
            self.project = True
            return PROJECT
        if self.stage == -1 or (self.stage < len(self.stages) - 1 and self.used >= self.stages[self.stage]):
            self.stage, self.used = self.stage + 1, 0
            if self.stage == 1 and self.state is S.FILED:
                self.state = S.DISPATCHED
            return f"stage/s{self.stage}"
        if not self.over and self.stage == len(self.stages) - 1 and self.used >= self.stages[-1]:
            self.over = True
            return OVERDUE
        return None

    def _file(self, now: int) -> str:
        self.state, self.untouched = S.FILED, False
        self.filed.append(now)
        return FILE

    def pass_minute(self) -> None:
        self.waited += self.state in (S.DETECTED, S.VERIFYING)
        self.used += self.state in RUNS


MOVES: dict[str, tuple[tuple[State, ...], State | None]] = {
    "accept": ((S.DETECTED, S.VERIFYING), S.ACCEPTED),
    "file": ((S.ACCEPTED,), S.FILED),
    "start": ((S.DISPATCHED,), S.IN_PROGRESS),
    "suspend": ((S.ACCEPTED, S.FILED, S.DISPATCHED, S.IN_PROGRESS), S.SUSPENDED),
    "resume": ((S.SUSPENDED,), None),
    "seen_gone": ((S.DETECTED, S.VERIFYING, S.ACCEPTED, *sorted(RUNS)), S.CHECKING),
    "seen_again": ((S.CHECKING,), S.IN_PROGRESS),
    "close": ((S.CHECKING,), S.CLOSED),
    "reopen": ((S.CLOSED,), S.ACCEPTED),
}
"""What people and the camera do, from where to where; None: to where it was suspended."""
moves = st.lists(st.tuples(st.sampled_from(sorted(MOVES)), st.integers(0, 9)), max_size=14)


@settings(max_examples=150, deadline=None)
@given(
    moves=moves,
    window=st.sampled_from([None, 1, 5]),
    stages=st.lists(st.integers(1, 7), min_size=1, max_size=3).map(tuple),
    times=st.integers(2, 3),
)
def test_whatever_people_and_the_camera_do_it_does_what_a_stopwatch_says(
    moves, window, stages, times
) -> None:
    playbook, case = book(window, stages, times), Case()
    model, done, left, now = Simulated(window, stages, times), [], list(moves), 0
    before: State = S.ACCEPTED
    for now in range(60):
        done += [(step, int(at)) for step, at in run(playbook, case, minutes(now))]
        model.tick(now)
        assert (sorted(done), case.state) == (sorted(model.done), model.state), now
        while left and left[0][1] == now % 10:
            name, _ = left.pop(0)
            sources, target = MOVES[name]
            if case.state not in sources:
                continue
            if name == "suspend":
                before = case.state
            target = target or before
            was = model.state
            case.go(minutes(now), target, name)
            model.state = target
            if name == "file":
                model.filed.append(now)
            if target not in (S.VERIFYING, S.CHECKING):
                model.untouched = False
            if name == "seen_gone" and was not in (S.DETECTED, S.VERIFYING):
                model.untouched = False
            if name == "reopen":
                model.reopened, model.stage, model.used = True, -1, 0
                model.project = model.over = False
            done += [(step, int(at)) for step, at in run(playbook, case, minutes(now))]
            model.tick(now)
            assert (sorted(done), case.state) == (sorted(model.done), model.state), (now, name)
        model.pass_minute()
    steps = [step for step, _ in done]
    if not model.reopened:
        assert len(steps) == len(set(steps)), "each step once"


@pytest.mark.parametrize(
    ("written", "told"),
    [
        ({"stages": [{"id": "a"}]}, "stages"),
        ({"window": "5 work d"}, "window: is 5 work d; write it in work hours"),
        ({"windw": "5 min"}, "did you mean `window`"),
        ({"recurrence": {"times": 1}}, "must be at least 2"),
    ],
)
def test_what_is_wrong_with_a_playbook_is_told_by_field_with_the_fix(tmp_path, written, told) -> None:
    file = tmp_path / "playbooks.yaml"
    file.write_text(json.dumps({"classes": {"05-06": {"name": NAME} | written}}, ensure_ascii=False))
    with pytest.raises(SettingsError, match=r"playbooks\.yaml:1: classes\.05-06") as error:
        load_playbooks(file)
    assert told in str(error.value)
