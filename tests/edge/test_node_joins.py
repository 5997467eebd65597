"""Rules that join on a node's store: in the transaction of the part, from two threads, over restarts."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from devices.ids import uuid7
from devices.messages import Change, Condition, ConditionState, Measured, Series, Severity
from devices.sensors.client import Delivery
from devices.site.joins import Join
from devices.site.model import Point
from edge.errors import StoreFull
from edge.node.joins import JOIN, Joins
from edge.node.report import Reporter
from edge.node.sense import SenseDesk
from tests.edge.points_for_tests import NOON, bodies, camera, disk_full, open_store, point, sensor, threshold

LANE = {
    "kind": "confirmed", "id": "P01-lane", "event_class": "05-05", "severity": "high",
    "parts": [{"device": "P01-S1", "rule": "high"}, {"device": "P01-C1", "zone": "P01-C1-Z1"}],
}  # fmt: skip


def place(*joins: dict) -> Point:
    made = tuple(Join.model_validate(one) for one in joins)
    sensors = (sensor("P01-S1", threshold()), sensor("P01-S2", threshold()))
    return point(cameras=(camera(),), sensors=sensors).model_copy(update={"joins": made})


def with_alone(*alone: str) -> dict:
    parts = [part | {"alone": one} for part, one in zip(LANE["parts"], alone, strict=True)]
    return LANE | {"parts": parts}


class Part:
    """A condition of one device with its revisions."""

    def __init__(self, device: str = "P01-S1", since: float = 0.0) -> None:
        self.id, self.rev, self.device, self.since = uuid7(), 0, device, since

    def told(self, change: Change, at: float) -> Condition:
        self.rev += 1
        states = {Change.HELD: ConditionState.HELD, Change.CLEARED: ConditionState.CLEARED}
        seen = self.device.endswith("C1")
        return Condition(
            condition_id=self.id, rev=self.rev, change=change, state=states.get(change, ConditionState.OPEN),
            node="n1", point="P01", device=self.device, zone="P01-C1-Z1" if seen else None,
            rule="bikes" if seen else "high", place=self.device, event_class="05-06",
            label="car" if seen else "water_level", score=0.8 if seen else 1.0, severity=Severity.MEDIUM,
            since=NOON + timedelta(seconds=self.since), changed_at=NOON + timedelta(seconds=at),
            measured=None if seen else Measured(quantity="water_level", value=70, unit="cm", limit=50),
        )  # fmt: skip


class Node:
    """A store with its relay; both clocks are moved by hand."""

    def __init__(self, directory: Path, *joins: dict) -> None:
        self.directory, self.joins = directory, joins
        self.mono, self.wall = 1000.0, NOON.timestamp()
        self.looked: list[str] = []
        self.open()

    def open(self, *joins: dict) -> None:
        self.joins = joins or self.joins
        self.store = open_store(self.directory)
        self.relay = Joins(
            "n1", [place(*self.joins)], self.store, uuid7, self.looked.append,
            lambda: self.mono, lambda: self.wall,
        )  # fmt: skip
        self.store.relay = self.relay

    def restart(self, *joins: dict) -> None:
        self.store.close()
        self.mono = 5.0
        self.open(*joins)

    def say(self, part: Part, change: Change, at: float) -> None:
        now = NOON.timestamp() + at
        self.mono, self.wall = self.mono + now - self.wall, now
        with self.store.transaction() as tx:
            tx.queue(part.told(change, at), NOON + timedelta(seconds=at))

    def told(self) -> list[tuple[str, str, int]]:
        return [(one.device, one.change.value, one.rev) for one in bodies(self.store, Series.ALARM)]

    def joined(self) -> list[Condition]:
        return [one for one in bodies(self.store, Series.ALARM) if one.parts]


@pytest.fixture
def node(tmp_path: Path) -> Iterator[Node]:
    node = Node(tmp_path, LANE)
    yield node
    node.store.close()


def test_a_sensor_and_a_camera_become_one_joined_condition_with_evidence_from_each(node):
    parked, seen = Part(), Part("P01-C1", since=2.0)
    node.say(parked, Change.OPENED, 1.0)
    assert node.joined() == []
    node.say(seen, Change.OPENED, 30.0)
    (joined,) = node.joined()
    assert (joined.device, joined.rule, joined.place, joined.event_class) == ("P01-lane",) * 3 + ("05-05",)
    assert (joined.severity, joined.label, joined.score) == (Severity.HIGH, "joined", 0.8)
    assert joined.since == NOON + timedelta(seconds=2)
    assert joined.changed_at == NOON + timedelta(seconds=30)
    assert [(part.condition_id, part.device) for part in joined.parts] == [
        (parked.id, "P01-S1"), (seen.id, "P01-C1"),
    ]  # fmt: skip
    assert joined.parts[0].measured.value == 70
    node.say(parked, Change.CLEARED, 40.0)
    node.say(seen, Change.CLEARED, 50.0)
    assert [one.change for one in node.joined()] == [Change.OPENED, Change.CLEARED]
    assert node.told()[-2:] == [("P01-C1", "cleared", 2), ("P01-lane", "cleared", 2)]


def test_a_restart_in_between_joins_all_the_same_and_tells_nothing_twice(node):
    parked, seen = Part(), Part("P01-C1", since=2.0)
    node.say(parked, Change.OPENED, 1.0)
    node.restart()
    node.say(seen, Change.OPENED, 30.0)
    assert [one.change for one in node.joined()] == [Change.OPENED]
    node.restart()
    node.say(parked, Change.CLEARED, 40.0)
    node.restart()
    node.say(seen, Change.CLEARED, 50.0)
    (opened, cleared) = node.joined()
    assert (cleared.condition_id, cleared.rev, cleared.since) == (opened.condition_id, 2, opened.since)


def test_what_was_over_before_a_restart_still_counts_for_so_long_and_no_longer(tmp_path):
    for gap, joins in ((50.0, 1), (70.0, 0)):
        node = Node(tmp_path / str(gap), LANE)
        beam = Part()
        node.say(beam, Change.OPENED, 0.0)
        node.say(beam, Change.CLEARED, 2.0)
        node.restart()
        node.say(Part("P01-C1", since=2.0 + gap), Change.OPENED, 100.0)
        assert len(node.joined()) == joins
        node.store.close()


def test_a_wall_clock_that_is_set_does_not_tear_parts_apart(node):
    """By the wall's clock the second came an hour after the first was over."""
    parked, seen = Part(), Part("P01-C1", since=3630.0)
    node.say(parked, Change.OPENED, 0.0)
    node.say(parked, Change.CLEARED, 10.0)
    node.wall += 3600.0
    node.say(seen, Change.OPENED, 3640.0)
    assert len(node.joined()) == 1


def test_what_is_undone_is_undone_for_the_join_too(node, monkeypatch):
    """A full disk at the commit: of neither was anything heard, and both are told later, once."""
    node.say(Part(), Change.OPENED, 1.0)
    seen = Part("P01-C1")
    with disk_full(monkeypatch), pytest.raises(StoreFull):
        node.say(seen, Change.OPENED, 2.0)
    assert node.joined() == []
    seen.rev = 0
    node.say(seen, Change.OPENED, 3.0)
    assert [(one.change, one.rev) for one in node.joined()] == [(Change.OPENED, 1)]


def test_two_threads_open_one_join_at_a_time(tmp_path):
    """Each thread opens and clears its part again and again, as fast as it can."""
    node = Node(tmp_path, LANE | {"clear_when": "any", "within": 0})
    rounds = 40

    def work(device: str) -> None:
        for _ in range(rounds):
            part = Part(device)
            for change in (Change.OPENED, Change.CLEARED):
                with node.store.transaction() as tx:
                    tx.queue(part.told(change, 0.0), NOON)

    threads = [threading.Thread(target=work, args=(device,)) for device in ("P01-S1", "P01-C1")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    told = [event.body() for event in node.store.batch(Series.ALARM, limit=500)]
    assert len([one for one in told if not one.parts]) == 4 * rounds
    joined = [one for one in told if one.parts]
    assert joined
    turns = [(one.condition_id, one.rev, one.change) for one in joined]
    pairs = list(zip(turns[::2], turns[1::2], strict=True))
    assert [opened[1:] for opened, _ in pairs] == [(1, Change.OPENED)] * len(pairs)
    assert [cleared for _, cleared in pairs] == [(key, 2, Change.CLEARED) for (key, *_), _ in pairs]
    assert all({part.device for part in one.parts} == {"P01-S1", "P01-C1"} for one in joined)
    node.store.close()


def test_a_silent_part_is_told_when_it_is_joined_and_never_otherwise(tmp_path):
    node = Node(tmp_path, with_alone("silent", "report"))
    alone, parked = Part(), Part(since=500.0)
    node.say(alone, Change.OPENED, 1.0)
    node.say(alone, Change.CLEARED, 2.0)
    assert node.told() == []
    node.say(parked, Change.OPENED, 500.0)
    node.restart()
    node.say(Part("P01-C1", since=500.0), Change.OPENED, 510.0)
    assert node.told() == [("P01-C1", "opened", 1), ("P01-lane", "opened", 1), ("P01-S1", "opened", 1)]
    node.say(parked, Change.CLEARED, 520.0)
    assert node.told()[3:] == [("P01-S1", "cleared", 2)]
    node.store.close()


def test_a_part_in_doubt_is_suspected_until_it_is_joined(tmp_path):
    node = Node(tmp_path, with_alone("suspected", "silent"))
    node.say(Part(), Change.OPENED, 1.0)
    seen = Part("P01-C1")
    node.say(seen, Change.OPENED, 2.0)
    first, second, joined = bodies(node.store, Series.ALARM)
    assert (first.suspected, first.severity) == (True, Severity.LOW)
    assert (second.suspected, second.severity) == (False, Severity.MEDIUM), "joined as it came"
    assert (joined.suspected, joined.severity) == (False, Severity.HIGH)
    node.say(Part("P01-C1", since=900.0), Change.OPENED, 900.0)
    node.store.close()


def test_a_cameras_part_is_never_silent_since_its_photos_would_have_no_condition(tmp_path):
    node = Node(tmp_path, with_alone("report", "silent"))
    node.say(Part("P01-C1"), Change.OPENED, 2.0)
    (told,) = bodies(node.store, Series.ALARM)
    assert told.suspected
    node.store.close()


def test_a_sensor_that_wakes_up_has_the_camera_of_its_join_look(node):
    node.say(Part(), Change.OPENED, 1.0)
    assert node.looked == ["P01-C1"]
    node.say(Part("P01-C1"), Change.OPENED, 2.0)
    assert node.looked == ["P01-C1"]


@pytest.mark.parametrize("after", [{"parts": [{"rule": "high"}, {"rule": "bikes"}]}, None])
def test_a_join_that_the_site_no_longer_has_is_cleared(node, after):
    node.say(Part(), Change.OPENED, 1.0)
    node.say(Part("P01-C1"), Change.OPENED, 2.0)
    node.relay.restock([place(*([] if after is None else [LANE | after]))])
    (opened, cleared) = node.joined()
    assert (cleared.rev, cleared.change, cleared.ended) == (2, Change.CLEARED, "rule_removed")
    assert (cleared.since, cleared.place, cleared.parts) == (opened.since, opened.place, opened.parts)
    assert node.store.states(JOIN) == {}


def test_another_severity_does_not_make_it_another_join(node):
    node.say(Part(), Change.OPENED, 1.0)
    seen = Part("P01-C1")
    node.say(seen, Change.OPENED, 2.0)
    node.relay.restock([place(LANE | {"severity": "low"})])
    node.say(seen, Change.HELD, 3.0)
    assert len(node.joined()) == 1
    assert datetime.fromtimestamp(node.wall, UTC) == NOON + timedelta(seconds=3)


def test_two_sensors_of_which_each_message_came_over_the_broker_are_joined(tmp_path):
    """Through the desk that decides about sensors, with a restart between the two."""
    both = {"kind": "all_of", "id": "P01-flood", "event_class": "05-07", "parts": [
        {"device": "P01-S1", "rule": "high"}, {"device": "P01-S2", "rule": "high"}]}  # fmt: skip
    node = Node(tmp_path, both)

    def hear(sensor_id: str, value: float, seq: int) -> None:
        reporter = Reporter("n1", node.store, lambda: NOON, lambda: None)
        desk = SenseDesk(
            "n1",
            [place(both)],
            node.store,
            reporter,
            uuid7,
            lambda: None,
            lambda: node.mono,
            lambda: node.wall,
        )
        measured = {"n": "water_level", "v": value, "u": "cm"}
        payload = json.dumps({"v": 1, "boot": "b1", "seq": seq, "m": [measured]}).encode()
        at = datetime.fromtimestamp(node.wall, UTC)
        desk.decide([Delivery(f"grid/v1/P01/{sensor_id}/tele", payload, at, False, lambda: None)])

    hear("P01-S1", 70.0, 1)
    node.restart()
    hear("P01-S2", 80.0, 1)
    hear("P01-S2", 80.0, 1)
    (joined,) = node.joined()
    assert [part.measured.value for part in joined.parts] == [70.0, 80.0]
    for sensor_id in ("P01-S1", "P01-S2"):
        hear(sensor_id, 10.0, 2)
    assert [one.change for one in node.joined()] == [Change.OPENED, Change.CLEARED]
    node.store.close()
