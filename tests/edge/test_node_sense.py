"""The deciding thread for sensors, on a real store: readings, and who is there."""

from __future__ import annotations

import logging
from datetime import timedelta

import pytest

from devices.messages import Change, ConditionState, DeviceStatus, Series
from edge.errors import StoreFull
from edge.keep import NodeStore
from edge.node.judging import LEVEL
from edge.node.sense import BATCH
from tests.edge.points_for_tests import NOON, bodies, disk_full, sensor, threshold
from tests.edge.sense_street import RULES
from tests.edge.sense_street import street as street


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
