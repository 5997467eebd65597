"""The deciding thread for sensors, on a real store."""

from __future__ import annotations

import itertools
import json
import logging
import queue
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import mkdtemp

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from devices.ids import uuid7
from devices.link import Command
from devices.messages import Change, ConditionState, DeviceStatus, Series
from devices.sensors.client import Delivery
from devices.site.model import Sensor
from devices.site.sensor_rules import CountRule, StateRule, StuckRule
from edge.errors import StoreFull
from edge.keep import NodeStore
from edge.link.desk import Done
from edge.node import sense as sense_module
from edge.node import sensing as sensing_module
from edge.node.judging import LEVEL
from edge.node.report import Reporter
from edge.node.sense import BATCH, SenseDesk
from edge.node.sensing import Sensing
from tests.edge.points_for_tests import NOON, bodies, disk_full, open_store, point, sensor, threshold
from tests.edge.test_node_run import SECRETS, site_of

RULES = (threshold(), threshold(id="flood", above=90.0, clear=60.0, hold=30.0, event_class="05-07"))


class Street:
    """A desk over a store that can be opened again; its clock is moved by hand."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.deliveries: queue.Queue[Delivery] = queue.Queue()
        self.acked: list[int] = []
        self.woken = 0
        self.now = 1000.0
        self.boot_time = NOON.timestamp() - self.now
        self._sent = 0
        self.open()

    def open(self, *sensors: Sensor) -> None:
        self.store = open_store(self.directory)
        self.reporter = Reporter("n1", self.store, lambda: NOON, self._wake)
        self.desk = SenseDesk(
            "n1",
            [point(sensors=sensors or (sensor("P01-S1", *RULES, place="pond"), sensor("P01-S2")))],
            self.store,
            self.reporter,
            uuid7,
            self._wake,
            monotonic=lambda: self.now,
            wall=lambda: self.now + self.boot_time,
        )

    def restart(self, down: float, *sensors: Sensor) -> None:
        """The machine is off for `down` seconds; its monotonic clock begins anew; perhaps with others."""
        self.store.close()
        self.boot_time += self.now + down
        self.now = 0.0
        self.open(*sensors)

    def _wake(self) -> None:
        self.woken += 1

    def say(self, topic: str, payload: bytes | dict) -> None:
        number = self._sent
        self._sent += 1
        raw = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
        at = datetime.fromtimestamp(self.now + self.boot_time, UTC)
        self.deliveries.put(Delivery(topic, raw, at, False, lambda: self.acked.append(number)))

    def measure(self, value: float, seq: int, name: str = "P01-S1", boot: str = "b1", **more) -> None:
        measured = [{"n": "water_level", "v": value, "u": "cm"}]
        self.say(f"grid/v1/P01/{name}/tele", {"v": 1, "boot": boot, "seq": seq, "m": measured} | more)

    def presence(self, online: bool, connection: int, name: str = "P01-S1") -> None:
        self.say(f"grid/v1/P01/{name}/state", {"v": 1, "online": online, "boot": "b1", "bd": connection})

    def take(self) -> int:
        return self.desk.take(self.deliveries, timeout=0.0)

    def told(self) -> list[tuple[str, str, int]]:
        return [(one.device, one.change.value, one.rev) for one in bodies(self.store, Series.ALARM)]

    def turns(self) -> list[tuple[str, Change, int]]:
        return [(one.rule, one.change, one.rev) for one in bodies(self.store, Series.ALARM)]

    def health(self) -> list[tuple[str, DeviceStatus]]:
        return [(one.device, one.status) for one in bodies(self.store, Series.HEALTH)]


@pytest.fixture
def street(tmp_path: Path) -> Iterator[Street]:
    street = Street(tmp_path)
    yield street
    street.store.close()


def test_a_value_past_its_limit_is_queued_as_a_condition_and_the_message_acknowledged(street):
    street.measure(70.0, 1)
    assert street.take() == 1
    assert street.acked == [0]
    assert street.woken == 1
    (condition,) = bodies(street.store, Series.ALARM)
    assert (condition.node, condition.point, condition.device, condition.rule) == (
        "n1", "P01", "P01-S1", "high",
    )  # fmt: skip
    assert (condition.place, condition.event_class, condition.label) == ("pond", "05-06", "water_level")
    assert (condition.measured.value, condition.measured.limit, condition.measured.unit) == (70.0, 50.0, "cm")
    assert condition.since == condition.changed_at == NOON
    assert condition.box is None


def test_the_place_is_the_sensor_where_the_site_names_none(street):
    street.measure(70.0, 1, name="P01-S2")
    street.take()
    assert [one.place for one in bodies(street.store, Series.ALARM)] == ["P01-S2"]


def test_a_redelivered_message_changes_nothing_and_is_acknowledged_again(street):
    street.measure(70.0, 1)
    street.measure(10.0, 2)
    street.take()
    before = street.told()
    assert before == [("P01-S1", "opened", 1), ("P01-S1", "cleared", 2)]
    for _ in range(3):
        street.measure(70.0, 1)
    assert street.take() == 3
    assert street.told() == before
    assert street.acked == [0, 1, 2, 3, 4]


def test_a_sensor_that_started_anew_may_count_from_one_again(street):
    street.measure(70.0, 1)
    street.measure(10.0, 1, boot="b2")
    street.take()
    assert [change for _, change, _ in street.told()] == ["opened", "cleared"]


def test_both_rules_of_a_sensor_judge_the_same_reading_and_keep_their_own_holds(street):
    street.measure(95.0, 1)
    street.take()
    street.now += 30.0
    street.measure(95.0, 2)
    street.take()
    first, second = bodies(street.store, Series.ALARM)
    assert (first.rule, second.rule) == ("high", "flood")
    assert first.condition_id != second.condition_id
    assert second.since == NOON
    assert second.changed_at == NOON + timedelta(seconds=30)


def test_a_batch_is_one_transaction_of_at_most_a_hundred(street, monkeypatch):
    began = []
    real = NodeStore.transaction

    def counted(store):
        began.append(None)
        return real(store)

    monkeypatch.setattr(NodeStore, "transaction", counted)
    for seq in range(BATCH + 20):
        street.measure(10.0, seq)
    assert street.take() == BATCH
    assert len(began) == 1
    assert street.take() == 20
    assert len(began) == 2
    assert street.acked == list(range(BATCH + 20))
    assert street.take() == 0


def test_a_full_disk_acknowledges_nothing_and_the_same_is_decided_once_there_is_room(street, monkeypatch):
    street.measure(70.0, 1)
    street.measure(70.0, 1, name="P01-S2")
    with disk_full(monkeypatch):
        for _ in range(2):
            with pytest.raises(StoreFull):
                street.take()
    assert street.acked == []
    assert street.told() == []
    assert street.store.states(LEVEL) == {}
    street.measure(10.0, 2)
    # The broker sends nothing twice on one connection: it must be the desk that still has them.
    assert street.take() == 3
    assert street.acked == [0, 1, 2]
    assert street.told() == [("P01-S1", "opened", 1), ("P01-S2", "opened", 1), ("P01-S1", "cleared", 2)]


def test_a_condition_is_logged_once_it_is_kept_and_not_before(street, monkeypatch, caplog):
    caplog.set_level(logging.INFO, "edge.node.judging")
    street.measure(70.0, 1)
    with disk_full(monkeypatch), pytest.raises(StoreFull):
        street.take()
    assert caplog.records == []
    street.take()
    assert [record.getMessage() for record in caplog.records] == ["P01-S1 high opened: 70 cm"]


def test_what_cannot_be_decoded_is_counted_logged_once_and_acknowledged_while_its_neighbours_go_on(
    street, caplog
):
    with caplog.at_level(logging.WARNING, "edge.node.sense"):
        street.measure(70.0, 1)
        for _ in range(3):
            street.say("grid/v1/P01/P01-S1/tele", b"\xff\x00")
        street.say("grid/v1/P01/P99-S9/tele", b"{}")
        street.say("somebody/elses/topic\nwith a line break", b"{}")
        street.measure(10.0, 2)
        assert street.take() == 7
    assert len(street.acked) == 7
    assert [change for _, change, _ in street.told()] == ["opened", "cleared"]
    assert sorted(street.desk.refused.reasons.values()) == [1, 1, 3]
    lines = [record.getMessage() for record in caplog.records]
    assert len(lines) == 3
    assert not any("\n" in line for line in lines)


def test_a_refused_message_is_counted_once_though_the_store_failed_meanwhile(street, monkeypatch):
    street.say("grid/v1/P01/P01-S1/tele", b"\xff")
    with disk_full(monkeypatch), pytest.raises(StoreFull):
        street.take()
    assert street.desk.refused.reasons.total() == 0
    street.take()
    assert street.desk.refused.reasons.total() == 1


def test_readings_of_a_self_test_or_a_broken_probe_open_nothing(street):
    street.measure(90.0, 1, flags=["selftest"])
    street.measure(90.0, 2, flags=["fault"])
    street.take()
    assert street.told() == []


def test_birth_messages_and_other_quantities_are_nobodys_business(street):
    street.say("grid/v1/P01/P01-S1/birth", {"v": 1})
    street.say(
        "grid/v1/P01/P01-S1/tele",
        {"v": 1, "boot": "b", "seq": 1, "m": [{"n": "humidity", "v": 3, "u": "%RH"}]},
    )
    assert street.take() == 2
    assert street.told() == []


def test_after_a_restart_the_open_case_goes_on_and_is_neither_raised_again_nor_forgotten(street):
    street.measure(70.0, 1)
    street.take()
    (opened,) = bodies(street.store, Series.ALARM)
    street.restart(down=3600.0)
    street.measure(70.0, 1)  # redelivered: the machine died before the acknowledgement
    street.measure(80.0, 2)
    street.take()
    assert len(bodies(street.store, Series.ALARM)) == 1
    street.measure(10.0, 3)
    street.take()
    _, cleared = bodies(street.store, Series.ALARM)
    assert (cleared.condition_id, cleared.rev, cleared.change) == (opened.condition_id, 2, Change.CLEARED)
    assert cleared.since == opened.since


@pytest.mark.parametrize(
    "left",
    [
        (sensor("P01-S1", RULES[1], place="pond"),),
        (),
        (sensor("P01-S1", threshold(quantity="tilt"), RULES[1]),),
    ],
    ids=["rule", "sensor", "quantity"],
)
def test_a_sensors_rule_that_left_the_site_is_cleared_with_the_reason_when_the_node_starts(street, left):
    street.measure(70.0, 1)
    street.measure(70.0, 1, name="P01-S2")
    street.take()
    opened = bodies(street.store, Series.ALARM)[0]
    street.restart(60.0, *left, sensor("P01-S2"))
    cleared = bodies(street.store, Series.ALARM)[2:]
    assert [one.condition_id for one in cleared] == [opened.condition_id]
    assert (cleared[0].rev, cleared[0].change) == (opened.rev + 1, Change.CLEARED)
    assert (cleared[0].state, cleared[0].ended) == (ConditionState.CLEARED, "rule_removed")
    kept = {"rev", "change", "state", "changed_at", "ended", "since"}
    assert cleared[0].model_dump(exclude=kept) == opened.model_dump(exclude=kept)
    assert abs((cleared[0].since - opened.since).total_seconds()) < 0.01
    assert "P01-S2|high" in street.store.states(LEVEL)
    assert "P01-S1|high" not in street.store.states(LEVEL)
    street.restart(60.0, *left, sensor("P01-S2"))
    assert len(bodies(street.store, Series.ALARM)) == 3


def test_a_hold_that_runs_goes_on_over_a_restart(street):
    street.measure(95.0, 1)
    street.take()
    street.restart(down=29.0)
    street.measure(95.0, 2)
    street.take()
    assert [one.rule for one in bodies(street.store, Series.ALARM)] == ["high"]
    street.now += 1.0
    street.measure(95.0, 3)
    street.take()
    assert [one.rule for one in bodies(street.store, Series.ALARM)] == ["high", "flood"]


def test_the_next_case_names_the_one_before_also_over_a_restart(street):
    street.measure(70.0, 1)
    street.measure(10.0, 2)
    street.take()
    street.restart(down=60.0)
    street.measure(70.0, 3)
    street.take()
    first, _, second = bodies(street.store, Series.ALARM)
    assert second.condition_id != first.condition_id
    assert second.reopens == first.condition_id


def test_presence_becomes_health_when_it_changes(street):
    street.presence(True, 1)
    street.presence(True, 2, name="P01-S2")
    street.presence(True, 1)
    street.take()
    assert street.health() == [("P01-S1", DeviceStatus.UP), ("P01-S2", DeviceStatus.UP)]
    street.presence(False, 1)
    street.take()
    assert street.health()[2:] == [("P01-S1", DeviceStatus.UNREACHABLE)]


def test_a_late_will_of_an_earlier_connection_does_not_end_a_newer_one(street):
    street.presence(True, 2)
    street.presence(False, 1)
    street.take()
    assert street.health() == [("P01-S1", DeviceStatus.UP)]


def test_presence_is_told_only_once_the_readings_beside_it_are_kept(street, monkeypatch):
    street.presence(True, 1)
    street.measure(70.0, 1)
    with disk_full(monkeypatch), pytest.raises(StoreFull):
        street.take()
    assert street.health() == []
    street.take()
    assert street.health() == [("P01-S1", DeviceStatus.UP)]
    assert len(street.told()) == 1


HELD = threshold(hold=5.0, clear_hold=5.0)


@pytest.mark.parametrize("killed", [False, True])
def test_what_came_and_went_while_the_node_was_away_is_told_apart_although_it_arrives_at_once(street, killed):
    ahead = 7.0  # the device's clock, which nobody set
    began = street.now + street.boot_time
    street.restart(0.0, sensor("P01-S1", HELD))
    for seq, (second, value) in enumerate([(0, 70.0), (6, 70.0)]):
        street.now = second
        street.measure(value, seq, t=round((began + second + ahead) * 1000))
        street.take()
    if killed:
        street.restart(94.0, sensor("P01-S1", HELD))
    else:
        street.now = 100.0
    missed = [(20, 10.0), (26, 10.0), (40, 70.0), (46, 70.0), (60, 10.0), (66, 10.0), (80, 70.0), (86, 70.0)]
    for seq, (second, value) in enumerate(missed, start=2):
        street.measure(value, seq, t=round((began + second + ahead) * 1000))
    street.take()
    told = bodies(street.store, Series.ALARM)
    assert [one.change.value for one in told] == ["opened", "cleared", "opened", "cleared", "opened"]
    seconds = [round(one.changed_at.timestamp() - began) for one in told]
    assert seconds == [6, 26, 46, 66, 86]
    assert [round(one.since.timestamp() - began) for one in told] == [0, 0, 40, 40, 80]


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
