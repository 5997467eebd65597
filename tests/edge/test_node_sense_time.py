"""The deciding thread for sensors, on a real store: what is urgent, what time alone decides, resets."""

from __future__ import annotations

import itertools
import threading
from datetime import timedelta
from pathlib import Path
from tempfile import mkdtemp

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from devices.ids import uuid7
from devices.link import Command
from devices.messages import Change, DeviceStatus, Series
from devices.site.sensor_rules import CountRule, StateRule, StuckRule
from edge.errors import StoreFull
from edge.link.desk import Done
from edge.node import sense as sense_module
from edge.node import sensing as sensing_module
from edge.node.sense import BATCH
from edge.node.sensing import Sensing
from tests.edge.points_for_tests import NOON, bodies, disk_full, sensor, threshold
from tests.edge.sense_street import RULES, Street
from tests.edge.sense_street import street as street
from tests.edge.test_node_run import SECRETS, site_of


def test_fire_and_calls_for_help_wait_behind_nothing_and_of_one_sensor_the_order_stays(street):
    alarm = threshold(id="fire", severity="critical", above=50.0, clear=30.0)
    street.restart(0.0, sensor("P01-S1", *RULES), sensor("P01-S9", alarm))
    for seq in range(3 * BATCH):
        street.measure(70.0 if seq == 5 else 10.0, seq)
    street.measure(60.0, 1, name="P01-S9")
    street.measure(10.0, 2, name="P01-S9")
    street.measure(80.0, 3, name="P01-S9")
    assert street.take() == 3
    assert street.told() == [("P01-S9", "opened", 1), ("P01-S9", "cleared", 2), ("P01-S9", "opened", 1)]
    assert street.acked == [3 * BATCH, 3 * BATCH + 1, 3 * BATCH + 2]
    assert street.woken == 1
    assert [street.take() for _ in range(4)] == [BATCH, BATCH, BATCH, 0]
    assert street.acked[3:] == list(range(3 * BATCH))


def test_a_rule_that_is_now_of_another_kind_is_another_rule(street):
    street.measure(70.0, 1)
    street.take()
    stuck = StuckRule(kind="stuck", id="high", event_class="05-06", quantity="water_level", hold=60.0)
    street.restart(10.0, sensor("P01-S1", stuck))
    assert [one.ended for one in bodies(street.store, Series.ALARM)] == [None, "rule_removed"]
    street.measure(70.0, 2)
    street.take()
    street.now += 60.0
    street.measure(70.0, 3)
    street.take()
    last = bodies(street.store, Series.ALARM)[-1]
    assert (last.change, last.measured.value, last.measured.unit) == (Change.OPENED, 60.0, "s")


def test_silence_is_judged_by_the_time_alone_and_kept_with_its_message(street):
    street.measure(10.0, 1)
    street.take()
    for _ in range(16):
        street.now += 10.0
        street.desk.wait(lambda one: one.id == "P01-S1")
    (silent,) = bodies(street.store, Series.ALARM)
    assert (silent.rule, silent.event_class, silent.severity) == ("health.silent", "90-03", "low")
    assert (silent.place, silent.measured.unit, silent.measured.limit) == ("P01-S1", "s", 150.0)
    assert silent.since == NOON
    assert street.woken == 2, "the condition, and how it stands on the device list"
    street.restart(3600.0)
    street.desk.wait(lambda _: True)
    street.measure(10.0, 2)
    street.take()
    _, cleared = bodies(street.store, Series.ALARM)
    assert (cleared.condition_id, cleared.change) == (silent.condition_id, Change.CLEARED)


def test_nobody_is_silent_because_the_node_itself_was_asleep(street):
    street.measure(10.0, 1)
    street.take()
    street.now += 9.0
    street.desk.wait(lambda _: True)
    street.now += 7200.0
    street.desk.wait(lambda _: True)
    assert street.told() == []


def test_a_latched_condition_is_over_when_it_is_reset_and_says_why_it_is_not(street):
    latched = threshold(latch=True, clear_hold=5.0)
    street.restart(0.0, sensor("P01-S1", latched))
    street.measure(70.0, 1)
    street.take()
    (opened,) = bodies(street.store, Series.ALARM)
    assert street.desk.reset(opened.condition_id) == "what it is about still holds"
    street.measure(10.0, 2)
    street.take()
    street.restart(60.0, sensor("P01-S1", latched))
    assert "no sensor has" in street.desk.reset(uuid7())
    assert street.desk.reset(opened.condition_id) is None
    last = bodies(street.store, Series.ALARM)[-1]
    assert (last.condition_id, last.change, last.rev) == (opened.condition_id, Change.CLEARED, 2)
    assert "no sensor has" in street.desk.reset(opened.condition_id)
    assert street.woken == 2


def test_a_condition_that_does_not_wait_for_a_reset_cannot_be_reset(street):
    street.measure(70.0, 1)
    street.take()
    (opened,) = bodies(street.store, Series.ALARM)
    assert street.desk.reset(opened.condition_id) == "it is no condition that waits for a reset"


def test_what_the_time_alone_decides_is_decided_again_when_the_store_failed(street, monkeypatch):
    street.measure(10.0, 1)
    street.take()
    street.now += 119.0
    street.desk.wait(lambda _: True)
    street.now += 60.0
    with disk_full(monkeypatch), pytest.raises(StoreFull):
        street.desk.wait(lambda _: True)
    assert street.told() == []
    street.desk.wait(lambda one: one.id == "P01-S1")
    assert street.told() == [("P01-S1", "opened", 1)]


messages = st.lists(
    st.tuples(st.integers(1, 12), st.sampled_from((10.0, 40.0, 60.0)), st.booleans()), min_size=1, max_size=14
)


PRESSES = {"kind": "count", "count": 2, "within": 15.0, "above": 50.0, "each": True}
PRESSED = (
    sensor("P01-S1", *RULES, CountRule(id="often", event_class="05-06", quantity="water_level", **PRESSES)),
)


@settings(max_examples=6, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(messages)
def test_no_rule_fires_twice_for_one_reading_that_is_delivered_twice(tmp_path, said):
    """Each message comes once more, at once or after a restart; that changes nothing that is told."""
    told = []
    for twice in (False, True):
        here = Path(mkdtemp(dir=tmp_path))
        town = Street(here)
        town.restart(0.0, *PRESSED)
        for number, (gap, value, killed) in enumerate(said):
            town.now += gap
            for _ in range(1 + twice):
                town.measure(value, number)
                town.take()
                if twice and killed:
                    town.restart(0.0, *PRESSED)
            if twice and number:
                town.measure(said[number - 1][1], number - 1)
                town.take()
        told.append([(rule, change.value, rev) for rule, change, rev in town.turns()])
        town.store.close()
    assert told[0] == told[1]


def test_a_reset_from_the_cloud_is_done_on_the_thread_that_judges_and_answered(street):
    street.restart(0.0, sensor("P01-S1", threshold(latch=True)))
    street.measure(70.0, 1)
    street.measure(10.0, 2)
    street.take()
    (opened,) = bodies(street.store, Series.ALARM)
    sensing = Sensing(site_of(sensors=()), "n1", SECRETS, street.desk, street.reporter, lambda _: None)
    body = {"condition_id": str(opened.condition_id)}
    command = Command(id=uuid7(), kind="reset", body=body, expires_in=60.0)
    answers: list[Done] = []
    asking = threading.Thread(target=lambda: answers.extend(sensing.reset(command) for _ in range(2)))
    asking.start()
    while asking.is_alive():
        sensing.visits.do()
        asking.join(0.01)
    assert [one.result["reset"] for one in answers] == [True, False]
    assert "no sensor has" in answers[1].result["why"]
    assert street.told()[-1] == ("P01-S1", "cleared", 2)


def test_a_sensor_is_listened_to_while_the_line_to_its_broker_stands_and_has_settled(street, monkeypatch):
    sensing = Sensing(site_of(sensors=()), "n1", SECRETS, street.desk, street.reporter, lambda _: None)
    mine = sensor("P01-S1")
    at_a_station = mine.model_copy(update={"station": object()})
    assert not sensing._listening(mine)
    assert sensing._listening(at_a_station)
    sensing._told(DeviceStatus.UP, "connected")
    assert not sensing._listening(mine), "what waited at the broker has only begun to come"
    monkeypatch.setattr(sensing_module, "SETTLED", 0.0)
    assert sensing._listening(mine)
    sensing._told(DeviceStatus.UNREACHABLE, "gone")
    assert not sensing._listening(mine)


def test_a_flood_that_never_lets_the_inbox_run_empty_holds_up_neither_silence_nor_timers(street, monkeypatch):
    held = {
        "kind": "state",
        "id": "wet",
        "event_class": "05-07",
        "quantity": "water_level",
        "equals": 1,
        "hold": 30,
    }
    street.restart(0.0, sensor("P01-S1"), sensor("P01-S2", StateRule.model_validate(held)), sensor("P01-S3"))
    monkeypatch.setattr(sensing_module, "CAPACITY", 2 * BATCH)
    monkeypatch.setattr(sense_module, "CAPACITY", 2 * BATCH)
    sensing = Sensing(site_of(sensors=()), "n1", SECRETS, street.desk, street.reporter, lambda _: None)
    monkeypatch.setattr(sensing_module.time, "monotonic", lambda: street.now)
    monkeypatch.setattr(sensing, "_listening", lambda _: True)
    street.deliveries, stopping, rounds = sensing.inbox, threading.Event(), itertools.count()
    numbers = itertools.count()

    def flood(_: str) -> None:
        if next(rounds) == 0:
            street.measure(1.0, 1, name="P01-S2")
        while not sensing.inbox.full():
            street.measure(10.0, next(numbers))
        street.now += 15.0
        if {"wet", "health.silent"} <= {rule for rule, _, _ in street.turns()} or next(rounds) > 200:
            stopping.set()

    monkeypatch.setattr(sensing, "_beat", flood)
    sensing.run(stopping)
    rules = {(one.device, one.rule) for one in bodies(street.store, Series.ALARM)}
    assert rules == {("P01-S2", "wet"), ("P01-S2", "health.silent"), ("P01-S3", "health.silent")}


def test_the_time_is_decided_up_to_a_mark_once_all_before_it_is_decided(street):
    sensing = Sensing(site_of(sensors=()), "n1", SECRETS, street.desk, street.reporter, lambda _: None)
    street.deliveries, marked = sensing.inbox, street.now
    for seq in range(2 * BATCH):
        street.measure(10.0, seq)
    sensing._mark(marked)
    for seq in range(2 * BATCH, 3 * BATCH):
        street.measure(10.0, seq)
    street.now += 100.0
    assert [(street.take(), sensing._upto) for _ in range(3)] == [(BATCH, None)] * 2 + [(BATCH, marked)]
    assert street.take() == 1


@pytest.mark.parametrize("hours", [8, -8])
def test_a_clock_that_is_hours_off_is_judged_right_and_told_until_it_is_set(street, hours):
    def measure(value: float, seq: int, off: float) -> None:
        street.now += 60.0
        street.measure(value, seq, t=int((street.now + street.boot_time + off) * 1000))
        street.take()
        street.desk.wait(lambda _: True)

    for seq, value in enumerate([10.0, 70.0, 10.0], 1):
        measure(value, seq, 3600.0 * hours)
    opened, cleared = (one for one in bodies(street.store, Series.ALARM) if one.device == "P01-S1")
    assert (opened.change, cleared.change) == (Change.OPENED, Change.CLEARED)
    assert opened.since == NOON + timedelta(seconds=120)
    assert street.reporter._facts["P01-S1"]["clock_off_s"] == 3600 * hours
    for seq, value in enumerate([10.0, 10.0], 4):
        measure(value, seq, 0.0)
    assert street.reporter._facts["P01-S1"]["clock_off_s"] == 0
