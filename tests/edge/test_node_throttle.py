"""A node is held to its CPU budget, and told apart from one that only meets a newer picture now and then."""

from __future__ import annotations

import logging

from edge.node.budget import CALM, Attention
from edge.node.throttle import LATE_WINDOWS, WINDOW, Throttle

CAMERAS = {"C1": Attention.NOTHING, "C2": Attention.CANDIDATE, "C3": Attention.OPEN}


class Machine:
    """Clocks that are moved by hand, and what a node counts."""

    def __init__(self, budget: float | None) -> None:
        self.now, self.cpu, self.looks, self.skipped = 50.0, 7.0, 0, 0
        self.throttle = Throttle(budget, monotonic=lambda: self.now, cpu=lambda: self.cpu)

    def window(self, cores: float, looks: int = 100, skipped: int = 0) -> dict[str, int]:
        self.now += WINDOW
        self.cpu += cores * WINDOW
        self.looks += looks
        self.skipped += skipped
        return self.throttle.turn(CAMERAS, self.looks, self.skipped)


def test_beyond_the_budget_cameras_are_thinned_by_what_they_have_in_view(caplog):
    machine = Machine(1.0)
    with caplog.at_level(logging.INFO, "edge.node.throttle"):
        assert machine.window(0.9) == {"C1": 0, "C2": 0, "C3": 0}
        assert machine.window(1.1) == {"C1": 1, "C2": 0, "C3": 0}
        assert round(machine.throttle.cores, 3) == 1.1
        for _ in range(5):
            last = machine.window(1.5)
        assert last == {"C1": 3, "C2": 3, "C3": 0}
        for _ in range(7 * CALM):
            last = machine.window(0.1)
        assert last == {"C1": 0, "C2": 0, "C3": 0}
    said = [record.getMessage() for record in caplog.records]
    assert "less often: step 1 of thinning, at 1.10 cores" in said[0]
    assert "more often: step 0" in said[-1]


def test_a_few_pictures_let_go_are_no_overload_and_many_for_a_while_are():
    machine = Machine(None)
    for _ in range(10):
        assert machine.window(1.9, looks=100, skipped=4)["C1"] == 0
    for _ in range(LATE_WINDOWS - 1):
        assert machine.window(1.9, looks=100, skipped=20)["C1"] == 0
    assert machine.window(1.9, looks=100, skipped=20)["C1"] == 1
    assert machine.window(1.9, looks=100, skipped=0)["C1"] == 1


def test_eyes_that_open_all_at_once_are_no_overload():
    machine = Machine(None)
    for skipped in (150, 60, 0, 0, 40, 40, 0):
        assert machine.window(2.0, looks=50, skipped=skipped)["C1"] == 0


def test_a_window_without_time_or_looks_is_no_error():
    machine = Machine(1.0)
    assert machine.throttle.turn(CAMERAS, 0, 0)["C1"] == 0
    assert machine.throttle.turn({}, 0, 0) == {}


def test_it_says_whether_the_budget_is_kept_and_nothing_thinned():
    machine = Machine(1.0)
    assert machine.throttle.kept
    machine.window(0.99)
    assert machine.throttle.kept
    machine.window(1.01)
    assert not machine.throttle.kept
    machine.window(0.1)
    assert not machine.throttle.kept  # still thinned
    unbounded = Machine(None)
    unbounded.window(1.9)
    assert unbounded.throttle.kept
