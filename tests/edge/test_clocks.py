"""Wall clocks that are set, cameras' clocks that are wrong, cameras that are away: no dwell notices."""

from __future__ import annotations

import json
import time
from datetime import timedelta
from pathlib import Path

import cv2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.ids import uuid7
from devices.messages import Change, ConditionState, DeviceStatus, Series
from devices.stream.fake import write_clip
from edge.judge.level import Level
from edge.judge.shelf import ledger_from_json, ledger_to_json, level_from_json, level_to_json
from edge.judge.stays import Ledger
from edge.node.clock import OFFSET_FILE, STEP, Clock, clock_from, spoken
from edge.see.anchors import Seen
from edge.see.memory import not_after
from edge.see.slots import BRIDGE, Phase, Slot, step
from simulators.cameras.rtsp import Fault, Looping, Segment, rtsp_in_thread
from tests.devices.onvif_peers import RIGHT
from tests.edge.pictures_for_tests import DARK, EMPTY, TAKEN
from tests.edge.points_for_tests import bodies, camera
from tests.edge.test_camera_faults import cabinet as cabinet
from tests.edge.test_node_health import CAMERA, UP, Street

HOURS = [3600.0, -3600.0]


@pytest.fixture
def street(tmp_path: Path):
    street = Street(tmp_path)
    yield street
    street.store.close()


def set_wall(street: Street, by: float) -> None:
    """The wall clock is set: the stream and the monotonic clock go on. Frames say the new time."""
    before = street.now
    street.film.began += timedelta(seconds=by)
    street.desk._monotonic = lambda: street.now - by - 1e9
    assert street.now - before == by
    street.sight.wall_stepped()
    street.desk.wall_stepped()


def lasted(one) -> float:
    return (one.changed_at - one.since).total_seconds()


@pytest.mark.parametrize("by", HOURS)
def test_a_thing_that_stands_alarms_at_its_dwell_though_the_wall_clock_is_set_meanwhile(street, by):
    street.show((EMPTY, 12), (TAKEN, 5))
    set_wall(street, by)
    street.show((TAKEN, 8))
    (opened,) = bodies(street.store, Series.ALARM)
    assert opened.change is Change.OPENED
    assert lasted(opened) == pytest.approx(10.0, abs=2.0)
    street.show((EMPTY, 8))
    (cleared,) = [one for one in bodies(street.store, Series.ALARM) if one.change is Change.CLEARED]
    assert cleared.condition_id == opened.condition_id
    assert lasted(cleared) - lasted(opened) == pytest.approx(8.0, abs=6.0)


@pytest.mark.parametrize("by", HOURS)
def test_a_camera_that_is_ill_stays_so_and_is_neither_held_nor_opened_twice_when_the_wall_clock_is_set(
    street, by
):
    street.show((EMPTY, 20), (DARK, 14))
    set_wall(street, by)
    street.desk.tend(CAMERA, UP)
    street.show((DARK, 5), (EMPTY, 14))
    assert street.told() == [("black", "opened"), ("black", "cleared")]
    _, cleared = [one for one in bodies(street.store, Series.ALARM) if one.label == "black"]
    assert lasted(cleared) == pytest.approx(19.0 + 11.0, abs=3.0)


@pytest.mark.parametrize("by", HOURS)
def test_what_was_kept_by_the_old_clock_is_kept_anew_so_that_a_restart_changes_no_dwell(street, by):
    street.show((EMPTY, 12), (TAKEN, 13))
    (opened,) = bodies(street.store, Series.ALARM)
    set_wall(street, by)
    street.show((TAKEN, 2))
    street.restart(away=5.0)
    street.show((TAKEN, 3), (EMPTY, 10))
    (cleared,) = [one for one in bodies(street.store, Series.ALARM) if one.change is Change.CLEARED]
    assert cleared.condition_id == opened.condition_id
    assert lasted(cleared) == pytest.approx(13 + 2 + 5 + 3 + 5, abs=6.0)


def test_a_node_that_wakes_up_an_hour_earlier_than_it_fell_asleep_goes_on_with_its_condition(street):
    """A cabinet without a battery for its clock: what was kept lies in the future."""
    street.show((EMPTY, 12), (TAKEN, 13))
    (opened,) = bodies(street.store, Series.ALARM)
    street.restart(away=-3600.0)
    street.show((TAKEN, 15))
    street.show((EMPTY, 10))
    told = bodies(street.store, Series.ALARM)
    assert [one.change for one in told] == [Change.OPENED, Change.CLEARED]
    assert told[1].condition_id == opened.condition_id
    assert timedelta() <= told[1].changed_at - told[1].since < timedelta(minutes=1)


def test_a_thing_that_was_taken_while_the_camera_was_away_is_held_and_cleared_once_that_is_seen(street):
    street.show((EMPTY, 12), (TAKEN, 13))
    street.wait(600)
    assert street.told(rules=True) == [("bicycle", "opened"), ("bicycle", "held")]
    street.show((EMPTY, 2))
    assert street.told(rules=True)[2:] == [], "two looks are no proof"
    street.show((EMPTY, 10))
    assert street.told(rules=True)[2:] == [("bicycle", "cleared")]
    photos = [one.kind.value for one in bodies(street.store, Series.EVIDENCE)]
    assert photos.count("cleared") >= 1


def test_a_thing_that_still_stands_after_a_long_outage_is_the_same_condition(street):
    street.show((EMPTY, 12), (TAKEN, 13))
    street.wait(3600)
    street.show((TAKEN, 5))
    told = [one for one in bodies(street.store, Series.ALARM) if one.label == "bicycle"]
    assert [one.change for one in told] == [Change.OPENED, Change.HELD, Change.RESUMED]
    assert len({one.condition_id for one in told}) == 1
    assert lasted(told[-1]) == pytest.approx(3600 + 15, abs=5.0)


def test_another_thing_in_its_place_after_an_outage_clears_nothing_silently(street):
    """Swapped while nobody saw: the place was never seen empty, so its condition goes on or waits."""
    other = TAKEN.copy()
    changed = cv2.absdiff(TAKEN, EMPTY).max(axis=2) > 20
    other[changed] = (40, 160, 230)
    street.show((EMPTY, 12), (TAKEN, 13))
    (opened,) = bodies(street.store, Series.ALARM)
    street.wait(600)
    street.show((other, 40))
    told = [one for one in bodies(street.store, Series.ALARM) if not one.rule.startswith("health.")]
    assert Change.CLEARED not in {one.change for one in told}
    assert {one.condition_id for one in told} == {opened.condition_id}
    assert told[-1].state in (ConditionState.HELD, ConditionState.OPEN)


def test_a_restart_while_the_camera_is_away_goes_on_with_the_same_condition(street):
    street.show((EMPTY, 12), (TAKEN, 13))
    (opened,) = bodies(street.store, Series.ALARM)
    street.wait(60)
    street.restart(away=120.0)
    street.wait(60)
    street.show((TAKEN, 5))
    told = [one for one in bodies(street.store, Series.ALARM) if one.label == "bicycle"]
    assert {one.condition_id for one in told} == {opened.condition_id}
    assert told[-1].state is ConditionState.OPEN


def slot_at(at: float) -> Slot:
    return Slot(uuid7(), (0, 0, 9, 9), at - 50.0, False, 40.0, at, Phase.STANDING, confirmed=True)


@given(st.floats(-7200, 7200), st.lists(st.floats(0.5, 3.0), min_size=1, max_size=30))
def test_a_slots_dwell_over_a_restart_counts_only_what_was_seen_however_the_clock_was_set(by, gaps):
    slot = not_after(slot_at(1000.0 - by), 1000.0)
    at = 1000.0
    for gap in gaps:
        slot = step(slot, Seen.PRESENT, at, 5.0)
        at += gap
    assert 40.0 <= slot.stood <= 40.0 + sum(gaps) + BRIDGE
    assert slot.since <= 1000.0


@given(st.floats(-7200, 7200))
def test_nothing_comes_back_from_the_shelf_later_than_now(by):
    level = Level(past_since=100.0, last=uuid7(), last_at=90.0)
    back = level_from_json(json.loads(json.dumps(level_to_json(level, 1000.0))), 1000.0 + by, 100.0)
    assert back.past_since <= 100.0
    assert back.last_at <= 100.0
    ledger = Ledger({}, ((uuid7(), 95.0, (0.0, 0.0, 1.0, 1.0)),))
    kept = ledger_from_json(json.loads(json.dumps(ledger_to_json(ledger, 1000.0))), 1000.0 + by, 100.0)
    assert kept.cleared[0][1] <= 100.0


@given(st.lists(st.tuples(st.floats(0.1, 60.0), st.floats(-1e5, 1e5)), min_size=1, max_size=30))
def test_every_step_of_the_wall_clock_is_noticed_and_nothing_else(moves):
    at, wall = 0.0, 1e9
    clock = Clock(lambda: at, lambda: wall)
    for passed, by in moves:
        at, wall = at + passed, wall + passed + by
        assert (
            clock.stepped() == (pytest.approx(by, abs=1e-3) if abs(by) > STEP else 0.0)
            or abs(by) <= STEP + 1e-3
        )
        assert clock.stepped() == 0.0


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(3600, "+1 h"), (-3600.4, "-1 h"), (8 * 3600, "+8 h"), (90, "+90 s"), (-27000, "-7 h 30 min"),
     (1800, "+30 min"), (-3 * 86400, "-3 d"), (28799, "+8 h")],
)  # fmt: skip
def test_differences_of_clocks_are_said_in_words(seconds, words):
    assert spoken(seconds) == words


def test_a_drill_moves_the_wall_clock_by_a_file_and_never_the_machines(tmp_path):
    file = tmp_path / "offset"
    clock = clock_from({OFFSET_FILE: str(file)})
    assert abs(clock.wall() - time.time()) < 1.0
    file.write_text("3600\n")
    assert abs(clock.wall() - time.time() - 3600) < 1.0
    assert clock.stepped() == pytest.approx(3600, abs=1.0)


def test_a_camera_whose_clock_is_eight_hours_off_is_told_and_changes_no_time(cabinet, tmp_path):
    clip = Segment.load(write_clip(tmp_path / "c.mp4", count=20, gop=5, rate=20, size=(96, 72)))
    with rtsp_in_thread({"C1": Looping(clip)}, RIGHT, utc=lambda: time.time() + 8 * 3600) as server:
        house = cabinet(camera("C1", credentials="CAM", stream_uri=server.uri("C1")))
        house.told.wait(lambda: "camera clock off by +8 h" in house.told.details.get("C1", ""))
        frame = house.fresh("C1")
        assert abs(frame.taken_at.timestamp() - time.time()) < 30
        assert house.reception.facts("C1")["clock_offset_s"] == pytest.approx(8 * 3600, abs=30)


def test_time_stamps_that_jump_both_ways_are_told_and_move_the_stream_by_what_passed(cabinet, tmp_path):
    clip = Segment.load(write_clip(tmp_path / "c.mp4", count=20, gop=5, rate=20, size=(96, 72)))
    with rtsp_in_thread({"C1": Looping(clip)}, RIGHT) as server:
        house = cabinet(camera("C1", credentials="CAM", stream_uri=server.uri("C1")))
        first = house.fresh("C1")
        begun = time.monotonic()
        for on in (True, False):
            jumps = house.reception.facts("C1")["jumps"]
            server.fault("C1", Fault.TIMESTAMP_JUMP, on=on)
            until = time.monotonic() + 30
            while house.reception.facts("C1")["jumps"] == jumps and time.monotonic() < until:
                house.fresh("C1")
        last = house.fresh("C1")
        passed = time.monotonic() - begun
        assert house.reception.facts("C1")["jumps"] == 2
        assert last.stream_time - first.stream_time == pytest.approx(passed, abs=2.0)
        assert [status for status, _ in house.told.said["C1"]] == [DeviceStatus.UP]
