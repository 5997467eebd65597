"""The bench of the node: what is planned, what counts as right, and that all of its machinery works."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.messages import Change, Condition, ConditionState, Severity
from devices.site.load import load_site
from simulators.scenes.scenario import BLOCK
from tests.bench import bench_node, peers
from tests.bench.edge_child import STEPS
from tests.bench.legs import Leg, NotRun, Times
from tests.bench.plan import (
    ALARMS,
    DWELL,
    SPARE,
    Expected,
    Script,
    begin_after,
    expected,
    judge,
    scenario,
    visits,
)
from tests.bench.site import site
from tests.bench.streams import BROUGHT, GROUP, TAKEN
from tests.bench.tables import beside, table

FIRST, SECOND = UUID(int=1), UUID(int=2)


def condition(camera: str, which: UUID = FIRST, *, over: bool = False) -> Condition:
    at = datetime(2026, 1, 1, tzinfo=UTC)
    return Condition(
        condition_id=which, rev=2 if over else 1,
        change=Change.CLEARED if over else Change.OPENED,
        state=ConditionState.CLEARED if over else ConditionState.OPEN,
        node="n1", point="P1", device=camera, rule="bikes", place="Z", event_class="05-06",
        label="bicycle", score=0.9, severity=Severity.MEDIUM, since=at, changed_at=at,
    )  # fmt: skip


@given(st.integers(1, 64), st.floats(60, 300))
def test_busy_brings_four_issues_and_something_new_every_five_minutes(cameras: int, seconds: float) -> None:
    planned = visits(cameras, seconds)
    assert sum(visit.stays >= DWELL + SPARE for visit in planned) == min(ALARMS, cameras)
    assert all(visit.stays < DWELL for visit in planned[min(ALARMS, cameras) :])
    assert len(planned) >= min(cameras, round(cameras * seconds / 300))
    assert len({visit.camera for visit in planned}) == len(planned)
    assert all(0 <= visit.camera < cameras for visit in planned)
    assert all(visit.taken * BLOCK * GROUP < seconds for visit in planned)


def test_what_is_shown_is_what_the_truth_says() -> None:
    planned = visits(4, 80)
    script = Script(scenario(planned[0].camera, planned), begins=begin_after(101.3))
    assert script.begins == 102.0
    (truth, *_) = expected(planned, [1000.0] * 4, ["A", "B", "C", "D"])
    arrival = truth.due - DWELL - BROUGHT - 1000.0
    taken = truth.gone - TAKEN - 1000.0
    shown = {
        at: script.play(102.0 + at).name
        for at in (arrival - 0.1, arrival, taken - 0.1, taken, taken + BLOCK * GROUP)
    }
    before, *names, after = shown.values()
    assert before in ("empty", "passing")
    assert names[0] == "arrival"
    assert names[1] in ("present", "passing_present")
    assert names[2] == "removal"
    assert after in ("empty", "passing")
    assert script.play(101.9).name == "empty"


def test_alarms_are_held_against_the_truth() -> None:
    truth = [Expected("A", 100.0, 120.0), Expected("B", 110.0, 130.0)]
    judged = judge(truth, [(101.5, condition("A")), (125.0, condition("A", over=True))])
    assert (judged.expected, judged.right, judged.missed, judged.false, judged.cleared) == (2, 1, 1, 0, 1)
    assert judged.late_s == (1.5,)
    early = judge(truth, [(95.0, condition("A"))])
    assert (early.right, early.false) == (0, 1)
    twice = judge(
        truth,
        [(101.0, condition("A")), (102.0, condition("A", SECOND)), (103.0, condition("C", UUID(int=3)))],
    )
    assert (twice.right, twice.doubled, twice.false, twice.cleared) == (1, 1, 1, 0)


def test_the_site_of_the_bench_is_a_right_one(tmp_path: Path) -> None:
    file = tmp_path / "site.yaml"
    file.write_text(site(["C01", "C02", "C03", "C04", "C05"], 8554, "http://127.0.0.1:1"), encoding="utf-8")
    cameras = [camera for point in load_site(file).points for camera in point.cameras]
    assert [len(camera.zones[0].rules) for camera in cameras] == [1, 3, 3, 3, 3]


def test_medians_are_taken_of_every_figure_and_its_parts() -> None:
    runs = [
        {"a": 1, "s": {"x": 1.0}, "w": "word"},
        {"a": 5, "s": {"x": 3.0}},
        {"a": 2, "s": {"x": 2.0}, "n": None},
    ]
    assert bench_node.middle(runs) == {"a": 2, "s": {"x": 2.0}, "w": "word", "n": None}


def test_others_are_told_as_times_ours_and_what_is_missing_is_a_dash() -> None:
    medians = {
        "ours-38-main": {"quiet_ms": 10.0, "busy_ms": 20.0},
        "cv2-4-main": {"ms": 100.0, "looks": 25.0},
    }
    found = beside(Leg("cv2", 4, "main"), medians)
    assert (found["times_quiet"], found["times_busy"], found["ms_a_look"]) == (10.0, 5.0, 4.0)
    assert list(table((("leg", None), ("ms", "ms"), ("RSS", "rss")), {"cv2": found})) == [
        "",
        "leg   ms  RSS",
        "cv2  100    -",
    ]


def test_a_program_that_is_not_installed_is_a_leg_not_run(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(NotRun, match="motion is not installed"):
        peers.run(Leg("motion", 1, "tiny"), Times(), tmp_path)
    assert bench_node.measure(Leg("motion", 1, "tiny"), Times()) == {"not run": "motion is not installed"}


def test_two_small_cameras_go_through_the_whole_bench(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "figures.json"
    legs = [Leg("ours", 2, "tiny"), Leg("cv2", 2, "tiny")]
    assert bench_node.bench(legs, Times(warm_up=2, quiet=2, busy=4, peer=2), 1, file) == 0
    ours, other = (json.loads(file.read_text())["medians"][leg.name] for leg in legs)
    assert 0 < ours["busy_ms"] < 2000
    # A busy machine looks less often than is due, never more often.
    assert 0 < ours["quiet_looks"] < 1.5
    assert 0 < ours["busy_key_share"] < 1.3
    assert all(ours["stages"][name] > 0 for name, _, _ in STEPS if name != "detector")
    assert ours["stages"]["decode"] > 0
    assert ours["rss_mib"] > 50
    assert ours["alarms_false"] == 0
    assert 0 < other["looks"] <= 12
    assert other["ms"] > 0
    assert "times ours" in capsys.readouterr().out
