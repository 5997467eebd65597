"""A street that is killed goes on where its script stands by then."""

from __future__ import annotations

import json

import pytest

from simulators.scenes import Library, Street, load_assets
from simulators.scenes.scenario import Scenario, Visits
from simulators.script import SCRIPT, forget_script, keep_script, resume_script


class Clocks:
    """Monotonic and wall clock of one machine; another process has another monotonic clock."""

    def __init__(self) -> None:
        self.monotonic = 5000.0
        self.wall = 1_800_000_000.0

    def pass_by(self, seconds: float) -> None:
        self.monotonic += seconds
        self.wall += seconds

    def restart(self) -> None:
        self.monotonic = 17.0


@pytest.fixture(scope="module")
def library(tmp_path_factory):
    return Library(load_assets(), tmp_path_factory.mktemp("scenes"))


@pytest.fixture
def clocks():
    return Clocks()


@pytest.fixture
def street(library, clocks, monkeypatch):
    monkeypatch.setattr(library, "prepare", lambda wanted, progress=None: 0)

    def make():
        scenarios = {0: Scenario(1, 0, Visits(first=8, stay=40, pause=400)), 4: Scenario(1, 4)}
        return Street(library, now=lambda: clocks.monotonic, scenarios=scenarios)

    return make


def stands(street):
    return street.standing("P01-C1"), street.standing("P05-C1")


def test_without_a_kept_script_it_begins_now_or_waits_to_be_told(street, tmp_path, clocks):
    now, waiting = street(), street()
    resume_script(now, tmp_path)
    resume_script(waiting, tmp_path, wait=True)
    clocks.pass_by(20)
    assert (stands(now), stands(waiting)) == ((True, False), (False, False))
    assert waiting.age < 0
    waiting.begin()
    clocks.pass_by(20)
    assert stands(waiting) == (True, False)


def test_a_restarted_street_shows_what_stood_there_and_what_the_script_did_meanwhile(
    street, tmp_path, clocks
):
    before = street()
    before.begin()
    clocks.pass_by(10)
    before.put("P05-C1")
    keep_script(before, tmp_path, lambda: clocks.wall)
    clocks.pass_by(10)
    assert stands(before) == (True, True)
    clocks.restart()
    after = street()
    resume_script(after, tmp_path, wait=True, wall=lambda: clocks.wall)
    assert stands(after) == (True, True)
    assert after.age == pytest.approx(20, abs=4)
    clocks.pass_by(60)
    assert stands(after) == (False, True)


def test_a_street_that_waited_still_waits(street, tmp_path, clocks):
    before, after = street(), street()
    resume_script(before, tmp_path, wait=True)
    keep_script(before, tmp_path, lambda: clocks.wall)
    clocks.pass_by(60)
    resume_script(after, tmp_path, wall=lambda: clocks.wall)
    assert after.age < 0


def test_begin_forgets_what_was_ordered(street):
    one = street()
    one.put("P05-C1")
    one.begin()
    assert one.orders == {}


def test_a_forgotten_script_begins_anew(street, tmp_path, clocks):
    forget_script(tmp_path)
    one = street()
    one.put("P05-C1")
    keep_script(one, tmp_path)
    forget_script(tmp_path)
    resume_script(one, tmp_path)
    assert (one.orders, stands(one)) == ({}, (False, False))


@pytest.mark.parametrize(
    "text", ["", "{}", "[]", '{"began": 1, "orders": {"x": 2}}', '{"began": "?", "orders": {}}']
)
def test_an_unreadable_script_is_said_and_the_street_begins_anew(street, tmp_path, text, caplog):
    (tmp_path / SCRIPT).write_text(text)
    one = street()
    resume_script(one, tmp_path)
    assert "begins anew" in caplog.text
    assert one.age == pytest.approx(0, abs=2)


def test_what_is_kept_is_plain_json(street, tmp_path, clocks):
    one = street()
    one.begin()
    one.put("P01-C1")
    keep_script(one, tmp_path, lambda: clocks.wall)
    kept = json.loads((tmp_path / SCRIPT).read_text())
    assert set(kept) == {"began", "orders"}
    assert list(kept["orders"]) == ["0"]


def test_something_moves_while_a_bicycle_is_brought_and_not_before_or_after(street, clocks):
    quiet = street()
    quiet._scenarios = {0: Scenario(1, 0, Visits(first=8, stay=400, pause=400), crowd=0.0)}
    quiet.begin()
    moves = []
    for _ in range(24):
        clocks.pass_by(1.0)
        moves.append((quiet.moving("P01-C1"), quiet.standing("P01-C1")))
    assert {moving for moving, standing in moves if not standing} == {False}
    brought = [moving for moving, standing in moves if standing]
    assert brought[0] is True
    assert brought[-1] is False
